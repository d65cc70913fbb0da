/**
 * `npm run faults:devices`: devices that are taken away from trainings at random moments. Every training must come to the
 * bits of the one that nobody disturbed, and nothing may be left behind.
 */
import { WebgpuDevice } from "../src/devices/webgpu/index.ts";
import { init } from "../src/functions.ts";
import { losses, nn, optim, Trainer } from "../src/index.ts";
import type { Runtime } from "../src/runtime/runtime.ts";
import { command, deviceNamed, refuse } from "./command.ts";

const USAGE = `npm run faults:devices -- [webgpu|cpu] [losses]
  webgpu is destroyed, of the cpu a worker is ended (webgpu)
  losses of all trainings together (100)`;

const [name = "webgpu", countText = "100"] = command(USAGE, {}, 2).positionals;
const device = deviceNamed(USAGE, name);
const wanted = Number(countText);
if (!(wanted >= 1)) refuse(USAGE, `there must be a number of losses; got ${countText}`);

/** Losses of one training. */
const EACH = 5;
const STEPS = 60;

const threads = process.getBuiltinModule("node:worker_threads");
const { Worker: Thread } = threads;
const workers: InstanceType<typeof Thread>[] = [];
threads.Worker = class extends Thread {
  constructor(...args: ConstructorParameters<typeof Thread>) {
    super(...args);
    workers.push(this);
  }
};

async function take({ lineage: { latest } }: Runtime): Promise<void> {
  if (latest.device instanceof WebgpuDevice) latest.device.gpuDevice.destroy();
  // The two of the device that was opened last. A thread may live for some steps yet.
  else await workers.at(-1 - Math.floor(Math.random() * 2))?.terminate();
}

const x = Array.from({ length: 64 }, (_, i) => [Math.sin(i), Math.cos(3 * i), (i % 7) / 7]);
const y = x.map((_, i) => i % 3);

/** At a random moment within so many steps behind each `every`-th one. */
async function train(isDisturbed: boolean) {
  const { runtime } = await init({ device, threads: 2, seed: 7 });
  const model = nn.sequential(
    nn.linear(3, 16),
    nn.batchNorm1d(16),
    nn.dropout(0.2),
    nn.linear(16, 3),
  );
  const optimizer = optim.adam({ learningRate: 0.01, clipNorm: 1 });
  const trainer = new Trainer(model, {
    loss: losses.crossEntropy,
    optimizer,
    recovery: { everySteps: 6 },
  });
  let taken = 0;
  let coming: Promise<void> | undefined;
  let repeated = 0;
  const pauses: number[] = [];
  const every = Math.floor(STEPS / (EACH + 1));
  const history = await trainer.fit(
    { x, y },
    {
      batchSize: 8,
      epochs: Math.ceil((STEPS * 8) / x.length),
      onStep: async ({ step }) => {
        if (isDisturbed && step % every === 0 && taken < EACH) {
          taken++;
          // Steps of a training this small take a millisecond or two: now, or while one of the next is under way.
          coming = new Promise<void>((resolve) => {
            setTimeout(resolve, Math.random() * 8);
          }).then(() => take(runtime));
        }
        // Not behind the end of the training.
        if (step % every > 2) await coming;
      },
      onDeviceLost: ({ elapsedMs, step, from }) => {
        pauses.push(elapsedMs);
        repeated = Math.max(repeated, step - from);
      },
    },
  );
  const end = await model.stateDict();
  const devices = new Set(history.deviceChanges.map(({ to }) => to));
  trainer.dispose();
  await runtime.close();
  return {
    end: JSON.stringify(end),
    losses: history.deviceChanges.length,
    pauses,
    repeated,
    devices,
  };
}

const heap = () => {
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

const { end } = await train(false);
let seen = 0;
let wrong = 0;
let repeated = 0;
const pauses: number[] = [];
const others = new Set<string>();
let first = 0;
for (let run = 0; seen < wanted; run++) {
  const made = await train(true);
  seen += made.losses;
  if (made.end !== end) wrong++;
  repeated = Math.max(repeated, made.repeated);
  pauses.push(...made.pauses);
  for (const one of made.devices) others.add(one);
  await new Promise((resolve) => setTimeout(resolve, 50));
  if (run === 1) first = heap();
}
const sorted = pauses.toSorted((a, b) => a - b);
console.log(
  `${device}: ${seen} losses, ${wrong} trainings with other bits, on ${[...others].join(", ")} afterwards. ` +
    `Pauses: median ${sorted[sorted.length >> 1]?.toFixed(0)} ms, longest ${sorted.at(-1)?.toFixed(0)} ms; ` +
    `at most ${repeated} steps taken again. ` +
    `Heap ${first.toFixed(1)} MiB after two trainings, ${heap().toFixed(1)} MiB at the end.`,
);
process.exitCode = wrong === 0 ? 0 : 1;
