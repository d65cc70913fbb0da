/** Fits that took no step and said nothing, or said something else than what they did. */
import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError, GradgpuError } from "../../../src/errors.ts";
import { mean, square, sub, type Tensor, tensor } from "../../../src/functions.ts";
import { data, losses, nn, optim, Trainer } from "../../../src/index.ts";
import type { FitOptions, StepReport, TrainingData } from "../../../src/train/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

const adam = () => optim.adam({ learningRate: 0.1 });

function classifier() {
  const model = nn.sequential(nn.linear(2, 4, { seed: 1 }), nn.linear(4, 2, { seed: 2 }));
  return new Trainer(model, { loss: losses.crossEntropy, optimizer: adam() });
}

function reader(window: nn.Module | number | { every: number; back: number }) {
  const model = nn.sequential(
    nn.embedding(5, 4, { seed: 1 }),
    nn.lstm(4, 4, { seed: 2 }),
    nn.linear(4, 5, { seed: 3 }),
  );
  return new Trainer(model, {
    loss: losses.crossEntropy,
    optimizer: adam(),
    window: window as number,
  });
}

const examples = (n: number) =>
  data.dataset({
    x: { data: Float32Array.from({ length: 2 * n }, (_, i) => Math.sin(i)), shape: [n, 2] },
    y: { data: Int32Array.from({ length: n }, (_, i) => i % 2), shape: [n] },
  });

const ids = (n: number) => Int32Array.from({ length: n }, (_, i) => i % 5);

const weights = async ({ model }: Trainer) =>
  Object.values(await model.stateDict()).flatMap(({ data }) => [...data]);

async function reportsOf(trainer: Trainer, given: unknown, options: FitOptions) {
  const reports: StepReport[] = [];
  // What types refuse is part of the matter.
  for await (const report of trainer.fit(given as TrainingData, options)) reports.push(report);
  return reports;
}

describe("what does not fill a batch", () => {
  it("is trained on: fewer examples than batchSize are a step", async () => {
    const trainer = classifier();
    const before = await weights(trainer);
    const reports = await reportsOf(trainer, examples(20), { epochs: 3, batchSize: 32 });
    expect(reports.map(({ step, epoch, stepsPerEpoch }) => [step, epoch, stepsPerEpoch])).toEqual([
      [1, 1, 1],
      [2, 2, 1],
      [3, 3, 1],
    ]);
    expect(await weights(trainer)).not.toEqual(before);
  });

  it("is a smaller batch, whose loss is the mean over the examples that there are", async () => {
    const trainer = new Trainer(nn.linear(2, 2, { seed: 1 }), {
      loss: losses.crossEntropy,
      optimizer: optim.sgd({ learningRate: 0 }),
    });
    const all = examples(7);
    const seen = await reportsOf(trainer, all, { batchSize: 4, shuffle: false });
    const rest = tensor((all.x.data as Float32Array).slice(8), [3, 2]);
    const labels = tensor((all.y.data as Int32Array).slice(4));
    const expected = await losses.crossEntropy(trainer.model(rest), labels).item();
    expect(seen.length).toBe(2);
    expect(seen[1]?.loss).toBeCloseTo(expected, 6);
  });

  it("is left out with dropLast, and where that leaves nothing it says so", async () => {
    expect(
      (await reportsOf(classifier(), examples(7), { batchSize: 4, dropLast: true })).length,
    ).toBe(1);
    const none = reportsOf(classifier(), examples(3), { batchSize: 4, dropLast: true });
    await expect(none).rejects.toThrow(/dropLast.*got 3 for a batchSize of 4/);
  });
});

describe("a text that does not fill its windows", () => {
  it.each([
    [50, 64, 1],
    [5000, 64, 100],
    [50, 64, 100],
    [2, 64, 1],
    [50, 1e9, 1e8],
  ])(
    "of %i ids for windows of %i steps in %i rows is trained on",
    async (length, window, batchSize) => {
      const trainer = reader(window);
      const before = await weights(trainer);
      const reports = await reportsOf(trainer, ids(length), { batchSize });
      expect(reports.length).toBe(1);
      expect(await weights(trainer)).not.toEqual(before);
    },
  );

  it("is trained on in blocks of one form with { every, back }", async () => {
    const reports = await reportsOf(reader({ every: 8, back: 16 }), ids(21), { batchSize: 1 });
    expect(reports.length).toBe(3);
  });

  it("of one id, or none with dropLast, is refused with its sizes", async () => {
    await expect(reportsOf(reader(8), ids(1), { batchSize: 1 })).rejects.toThrow(/got 1 ids/);
    await expect(reportsOf(reader(8), ids(0), { batchSize: 1 })).rejects.toThrow(/got 0 ids/);
    const dropped = reportsOf(reader(64), ids(50), { batchSize: 1, dropLast: true });
    await expect(dropped).rejects.toThrow(/got 50 ids for 1 rows of windows of 64 steps/);
  });
});

describe("data in other forms", () => {
  const batch = { x: [[1, 2]], y: [0] };

  it.each<[string, () => unknown, number]>([
    [
      "lists",
      () => ({
        x: [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
        y: [0, 1, 0],
      }),
      2,
    ],
    ["tensors", () => ({ x: tensor([[1, 2]]), y: tensor([1], [1], "i32") }), 1],
    [
      "typed arrays with shapes",
      () => ({ x: { data: Float64Array.of(1, 2), shape: [1, 2] }, y: Uint8Array.of(1) }),
      1,
    ],
    ["a list of batches", () => [batch, batch], 2],
    ["batches of tensors", () => [{ x: tensor([[1, 2]]), y: tensor([1], [1], "i32") }], 1],
    ["a generator", () => data.batches(examples(4), { batchSize: 2 }), 2],
    ["an asynchronous function", () => async () => [batch], 1],
    ["promises of batches", () => () => [Promise.resolve(batch)], 1],
  ])("%s are trained on", async (_, make, steps) => {
    expect((await reportsOf(classifier(), make(), { batchSize: 2 })).length).toBe(steps);
  });

  it("take f32 targets where the loss is no loss of labels", async () => {
    const trainer = new Trainer(nn.linear(1, 1), {
      loss: losses.meanSquaredError,
      optimizer: adam(),
    });
    const history = await trainer.fit({ x: [[1]], y: [[0]] }, { batchSize: 1, epochs: 2 });
    expect(history.steps).toBe(2);
  });

  it("take ids for a model that begins with an embedding", async () => {
    const model = nn.sequential(nn.embedding(5, 2), nn.flatten(), nn.linear(4, 2));
    const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer: adam() });
    const history = await trainer.fit(
      {
        x: [
          [0, 1],
          [2, 4],
        ],
        y: [0, 1],
      },
      { batchSize: 2 },
    );
    expect(history.steps).toBe(1);
    expect((await trainer.predict([[3, 4]])).shape).toEqual([1, 2]);
  });

  it.each<[string, () => unknown, FitOptions]>([
    ["no examples", () => examples(0), { batchSize: 4 }],
    ["a tensor without targets", () => ({ x: tensor([[1, 2]]) }), { batchSize: 1 }],
    ["x and y of different lengths", () => ({ x: [[1, 2]], y: [0, 1] }), { batchSize: 1 }],
    ["a list of numbers", () => [1, 2, 3], { batchSize: 1 }],
    ["an empty list", () => [], { batchSize: 1 }],
    ["a text", () => "text", { batchSize: 1 }],
    ["floats", () => Float32Array.of(1, 2), { batchSize: 1 }],
    ["nothing", () => undefined, { batchSize: 1 }],
    ["null", () => null, { batchSize: 1 }],
    ["a number", () => 5, { batchSize: 1 }],
    ["a function that gives examples", () => () => examples(4), { batchSize: 1 }],
    ["batches that are null", () => [null], { batchSize: 1 }],
    ["batches without targets", () => [{ x: [[1, 2]] }], { batchSize: 1 }],
    ["batches of texts", () => [{ x: "a", y: [0] }], { batchSize: 1 }],
    [
      "an iterator that gives no results",
      () => ({ [Symbol.iterator]: () => ({ next: () => 5 }) }),
      { batchSize: 1 },
    ],
    ["a generator of nothing", () => function* () {}, { batchSize: 4, epochs: 2 }],
    [
      "a generator for two epochs",
      () => data.batches(examples(4), { batchSize: 2 }),
      { batchSize: 4, epochs: 2 },
    ],
    ["no batchSize", () => examples(4), {}],
    ["an empty validation", () => examples(4), { batchSize: 4, validation: examples(0) }],
  ])("%s: refused, by an error of gradgpu's own", async (_, make, options) => {
    const trainer = classifier();
    const error = await reportsOf(trainer, make(), options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(GradgpuError);
    // And the next fit is none the worse for it.
    expect((await reportsOf(trainer, examples(4), { batchSize: 4 })).length).toBe(1);
  });

  it("a generator that is there once ends a fit of several epochs where it is empty", async () => {
    const once = data.batches(examples(8), { batchSize: 4 });
    const fit = reportsOf(classifier(), () => once, { epochs: 3, batchSize: 4 });
    await expect(fit).rejects.toThrow(/got none in epoch 2.*a function that makes a new one/);
  });
});

describe("options of a fit", () => {
  it.each<[string, Record<string, unknown>]>([
    ["epochs 0", { epochs: 0 }],
    ["epochs NaN", { epochs: Number.NaN }],
    ["epochs -1", { epochs: -1 }],
    ["epochs 1.5", { epochs: 1.5 }],
    ["epochs Infinity", { epochs: Number.POSITIVE_INFINITY }],
    ["batchSize 0", { batchSize: 0 }],
    ["batchSize NaN", { batchSize: Number.NaN }],
    ["batchSize of a text", { batchSize: "4" }],
    ["an unknown option", { batchsize: 4 }],
    ["a callback that is none", { onStep: 5 }],
    ["a signal that is none", { signal: {} }],
    ["a seed that is none", { seed: "one" }],
    ["shuffle of a number", { shuffle: 1 }],
  ])("%s: refused", async (_, options) => {
    const fit = reportsOf(classifier(), examples(4), { batchSize: 4, ...options } as FitOptions);
    await expect(fit).rejects.toBeInstanceOf(ArgumentError);
  });

  it("that are none at all are refused too", async () => {
    const fit = reportsOf(classifier(), examples(4), 5 as unknown as FitOptions);
    await expect(fit).rejects.toBeInstanceOf(ArgumentError);
  });
});

describe("a Trainer", () => {
  const model = () => nn.linear(2, 2);
  it.each<[string, () => unknown[]]>([
    ["without anything", () => []],
    ["without options", () => [model()]],
    ["without an optimizer", () => [model(), { loss: losses.crossEntropy }]],
    ["without a loss", () => [model(), { optimizer: adam() }]],
    ["with a loss that is no function", () => [model(), { loss: "mse", optimizer: adam() }]],
    [
      "with an optimizer by name",
      () => [model(), { loss: losses.crossEntropy, optimizer: "adam" }],
    ],
    [
      "with a window of a text",
      () => [model(), { loss: losses.crossEntropy, optimizer: adam(), window: "8" }],
    ],
    [
      "with a window of null",
      () => [model(), { loss: losses.crossEntropy, optimizer: adam(), window: null }],
    ],
    [
      "with metrics that are none",
      () => [model(), { loss: losses.crossEntropy, optimizer: adam(), metrics: { a: 1 } }],
    ],
    [
      "with an unknown option",
      () => [model(), { loss: losses.crossEntropy, optimizer: adam(), metric: {} }],
    ],
    ["of no model", () => [{}, { loss: losses.crossEntropy, optimizer: adam() }]],
  ])("%s is refused", (_, make) => {
    expect(() => Reflect.construct(Trainer, make())).toThrow(ArgumentError);
  });

  it.each<[string, unknown]>([
    ["is asynchronous", async () => tensor(1)],
    ["is asynchronous and fails", async () => Promise.reject(new Error("late"))],
    ["returns a number", () => 0.5],
    ["returns NaN", () => Number.NaN],
    ["returns nothing", () => undefined],
    ["returns null", () => null],
    [
      "returns a vector",
      (output: Tensor, y: Tensor) => losses.crossEntropy(output, y, { reduction: "none" }),
    ],
    ["returns labels", (_: Tensor, y: Tensor) => y],
    ["returns a sum without a count", () => ({ sum: tensor(1) })],
    ["returns a mean of numbers", () => ({ sum: 1, count: 2 })],
  ])("whose loss %s refuses before the first step", async (_, loss) => {
    const trainer = new Trainer(model(), {
      loss: loss as typeof losses.crossEntropy,
      optimizer: adam(),
      metrics: {},
    });
    const error = await reportsOf(trainer, examples(4), { batchSize: 4 }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(GradgpuError);
    expect(trainer.step).toBe(0);
  });

  it("whose loss is one number in a row of one trains as with the number", async () => {
    const loss = (output: Tensor, y: Tensor) =>
      mean(square(sub(output, y)), { axis: [0, 1], keepDims: true });
    const trainer = new Trainer(nn.linear(1, 1), { loss, optimizer: adam() });
    expect((await trainer.fit({ x: [[1]], y: [[0]] }, { batchSize: 1 })).steps).toBe(1);
  });
});

describe("predict", () => {
  it("takes lists, tensors, typed arrays with a shape, and values", async () => {
    const trainer = classifier();
    const expected = await trainer.predict({
      data: Float32Array.of(1, 2),
      shape: [1, 2],
      dtype: "f32",
    });
    expect(await trainer.predict([[1, 2]])).toEqual(expected);
    expect(await trainer.predict(tensor([[1, 2]]))).toEqual(expected);
    expect(await trainer.predict(Float32Array.of(1, 2), [1, 2])).toEqual(expected);
    expect(await trainer.predict(Float64Array.of(1, 2), [1, 2])).toEqual(expected);
    expect(await trainer.predict(Uint8Array.of(1, 2), [1, 2])).toEqual(expected);
  });

  it("refuses what is no input", async () => {
    const trainer = classifier();
    for (const wrong of [undefined, null, "a", {}, [[1], [2, 3]], [], Promise.resolve([[1, 2]])]) {
      await expect(trainer.predict(wrong as number)).rejects.toBeInstanceOf(GradgpuError);
    }
    await expect(trainer.predict(Float32Array.of(1, 2), [3, 2])).rejects.toBeInstanceOf(
      GradgpuError,
    );
  });
});
