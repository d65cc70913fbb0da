/** Trainers on real devices: smaller last batches, epochs over a saved state, plans that are given back, losses. */
import { describe, expect, it } from "vitest";
import { CpuDevice } from "../../src/devices/cpu/device.ts";
import { WebgpuDevice } from "../../src/devices/webgpu/index.ts";
import { DeviceLostError } from "../../src/errors.ts";
import { init, tensor } from "../../src/functions.ts";
import { data, losses, nn, optim, Trainer } from "../../src/index.ts";
import { currentRuntime } from "../../src/runtime/current.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";

/** After a fault every promise settles: in milliseconds, and within this on a machine that is busy. */
const LIMIT_MS = 20_000;

const examples = data.dataset({
  x: { data: Float32Array.from({ length: 26 }, (_, i) => Math.sin(i * i)), shape: [13, 2] },
  y: Int32Array.from({ length: 13 }, (_, i) => i % 2),
});

/** Dropout is at work, so that the random numbers must go on as well. */
function make(recovery?: false) {
  const model = nn.sequential(
    nn.linear(2, 6, { seed: 1 }),
    nn.dropout(0.3),
    nn.linear(6, 2, { seed: 2 }),
  );
  const optimizer = optim.adam({ learningRate: 0.05 });
  const options = recovery === false ? { recovery } : {};
  return new Trainer(model, { loss: losses.crossEntropy, optimizer, ...options });
}

const batchSize = 5;

/** As a crash of the GPU process, or of a worker, would. */
function crash({ device }: Runtime): void {
  if (device instanceof WebgpuDevice) device.gpuDevice.destroy();
  else if (device instanceof CpuDevice) device.lose("a worker crashed");
  else throw new Error("this device cannot be crashed");
}

describe.each(["cpu", "webgpu"] as const)("on %s", (device) => {
  it("a last batch that is smaller has the mean loss of the examples that there are", async () => {
    const { runtime } = await init({ device, threads: 2, seed: 3 });
    const model = nn.linear(2, 2, { seed: 1 });
    const optimizer = optim.sgd({ learningRate: 0 });
    const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer });
    const seen: number[] = [];
    for await (const { loss } of trainer.fit(examples, { batchSize, shuffle: false })) {
      seen.push(loss);
    }
    const [x, y] = [examples.x.data as Float32Array, examples.y.data as Int32Array];
    const rest = losses.crossEntropy(model(tensor(x.slice(20), [3, 2])), tensor(y.slice(10)));
    expect(seen.length).toBe(3);
    expect(seen[2]).toBeCloseTo(await rest.item(), 6);
    await runtime.close();
  });

  it("3 epochs and 2 with a saved state between are the same bits as 5", async () => {
    const { runtime } = await init({ device, threads: 2, seed: 3 });
    const whole = make();
    const fresh = await whole.state();
    await whole.fit(examples, { epochs: 5, batchSize });
    const first = make();
    first.loadState(fresh);
    await first.fit(examples, { epochs: 3, batchSize });
    const second = make();
    second.loadState(structuredClone(await first.state()));
    await second.fit(examples, { epochs: 2, batchSize });
    expect(await second.state()).toEqual(await whole.state());
    await runtime.close();
  });

  it("twenty Trainers that are disposed of hold as much as one", async () => {
    const { runtime } = await init({ device, threads: 2, seed: 3 });
    const retrain = async () => {
      using trainer = make();
      await trainer.fit(examples, { batchSize, validation: examples });
      await trainer.predict([[1, 2]]);
      for (const held of trainer.model.parameters()) held.dispose();
    };
    const heldNow = async () => {
      // What is disposed of is given back in its turn.
      await tensor([1]).data();
      await runtime.device.synchronise();
      return runtime.memory();
    };
    await retrain();
    const one = await heldNow();
    for (let i = 0; i < 20; i++) await retrain();
    const all = await heldNow();
    // What is left of each is its optimizer's state, a few hundred bytes until it is collected.
    expect(all.bytes - one.bytes).toBeLessThan(20 * 4096);
    await runtime.close();
  });

  it("a device that is lost while data is waited for ends a fit without recovery, and its Trainer trains on", async () => {
    const { runtime } = await init({ device, threads: 2, seed: 3 });
    const trainer = make(false);
    await trainer.fit(examples, { batchSize });
    const saved = await trainer.state();
    const fit = trainer.fit(async function* () {
      yield { x: [[1, 2]], y: [0] };
      await new Promise(() => {});
    });
    const failed = fit.then(
      () => undefined,
      (error: unknown) => error,
    );
    await new Promise((resolve) => setTimeout(resolve, 500));
    const startMs = performance.now();
    crash(runtime);
    expect(await failed).toBeInstanceOf(DeviceLostError);
    expect(performance.now() - startMs).toBeLessThan(LIMIT_MS);
    await runtime.close();

    const next = await init({ device, threads: 2, seed: 3 });
    trainer.loadState(saved);
    const { epochs } = await trainer.fit(examples, { epochs: 2, batchSize, validation: examples });
    expect(epochs.map(({ epoch, step }) => [epoch, step])).toEqual([
      [2, 6],
      [3, 9],
    ]);
    await next.runtime.close();
  });

  it("a fit whose device is lost while data is waited for goes on when it arrives", async () => {
    const { runtime } = await init({ device, threads: 2, seed: 3 });
    let arrive = (_: unknown) => {};
    const waiting = new Promise((resolve) => {
      arrive = resolve;
    });
    const fit = make().fit(async function* () {
      yield { x: [[1, 2]], y: [0] };
      await waiting;
      yield { x: [[2, 1]], y: [1] };
    });
    const ended = fit.then(({ steps, deviceChanges }) => [steps, deviceChanges?.length]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    crash(runtime);
    await runtime.device.lost;
    arrive(undefined);
    expect(await ended).toEqual([2, 1]);
    await currentRuntime("test").close();
  });
});
