/** The Trainer, on the reference device: what it does around a step is the same on all of them. */
import { beforeEach, describe, expect, it } from "vitest";
import { ReferenceDevice } from "../../src/devices/reference/device.ts";
import { ArgumentError, NonFiniteError, ShapeError } from "../../src/errors.ts";
import { log, mean, square, sub, type Tensor, tensor } from "../../src/functions.ts";
import { losses, nn, optim, Trainer } from "../../src/index.ts";
import type { StepReport, TrainingBatch } from "../../src/train/index.ts";
import { use } from "./open.ts";

beforeEach(() => {
  use(new ReferenceDevice());
});

const line = (from: number): TrainingBatch => ({
  x: { data: Float32Array.of(from, from + 1), shape: [2, 1], dtype: "f32" },
  y: { data: Float32Array.of(2 * from, 2 * from + 2), shape: [2, 1], dtype: "f32" },
});
const broken: TrainingBatch = {
  x: { data: Float32Array.of(Number.NaN, 1), shape: [2, 1], dtype: "f32" },
  y: line(0).y,
};

const squares = (output: Tensor, targets: Tensor) => mean(square(sub(output, targets)));

type Policy = "throw" | "skip" | "off";

function lineTrainer(
  whenNotFinite: Policy = "throw",
  optimizer = optim.sgd({ learningRate: 0.1, momentum: 0.5 }),
) {
  const model = nn.linear(1, 1);
  return new Trainer(model, { loss: squares, optimizer, whenNotFinite });
}

/** Reports up to the end, or up to the error, which is returned. */
async function fitAll(
  trainer: Trainer,
  batches: readonly TrainingBatch[],
  options: Partial<Parameters<Trainer["fit"]>[1]> = {},
) {
  const reports: StepReport[] = [];
  try {
    for await (const report of trainer.fit(() => batches, { batchSize: 2, ...options })) {
      reports.push(report);
    }
  } catch (error) {
    return { reports, error };
  }
  return { reports, error: undefined };
}

const bits = async (trainer: Trainer) => {
  const state = await trainer.model.stateDict();
  return Object.values(state).flatMap(({ data }) => [...data]);
};

describe("fit", () => {
  it("makes the loss smaller, and reports every step once, in order", async () => {
    const trainer = lineTrainer();
    const seen: number[] = [];
    const { reports } = await fitAll(trainer, Array(20).fill(line(0)), {
      epochs: 2,
      onStep: ({ step }) => seen.push(step),
    });
    expect(reports.map(({ step }) => step)).toEqual([...Array(40).keys()].map((i) => i + 1));
    expect(seen).toEqual(reports.map(({ step }) => step));
    expect(reports.map(({ epoch }) => epoch).filter((epoch) => epoch === 2).length).toBe(20);
    expect(reports.at(-1)?.loss).toBeLessThan((reports[0]?.loss ?? 0) / 100);
    expect(trainer.step).toBe(40);
  });

  it("validates after every epoch, in evaluation mode, on data that is not trained on", async () => {
    const trainer = lineTrainer();
    const { reports } = await fitAll(trainer, Array(4).fill(line(0)), {
      epochs: 2,
      validation: () => [line(3), line(5)],
    });
    const validated = reports.filter(({ validation }) => validation !== undefined);
    expect(validated.map(({ step }) => step)).toEqual([4, 8]);
    const [weight = 0, bias = 0] = await bits(trainer);
    const miss = [3, 4, 5, 6].map((x) => (weight * x + bias - 2 * x) ** 2);
    const expected = miss.reduce((a, b) => a + b) / 4;
    expect(validated[1]?.validation?.loss).toBeCloseTo(expected, 4);
  });

  it("stops after the running step when its signal is aborted, and can go on", async () => {
    const trainer = lineTrainer();
    const controller = new AbortController();
    const { reports, error } = await fitAll(trainer, Array(100).fill(line(0)), {
      signal: controller.signal,
      onStep: ({ step }) => {
        if (step === 3) controller.abort(new Error("enough"));
      },
    });
    expect(error).toEqual(new Error("enough"));
    expect(reports.length).toBeLessThan(10);
    const { step } = trainer;
    expect((await fitAll(trainer, [line(0)])).reports.map((report) => report.step)).toEqual([
      step + 1,
    ]);
  });

  it("ends when the caller leaves the loop", async () => {
    const trainer = lineTrainer();
    for await (const { step } of trainer.fit(() => Array(100).fill(line(0)), { batchSize: 2 })) {
      if (step === 2) break;
    }
    expect(trainer.step).toBeLessThan(10);
  });

  it("throws for wrong shapes where they are, and trains with right ones afterwards", async () => {
    const trainer = lineTrainer();
    const wide = {
      ...line(0),
      x: { data: new Float32Array(4), shape: [2, 2], dtype: "f32" as const },
    };
    const { error } = await fitAll(trainer, [wide]);
    expect(error).toBeInstanceOf(ShapeError);
    expect((await fitAll(trainer, [line(0)])).error).toBeUndefined();
  });

  it("refuses a window that is none, and a text without a window", async () => {
    const options = { loss: losses.crossEntropy, optimizer: optim.sgd({ learningRate: 1 }) };
    const model = nn.sequential(nn.embedding(3, 2), nn.lstm(2, 2), nn.linear(2, 3));
    expect(() => new Trainer(model, { ...options, window: 0 })).toThrow(ArgumentError);
    const trainer = new Trainer(model, options);
    const text = trainer.fit(new Int32Array(100), { batchSize: 1 });
    await expect(text.next()).rejects.toThrow(/window/);
  });
});

describe("a loss that is not finite", () => {
  it("throws with the number of the step, and leaves parameters and optimizer as they were", async () => {
    for (const make of [
      () => optim.sgd({ learningRate: 0.1, momentum: 0.5 }),
      () => optim.adam({ learningRate: 0.1 }),
    ]) {
      use(new ReferenceDevice());
      const trainer = lineTrainer("throw", make());
      await fitAll(trainer, [line(0), line(1)]);
      const before = await bits(trainer);
      const { error } = await fitAll(trainer, [broken]);
      expect(error).toBeInstanceOf(NonFiniteError);
      expect((error as NonFiniteError).step).toBe(3);
      expect(await bits(trainer)).toEqual(before);

      const { reports } = await fitAll(trainer, [line(2)]);
      const after = await bits(trainer);
      use(new ReferenceDevice());
      const unharmed = lineTrainer("throw", make());
      await fitAll(unharmed, [line(0), line(1), line(2)]);
      expect(Number.isFinite(reports[0]?.loss)).toBe(true);
      expect(after).toEqual(await bits(unharmed));
    }
  });

  it("that nobody waited for does not hold up a later fit", async () => {
    const trainer = lineTrainer();
    const ahead = [line(0), line(0), line(0), broken, broken];
    for await (const { step } of trainer.fit(() => ahead, { batchSize: 2 })) {
      if (step === 1) break;
    }
    const before = await bits(trainer);
    await fitAll(trainer, [line(1)]);
    expect(await bits(trainer)).not.toEqual(before);
  });

  it("stops also the steps that were under way behind it", async () => {
    const trainer = lineTrainer();
    await fitAll(trainer, [line(0)]);
    const before = await bits(trainer);
    const { error } = await fitAll(trainer, [broken, line(1), line(2), line(3), line(4)]);
    expect((error as NonFiniteError).step).toBe(2);
    expect(await bits(trainer)).toEqual(before);
    await fitAll(trainer, [line(1)]);
    expect(await bits(trainer)).not.toEqual(before);
  });

  it("is skipped where that is asked for: the step is reported and changes nothing", async () => {
    const trainer = lineTrainer("skip");
    const { reports, error } = await fitAll(trainer, [line(0), broken, line(1)]);
    expect(error).toBeUndefined();
    expect(reports.map(({ loss }) => Number.isFinite(loss))).toEqual([true, false, true]);
    const skipped = await bits(trainer);
    use(new ReferenceDevice());
    const unharmed = lineTrainer("skip");
    await fitAll(unharmed, [line(0), line(1)]);
    expect(skipped).toEqual(await bits(unharmed));
  });

  it("spoils the parameters where nobody looks", async () => {
    const trainer = lineTrainer("off");
    const { error } = await fitAll(trainer, [broken]);
    expect(error).toBeUndefined();
    expect((await bits(trainer)).some(Number.isNaN)).toBe(true);
  });

  it("may be infinite as well as NaN", async () => {
    const model = nn.linear(1, 1, { bias: false });
    model.loadStateDict({ weight: { shape: [1, 1], data: Float32Array.of(0) } });
    // The logarithm of 0: an infinite loss with a slope to match.
    const loss = (output: Tensor) => mean(log(mean(square(output))));
    const trainer = new Trainer(model, { loss, optimizer: optim.sgd({ learningRate: 1 }) });
    const { error } = await fitAll(trainer, [line(0)]);
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(await bits(trainer)).toEqual([0]);
  });
});

describe("windows of truncated back-propagation", () => {
  const text = Int32Array.from({ length: 25 }, (_, i) => (i * i + 3 * i) % 7);
  const models = () =>
    nn.sequential(nn.embedding(7, 5), nn.lstm(5, 6, { layers: 2 }), nn.linear(6, 7));
  const still = () => ({ loss: losses.crossEntropy, optimizer: optim.sgd({ learningRate: 0 }) });

  it("carry the state: their losses are those of the whole sequence", async () => {
    const model = models();
    const trainer = new Trainer(model, { ...still(), window: 6 });
    const windowed = await trainer.evaluate(text, { batchSize: 1 });
    const x = tensor(text.slice(0, -1), [24, 1]);
    const whole = losses.crossEntropy(model(x), tensor(text.slice(1), [24, 1]));
    expect(windowed.loss).toBeCloseTo(await whole.item(), 5);

    const reports: number[] = [];
    for await (const { loss } of trainer.fit(text, { batchSize: 1 })) reports.push(loss);
    expect(reports.length).toBe(4);
    expect(reports.reduce((a, b) => a + b) / 4).toBeCloseTo(await whole.item(), 5);
  });

  it("start from zeros again with every pass", async () => {
    const trainer = new Trainer(models(), { ...still(), window: 6 });
    const pass = async () => {
      const all: number[] = [];
      for await (const { loss } of trainer.fit(text, { batchSize: 1 })) all.push(loss);
      return all;
    };
    const first = await pass();
    expect(await pass()).toEqual(first);
  });

  it("do not pass gradients across their border", async () => {
    const gradientNorms = async (window: number) => {
      use(new ReferenceDevice());
      const trainer = new Trainer(models(), { ...still(), window });
      const norms: number[] = [];
      for await (const { gradientNorm } of trainer.fit(text, { batchSize: 1 }))
        norms.push(gradientNorm);
      return norms;
    };
    const [short, long] = [await gradientNorms(6), await gradientNorms(12)];
    expect(short.length).toBe(4);
    expect(long.length).toBe(2);
    expect(long[0]).not.toBeCloseTo(short[0] ?? 0, 5);
  });

  it("keep a state that is finite when a window is skipped", async () => {
    const model = models();
    const trainer = new Trainer(model, { ...still(), window: 6, whenNotFinite: "skip" });
    const window = (start: boolean, id: number): TrainingBatch => ({
      x: { data: new Int32Array(6).fill(id), shape: [6, 1], dtype: "i32" },
      y: { data: new Int32Array(6), shape: [6, 1], dtype: "i32" },
      start,
    });
    const state = await model.stateDict();
    const poisoned = Object.fromEntries(
      Object.entries(state).map(([name, { shape, data }]) => [
        name,
        // Row 6 of the embedding: only a text that holds it meets the NaN.
        {
          shape,
          data: name === "0.weight" ? data.map((x, i) => (i >= 30 ? Number.NaN : x)) : data,
        },
      ]),
    );
    model.loadStateDict(poisoned, { allowNonFinite: true });
    const { reports } = await fitAll(trainer, [
      window(true, 1),
      window(false, 6),
      window(false, 1),
    ]);
    expect(reports.map(({ loss }) => Number.isFinite(loss))).toEqual([true, false, true]);
  });
});
