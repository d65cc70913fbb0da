/** A fit whose device is lost goes on by itself, and comes to the bits that it would have come to. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { CpuDevice } from "../../src/devices/cpu/device.ts";
import { WebgpuDevice } from "../../src/devices/webgpu/index.ts";
import { DeviceLostError, GradgpuError } from "../../src/errors.ts";
import { add, type InitOptions, init, mean, square, tensor } from "../../src/functions.ts";
import { losses, nn, optim, Trainer } from "../../src/index.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { DeviceChange, FitOptions, TrainingData } from "../../src/train/index.ts";

const open: Runtime[] = [];
async function start(options: InitOptions): Promise<Runtime> {
  const { runtime } = await init(options);
  open.push(runtime);
  return runtime;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

function crash({ lineage: { latest } }: Runtime): void {
  const { device } = latest;
  if (device instanceof WebgpuDevice) device.gpuDevice.destroy();
  else if (device instanceof CpuDevice) device.lose("a worker crashed");
}

const examples = {
  x: Array.from({ length: 60 }, (_, i) => [Math.sin(i), Math.cos(3 * i), (i % 7) / 7]),
  y: Array.from({ length: 60 }, (_, i) => i % 3),
};
const text = Int32Array.from({ length: 110 }, (_, i) => (i * i + (i >> 3)) % 5);

const plain = () => ({
  data: examples as TrainingData,
  model: nn.sequential(nn.linear(3, 8), nn.batchNorm1d(8), nn.dropout(0.2), nn.linear(8, 3)),
  optimizer: optim.adam({ learningRate: 0.05, clipNorm: 1 }),
});
const windows = () => ({
  data: text as TrainingData,
  model: nn.sequential(nn.embedding(5, 4), nn.lstm(4, 4), nn.linear(4, 5)),
  optimizer: optim.muon({ learningRate: 0.02 }),
  window: 4,
});
const stretches = () => ({ ...windows(), window: { every: 3, back: 7 } });
/** Fills the same arrays again and again. */
const generated = () => ({
  ...plain(),
  data: (function* () {
    const [x, y] = [new Float32Array(12), new Int32Array(4)];
    for (let i = 0; i < 40; i++) {
      for (let j = 0; j < 12; j++) x[j] = Math.sin(i * 12 + j);
      for (let j = 0; j < 4; j++) y[j] = (i + j) % 3;
      yield {
        x: { data: x, shape: [4, 3], dtype: "f32" as const },
        y: { data: y, shape: [4], dtype: "i32" as const },
      };
    }
  })() as TrainingData,
});

interface Outcome {
  readonly losses: number[];
  readonly steps: number[];
  readonly changes: readonly DeviceChange[];
  readonly end: unknown;
  readonly scores: unknown;
}

/** Crashes the device when these steps are reported. */
async function train(
  device: "cpu" | "webgpu",
  make: () => ReturnType<typeof plain> & { window?: nn.Module extends never ? never : unknown },
  crashes: readonly number[],
  options: FitOptions = {},
  everySteps = 5,
): Promise<Outcome> {
  const runtime = await start({ device, threads: 1, seed: 5 });
  const { model, optimizer, data, window } = make() as ReturnType<typeof stretches>;
  const trainer = new Trainer(model, {
    loss: losses.crossEntropy,
    optimizer,
    recovery: { everySteps },
    ...(window !== undefined && { window }),
  });
  const outcome: Outcome = {
    losses: [],
    steps: [],
    changes: [],
    end: undefined,
    scores: undefined,
  };
  const isText = data instanceof Int32Array;
  const history = await trainer.fit(data, {
    batchSize: isText ? 2 : 8,
    epochs: 2,
    ...(Symbol.iterator in Object(data) && !isText && { epochs: 1 }),
    ...options,
    onStep: async (report) => {
      outcome.losses.push(report.loss);
      outcome.steps.push(report.step);
      if (crashes.includes(report.step)) crash(runtime);
      await options.onStep?.(report);
    },
  });
  const scores =
    isText || Symbol.iterator in Object(data)
      ? undefined
      : await trainer.evaluate(data, { batchSize: 20 });
  const end = await model.stateDict();
  trainer.dispose();
  await Promise.all(open.splice(0).map((one) => one.close()));
  return { ...outcome, changes: history.deviceChanges, end, scores };
}

describe.each(["cpu", "webgpu"] as const)("a fit on %s", (device) => {
  it.each([
    ["examples, dropout and running statistics", plain],
    ["windows of a text", windows],
    ["stretches of a text", stretches],
    ["a generator that fills the same arrays again", generated],
  ])("goes on with the same bits: %s", async (_, make) => {
    const undisturbed = await train(device, make, []);
    const lost = await train(device, make, [1, 7, 13]);
    expect(lost.changes.map((one) => [one.device, one.to])).toEqual(
      new Array(lost.changes.length).fill([device, device]),
    );
    expect(lost.changes.length).toBeGreaterThan(2);
    for (const { error, step, from } of lost.changes) {
      expect(error).toBeInstanceOf(DeviceLostError);
      expect(step - from).toBeLessThanOrEqual(5 + 3);
    }
    expect({ ...lost, changes: [] }).toEqual(undisturbed);
  });
});

const make = (more: object = {}) => {
  const { model, optimizer, data } = plain();
  const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer, ...more });
  return { model, optimizer, data, trainer };
};
const cpu = { device: "cpu", threads: 1, seed: 5 } as const;

describe("a fit whose device is lost", () => {
  it("repeats what callbacks changed and read, and validates again", async () => {
    const run = async (crashes: readonly number[]) => {
      const runtime = await start(cpu);
      const { model, optimizer, data, trainer } = make({ recovery: { everySteps: 100 } });
      const seen: unknown[] = [];
      const history = await trainer.fit(data, {
        batchSize: 8,
        epochs: 3,
        validation: 0.2,
        earlyStopping: { patience: 9 },
        onStep: async ({ step }) => {
          if (step % 4 === 0) optimizer.setLearningRate(0.1 / step);
          if (crashes.includes(step)) crash(runtime);
          if (step % 5 === 0) seen.push([step, await trainer.evaluate(data, { batchSize: 30 })]);
        },
        onEpoch: async ({ epoch, validation }) => {
          if (crashes.includes(-epoch)) crash(runtime);
          const { parameters, step } = await trainer.state();
          seen.push([epoch, step, validation, parameters, await trainer.predict([[1, 2, 3]])]);
        },
      });
      expect(history.deviceChanges.length).toBe(crashes.length);
      const end = await model.stateDict();
      await Promise.all(open.splice(0).map((one) => one.close()));
      return { seen, end, epochs: history.epochs, best: history.best };
    };
    expect(await run([5, 10, -2])).toEqual(await run([]));
  });

  it("tells of it once, waits for the callback, and reports every step once", async () => {
    const runtime = await start(cpu);
    const { data, trainer } = make({ recovery: { everySteps: 4 } });
    const told: string[] = [];
    await trainer.fit(data, {
      batchSize: 10,
      epochs: 2,
      onStep: ({ step }) => {
        told.push(`${step}`);
        if (step === 6) crash(runtime);
      },
      onDeviceLost: async ({ device, to, error, step, from, elapsedMs }) => {
        expect([device, to, error?.name]).toEqual(["cpu", "cpu", "DeviceLostError"]);
        expect(step).toBeGreaterThanOrEqual(6);
        expect(step - from).toBeLessThan(8);
        expect(elapsedMs).toBeGreaterThan(0);
        await new Promise((resolve) => setTimeout(resolve, 20));
        told.push("lost");
      },
    });
    expect(told.filter((one) => one !== "lost")).toEqual(
      Array.from({ length: 12 }, (_, i) => `${i + 1}`),
    );
    expect(told.filter((one) => one === "lost").length).toBe(1);
  });

  it("ends with what that callback throws", async () => {
    const runtime = await start(cpu);
    const { data, trainer } = make();
    const fit = trainer.fit(data, {
      batchSize: 5,
      onStep: ({ step }) => step === 2 && crash(runtime),
      onDeviceLost: () => {
        throw new Error("enough");
      },
    });
    await expect(fit).rejects.toThrow("enough");
    expect((await trainer.evaluate(data, { batchSize: 5 })).loss).toBeGreaterThan(0);
  });

  it("ends when it is aborted meanwhile, and when its runtime is closed", async () => {
    const runtime = await start(cpu);
    const { data, trainer } = make();
    const control = new AbortController();
    const aborted = trainer.fit(data, {
      batchSize: 5,
      signal: control.signal,
      onStep: ({ step }) => {
        if (step !== 2) return;
        crash(runtime);
        control.abort(new Error("enough"));
      },
    });
    await expect(aborted).rejects.toThrow("enough");
    const closed = trainer.fit(data, {
      batchSize: 5,
      epochs: 100,
      onStep: ({ step }) => {
        if (step > 10) runtime.close().catch(() => undefined);
      },
    });
    await expect(closed).rejects.toBeInstanceOf(GradgpuError);
    expect(trainer.step).toBeLessThan(30);
  });

  it("goes on while data is waited for", async () => {
    const runtime = await start(cpu);
    const { trainer } = make();
    let changes = 0;
    async function* late() {
      for (let i = 0; i < 6; i++) {
        if (i === 3) {
          crash(runtime);
          while (runtime.lineage.latest.isDead || changes === 0) {
            await new Promise((resolve) => setTimeout(resolve, 10));
            changes = runtime.lineage.latest === runtime ? 0 : 1;
          }
        }
        yield {
          x: [
            [i, 1, 2],
            [2, i, 1],
          ],
          y: [i % 3, 0],
        };
      }
    }
    const history = await trainer.fit(late);
    expect(history.steps).toBe(6);
    expect(history.deviceChanges.length).toBe(1);
  });

  it("without recovery ends in a DeviceLostError", async () => {
    const runtime = await start(cpu);
    const { data, trainer } = make({ recovery: false });
    const fit = trainer.fit(data, {
      batchSize: 5,
      onStep: ({ step }) => step === 2 && crash(runtime),
    });
    await expect(fit).rejects.toBeInstanceOf(DeviceLostError);
  });

  it("goes on with what the loss reads beside the model: constants, and another model that is trained no more", async () => {
    const run = async (isLost: boolean) => {
      const runtime = await start(cpu);
      const { model, optimizer, data } = plain();
      const teacher = nn.linear(3, 3, { seed: 3 });
      const far = tensor(
        Float32Array.from({ length: 3000 }, (_, i) => i / 3000),
        [1000, 3],
      );
      const trainer = new Trainer(model, {
        batch: { x: "f32" },
        optimizer,
        loss: (net, { x }) =>
          add(losses.meanSquaredError(net(x), teacher(x)), mean(square(net(far)))),
        recovery: { everySteps: 4 },
      });
      await trainer.fit(
        { x: (data as typeof examples).x },
        {
          batchSize: 6,
          onStep: ({ step }) => step === 6 && isLost && crash(runtime),
        },
      );
      const end = [await model.stateDict(), await teacher.stateDict(), await far.data()];
      await Promise.all(open.splice(0).map((one) => one.close()));
      return end;
    };
    expect(await run(true)).toEqual(await run(false));
  });
});

describe("a GPU that is lost twice before anything has come of it", () => {
  it("is left to the cpu, until it is there again", async () => {
    const runtime = await start({ device: "webgpu", threads: 1, seed: 5 });
    const { data, trainer } = make({ recovery: { everySteps: 3 } });
    const now = performance.now.bind(performance);
    let laterMs = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now() + laterMs);
    const devices = new Set<string>();
    try {
      const history = await trainer.fit(data, {
        batchSize: 4,
        epochs: 40,
        signal: AbortSignal.timeout(100_000),
        onStep: ({ step }) => {
          const { name } = runtime.lineage.latest.device;
          devices.add(name);
          if (step === 4 || step === 5) crash(runtime);
          if (step > 20 && name === "cpu") laterMs = 130_000;
        },
      });
      expect(history.deviceChanges.map(({ device, to }) => `${device} ${to}`)).toEqual([
        "webgpu webgpu",
        "webgpu cpu",
        "cpu webgpu",
      ]);
      expect(history.deviceChanges[2]?.error).toBeUndefined();
      expect(history.steps).toBe(600);
      expect((await trainer.evaluate(data, { batchSize: 30 })).loss).toBeGreaterThan(0);
    } finally {
      clock.mockRestore();
    }
  });
});
