/** Runtimes beside each other, and after each other: what was made on one goes on working there. */
import { afterEach, describe, expect, it } from "vitest";
import { CpuDevice } from "../../src/devices/cpu/device.ts";
import { DeviceLostError, DisposedError, GradgpuError } from "../../src/errors.ts";
import {
  add,
  compile,
  exp,
  init,
  matmul,
  mul,
  ones,
  sum,
  type Tensor,
  tensor,
  variable,
} from "../../src/functions.ts";
import { data, losses, nn, optim, type Runtime, Trainer } from "../../src/index.ts";

const open: Runtime[] = [];
const start = async (options: Parameters<typeof init>[0]) => {
  const { runtime } = await init(options);
  open.push(runtime);
  return runtime;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((runtime) => runtime.close()));
});

const cpu = { device: "cpu", threads: 1 } as const;
const numbers = async (x: Tensor) => [...(await x.data())];

describe("init with the same options", () => {
  it("answers with the runtime that is open, also where calls overlap and defaults are spelt out", async () => {
    const [first, second] = await Promise.all([start(cpu), start({ ...cpu, seed: 0 })]);
    const w = variable([1, 2]);
    expect(second).toBe(first);
    expect(await start({ ...cpu, memoryBudget: Number.POSITIVE_INFINITY })).toBe(first);
    expect(await numbers(add(w, 1))).toEqual([2, 3]);
  });

  it("draws the same random numbers and initial weights after every call", async () => {
    const draw = async () => {
      await start({ ...cpu, seed: 3 });
      return (await nn.linear(2, 2).stateDict()).weight?.data;
    };
    expect(await draw()).toEqual(await draw());
  });

  it("opens a new one where the last was closed or lost", async () => {
    const first = await start(cpu);
    await first.close();
    const second = await start(cpu);
    expect(second).not.toBe(first);
    if (second.device instanceof CpuDevice) second.device.lose("a test");
    await second.device.lost;
    const third = await start(cpu);
    expect(third).not.toBe(second);
    expect(await numbers(exp(tensor([0])))).toEqual([1]);
  });
});

describe("a second runtime", () => {
  it("leaves models, tensors and steps of the first where they are", async () => {
    const first = await start(cpu);
    const model = nn.linear(2, 1, { seed: 1 });
    const held = mul(ones([2]), 3);
    const step = compile((x) => sum(matmul(x as Tensor, ones([2, 2]))));
    await Promise.all([held.data(), model(ones([1, 2])).data(), step(ones([1, 2]))]);
    const second = await start({ ...cpu, seed: 7 });
    expect(second).not.toBe(first);
    // What lies on the host only goes where its partners are.
    const x = tensor([[1, 1]]);
    expect((await model(x).data()).length).toBe(1);
    expect(await numbers(add(held, 1))).toEqual([4, 4]);
    expect(await (await step(ones([1, 2]))).item()).toBe(4);
    held.dispose();
    const before = second.memory().bytes;
    await nn
      .linear(
        100,
        100,
      )(ones([1, 100]))
      .data();
    expect(second.memory().bytes).toBeGreaterThan(before + 40_000);
  });

  it("cannot be mixed with the first, and the error says what to do", async () => {
    await start(cpu);
    const a = exp(tensor([0]));
    await a.data();
    await start({ ...cpu, seed: 7 });
    const b = exp(tensor([0]));
    await b.data();
    await expect(add(a, b).data()).rejects.toThrow(/two runtimes.*moveTo/);
    await expect(add(a, b).data()).rejects.toBeInstanceOf(GradgpuError);
    expect([...(await numbers(a)), ...(await numbers(b))]).toEqual([1, 1]);
  });

  it("that is closed says so to its own tensors only, and the first is current again", async () => {
    await start(cpu);
    const a = exp(tensor([0]));
    await a.data();
    const second = await start({ ...cpu, seed: 7 });
    const [b, model] = [exp(tensor([0])), nn.linear(1, 1, { seed: 1 })];
    await Promise.all([b.data(), model(ones([1, 1])).data()]);
    const saved = await model.stateDict();
    await second.close();
    await expect(b.data()).rejects.toThrow(DisposedError);
    await expect(model(ones([1, 1])).data()).rejects.toThrow(/loadStateDict/);
    expect(await numbers(a)).toEqual([1]);
    expect(await numbers(exp(tensor([0])))).toEqual([1]);
    model.loadStateDict(saved);
    expect((await model(ones([1, 1])).data()).length).toBe(1);
  });

  it("takes a model that is moved to it", async () => {
    const first = await start(cpu);
    const model = nn.linear(3, 2, { seed: 1 });
    const x = ones([1, 3]);
    const before = await numbers(model(x));
    const second = await start({ ...cpu, seed: 7 });
    await model.moveTo(second);
    expect(await numbers(model(ones([1, 3])))).toEqual(before);
    await first.close();
    expect(await numbers(model(ones([1, 3])))).toEqual(before);
    await expect(model.moveTo(first)).rejects.toThrow(GradgpuError);
  });
});

describe("a Trainer that is moved", () => {
  it("goes on as if it had stayed, windows, optimizer and all", async () => {
    const ids = Int32Array.from({ length: 60 }, (_, i) => (i * i) % 5);
    const run = async (isMoved: boolean) => {
      const first = await start({ ...cpu, seed: 5 });
      const model = nn.sequential(nn.embedding(5, 4), nn.lstm(4, 4), nn.linear(4, 5));
      const optimizer = optim.adam({ learningRate: 0.05, clipNorm: 1 });
      const options = { loss: losses.crossEntropy, optimizer, window: { every: 3, back: 6 } };
      const trainer = new Trainer(model, options);
      await trainer.fit(ids, { batchSize: 2 });
      await trainer.evaluate(ids, { batchSize: 2 });
      if (isMoved) {
        const second = await start({ ...cpu, seed: 6 });
        await trainer.moveTo(second);
        await first.close();
      }
      await trainer.fit(ids, { batchSize: 2 });
      const scores = await trainer.evaluate(ids, { batchSize: 2 });
      const end = await model.stateDict();
      await Promise.all(open.splice(0).map((one) => one.close()));
      return { scores, end };
    };
    expect(await run(true)).toEqual(await run(false));
  });
});

describe("after a device was lost", () => {
  it("the same Trainer trains on with the bits that it would have had", async () => {
    const points = data.dataset({
      x: {
        data: Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)),
        shape: [32, 2],
        dtype: "f32",
      },
      y: { data: Int32Array.from({ length: 32 }, (_, i) => i % 2), shape: [32], dtype: "i32" },
    });
    const run = async (isLost: boolean) => {
      const runtime = await start({ ...cpu, seed: 5 });
      const model = nn.sequential(nn.linear(2, 8), nn.dropout(0.2), nn.linear(8, 2));
      const optimizer = optim.adam({ learningRate: 0.05, clipNorm: 1 });
      const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer, recovery: false });
      const epoch = async () => {
        for await (const _ of trainer.fit(points, { batchSize: 8, shuffle: false }));
      };
      await epoch();
      const saved = await trainer.state();
      if (isLost && runtime.device instanceof CpuDevice) {
        runtime.device.lose("a test");
        await expect(epoch()).rejects.toThrow(DeviceLostError);
        await start({ ...cpu, seed: 5 });
        trainer.loadState(saved);
      }
      await epoch();
      const end = await model.stateDict();
      await Promise.all(open.splice(0).map((one) => one.close()));
      return end;
    };
    expect(await run(true)).toEqual(await run(false));
  });
});
