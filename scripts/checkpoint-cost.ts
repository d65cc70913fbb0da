/**
 * `npx tsx --conditions=gradgpu-source scripts/checkpoint-cost.ts`: what a checkpoint costs beside a training, in pairs of
 * stretches with one and without, and what is held after thousands of steps with checkpoints.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import v8 from "node:v8";
import vm from "node:vm";
import { data, init, losses, nn, optim, Trainer } from "../src/index.ts";

v8.setFlagsFromString("--expose-gc");
const collect = vm.runInNewContext("gc") as () => void;
const { runtime } = await init({ device: "cpu" });
const folder = mkdtempSync(join(tmpdir(), "gradgpu-cost-"));

const examples = data.dataset({
  x: { data: Float32Array.from({ length: 640 * 784 }, (_, i) => Math.sin(i)), shape: [640, 784] },
  y: Int32Array.from({ length: 640 }, (_, i) => i % 10),
});
const trainerOf = (width: number) =>
  new Trainer(nn.sequential(nn.linear(784, width), nn.relu(), nn.linear(width, 10)), {
    loss: losses.crossEntropy,
    optimizer: optim.adam({ learningRate: 1e-3 }),
  });

/** Processor time of a stretch of 100 steps, all threads. */
async function stretch(trainer: Trainer, to: string | undefined): Promise<number> {
  const before = process.cpuUsage();
  await trainer.fit(examples, {
    epochs: 10,
    batchSize: 64,
    ...(to !== undefined && { checkpoint: { to, everySeconds: 1e6 } }),
  });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const median = (of: number[]) => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0;

const trainer = trainerOf(512);
for (let i = 0; i < 3; i++) await stretch(trainer, folder);
const differences: number[] = [];
const plain: number[] = [];
for (let i = 0; i < 15; i++) {
  const without = await stretch(trainer, undefined);
  plain.push(without);
  differences.push((await stretch(trainer, folder)) - without);
}
const cost = median(differences);
console.log(
  `406,528 parameters with Adam, a state of 4.9 MB: 100 steps ${median(plain).toFixed(0)} ms, a checkpoint ${cost.toFixed(1)} ms of processor time; every 30 s that is ${((100 * cost) / 30_000).toFixed(2)} %.`,
);

const small = trainerOf(16);
const to = join(folder, "small");
for (const thousands of [1, 10]) {
  await small.fit(examples, {
    epochs: 100 * thousands,
    batchSize: 64,
    checkpoint: { to, everySteps: 50 },
  });
  for (let i = 0; i < 5; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  const { bytes, buffers } = runtime.memory();
  const heap = (process.memoryUsage().heapUsed / 2 ** 20).toFixed(2);
  console.log(`step ${small.step}: heap ${heap} MiB, device ${bytes} bytes in ${buffers} buffers`);
}
rmSync(folder, { recursive: true });
await runtime.close();
