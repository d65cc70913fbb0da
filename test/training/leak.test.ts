/**
 * 2,000 steps hold as much memory as 200: on the device, and in JavaScript's heap. A runtime that was closed, or lost, is
 * held by nobody.
 */
import v8 from "node:v8";
import vm from "node:vm";
import { describe, expect, it } from "vitest";
import { init, losses, nn, optim, Trainer } from "../../src/index.ts";
import { memory } from "../../src/io/index.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { FitOptions, TrainingBatch } from "../../src/train/index.ts";
import { openSharedWebgpu } from "../support/shared-gpu.ts";
import { devices, use } from "./open.ts";

v8.setFlagsFromString("--expose-gc");
const collect = vm.runInNewContext("gc") as () => void;

/** Memory that nobody can reach is noticed a few tasks after a collection. */
async function settled() {
  for (let i = 0; i < 5; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function heldNow(runtime: Runtime) {
  await settled();
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
  return { trainer: new Trainer(model, { ...options, optimizer }), optimizer, batch };
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
  { trainer, batch }: Pick<ReturnType<typeof cnn>, "trainer" | "batch">,
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

describe("a runtime that was trained on is let go with everything that lay on it", () => {
  /** Each with another seed: what `init` keeps by its options must not stay either. */
  const opened = {
    cpu: async (seed: number) => init({ device: "cpu", threads: 1, seed }),
    webgpu: async (seed: number) =>
      init({ device: (await openSharedWebgpu()).gpuDevice as never, seed }),
  };
  /** The last of them may be held by what the engine keeps of a function that has returned. */
  const CYCLES = 6;

  const alive = (all: readonly WeakRef<object>[]) =>
    all.filter((one) => one.deref() !== undefined).length;

  it.each(Object.entries(opened))("when %s is closed at once behind a fit", async (_, open) => {
    const all: WeakRef<object>[] = [];
    const cycle = async (seed: number) => {
      const { runtime } = await open(seed);
      const setup = cnn();
      await train(setup, 4);
      setup.trainer.dispose();
      await runtime.close();
      all.push(new WeakRef(runtime), new WeakRef(setup.trainer.model.parameters()[0] ?? {}));
    };
    for (let seed = 0; seed < CYCLES; seed++) await cycle(seed);
    await settled();
    expect(alive(all)).toBeLessThanOrEqual(2);
  });

  it("when it is closed under a model and a Trainer that are disposed of by nobody", async () => {
    const all: WeakRef<object>[] = [];
    const cycle = async (seed: number) => {
      const { runtime } = await opened.cpu(seed);
      const setup = cnn();
      await train(setup, 4);
      await runtime.snapshot(setup.trainer.model.parameters());
      // An assignment that is still pending.
      const [weight] = setup.trainer.model.parameters();
      weight?.assign(weight);
      await runtime.close();
      all.push(new WeakRef(runtime), new WeakRef(setup.trainer));
    };
    for (let seed = 0; seed < CYCLES; seed++) await cycle(seed);
    await settled();
    expect(alive(all)).toBeLessThanOrEqual(2);
  });

  it("when its device was lost and another one has taken over", async () => {
    const { runtime } = await opened.cpu(0);
    const setup = cnn();
    await train(setup, 4);
    await runtime.snapshot([
      ...[...setup.trainer.model.parameters(), ...setup.trainer.model.buffers()],
      ...setup.optimizer.state().values(),
    ]);
    const all: WeakRef<object>[] = [];
    const lose = async () => {
      const { latest } = runtime.lineage;
      all.push(new WeakRef(latest.device));
      // What a worker that ends does.
      (latest.device as unknown as { lose(reason: string): void }).lose("a test");
      await latest.device.lost;
      const next = await runtime.recover();
      next.lineage.noteProgress();
      // What was kept goes on there, with plans of its own.
      await train(setup, 2);
    };
    for (let i = 0; i < CYCLES; i++) await lose();
    await settled();
    // The first runtime is held by this test, the latest is open, and one may be as above.
    expect(alive(all)).toBeLessThanOrEqual(2);
    await runtime.close();
  });
});
