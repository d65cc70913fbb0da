/** 2,000 steps hold as much memory as 200: on the device, and in JavaScript's heap. */
import v8 from "node:v8";
import vm from "node:vm";
import { describe, expect, it } from "vitest";
import { losses, nn, optim, Trainer } from "../../src/index.ts";
import { memory } from "../../src/io/index.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { FitOptions, TrainingBatch } from "../../src/train/index.ts";
import { devices, use } from "./open.ts";

v8.setFlagsFromString("--expose-gc");
const collect = vm.runInNewContext("gc") as () => void;

/** Memory that nobody can reach is noticed a few tasks after a collection. */
async function heldNow(runtime: Runtime) {
  for (let i = 0; i < 5; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { ...runtime.memory(), heap: process.memoryUsage().heapUsed };
}

const options = { loss: losses.crossEntropy, optimizer: optim.adam };

function cnn() {
  const model = nn.sequential(
    ...[nn.conv2d(1, 2, 3), nn.relu(), nn.maxPool2d(2)],
    ...[nn.dropout(0.2), nn.flatten(), nn.linear(8, 3)],
  );
  const optimizer = optim.adam({ learningRate: 1e-3, clipNorm: 1 });
  const batch = (n: number): TrainingBatch => ({
    x: { data: new Float32Array(72).fill(n % 7), shape: [2, 6, 6, 1], dtype: "f32" },
    y: { data: Int32Array.of(n % 3, 1), shape: [2], dtype: "i32" },
  });
  return { trainer: new Trainer(model, { ...options, optimizer }), batch };
}

function lstm() {
  const model = nn.sequential(nn.embedding(5, 4), nn.lstm(4, 4), nn.linear(4, 5));
  const optimizer = optim.sgd({ learningRate: 1e-2, momentum: 0.9, clipNorm: 1 });
  const ids = (n: number) => Int32Array.from({ length: 6 }, (_, i) => (n + i * i) % 5);
  const batch = (n: number): TrainingBatch => ({
    x: { data: ids(n), shape: [3, 2], dtype: "i32" },
    y: { data: ids(n + 1), shape: [3, 2], dtype: "i32" },
    start: n % 50 === 1,
  });
  return { trainer: new Trainer(model, { ...options, optimizer, window: 3 }), batch };
}

async function train(
  { trainer, batch }: ReturnType<typeof cnn>,
  steps: number,
  options: FitOptions = {},
): Promise<void> {
  function* data() {
    for (let n = 1; n <= steps; n++) yield batch(n);
  }
  let last = Number.NaN;
  for await (const { loss } of trainer.fit(data, { batchSize: 2, ...options })) last = loss;
  expect(Number.isFinite(last)).toBe(true);
}

const forms = [
  ["cpu, two threads", "cnn", cnn],
  ["cpu, two threads", "lstm", lstm],
  ["webgpu", "cnn", cnn],
  ["webgpu", "lstm", lstm],
] as const;

describe("2,000 training steps grow nothing", () => {
  it.each(forms)("on %s, for the %s", async (name, _, make) => {
    const runtime = use(await devices[name]());
    const setup = make();
    await train(setup, 500);
    const before = await heldNow(runtime);
    await train(setup, 1500);
    const after = await heldNow(runtime);
    expect({ bytes: after.bytes, buffers: after.buffers }).toEqual({
      bytes: before.bytes,
      buffers: before.buffers,
    });
    // Compiled code and caches of the engine come and go; a step that kept 500 bytes would show.
    expect(after.heap - before.heap).toBeLessThan(1500 * 500);
    await runtime.close();
  });

  it("on cpu, two threads, with a checkpoint every 20 steps", async () => {
    const runtime = use(await devices["cpu, two threads"]());
    const setup = cnn();
    const checkpoint = { to: memory(), everySteps: 20, keep: 2 };
    await train(setup, 500, { checkpoint });
    const before = await heldNow(runtime);
    await train(setup, 1500, { checkpoint });
    const after = await heldNow(runtime);
    expect([after.bytes, after.buffers]).toEqual([before.bytes, before.buffers]);
    expect(after.heap - before.heap).toBeLessThan(1500 * 500);
    expect((await checkpoint.to.names()).length).toBe(2);
    await runtime.close();
  });
});
