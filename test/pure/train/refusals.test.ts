/** What a Trainer refuses of windows, sequences and data, and what a NaN leaves alone. */
import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError, NonFiniteError, ShapeError } from "../../../src/errors.ts";
import { losses, metrics, nn, optim, Trainer } from "../../../src/index.ts";
import type { TrainingBatch, TrainingData, Window } from "../../../src/train/index.ts";
import { openCounting } from "../runtime/open.ts";
import { block, blocks, idsOf, languageModel, WORDS } from "./sequences.ts";

beforeEach(() => {
  openCounting();
});

const sgd = () => optim.sgd({ learningRate: 0.1 });
const trainerOf = (window?: Window, model = languageModel()) =>
  new Trainer(model, {
    loss: losses.crossEntropy,
    optimizer: sgd(),
    metrics: {},
    ...(window === undefined ? {} : { window }),
  });

async function lossesOf(trainer: Trainer, data: TrainingData) {
  const seen: number[] = [];
  for await (const { loss } of trainer.fit(data, { batchSize: 1 })) seen.push(loss);
  return seen;
}

const rows = (count: number) => Array.from({ length: count }, (_, n) => idsOf(31, n));

describe("a window", () => {
  it("must count steps: whole numbers of 1 or more, and reach back as far as it comes after", () => {
    const refusals: [Window, RegExp][] = [
      [0, /got 0\./],
      [-3, /got -3/],
      [2.5, /got 2.5/],
      [Number.NaN, /got NaN/],
      [{ every: 0, back: 4 }, /got every 0, back 4/],
      [{ every: 2, back: 4.5 }, /got every 2, back 4.5/],
      [{ every: 8, back: 4 }, /got every 8, back 4. Make back at least 8/],
    ];
    for (const [window, message] of refusals) {
      expect(() => trainerOf(window)).toThrow(message);
      expect(() => trainerOf(window)).toThrow(ArgumentError);
    }
  });

  it("may be given for a model without state, whose windows then stand for themselves", async () => {
    const bigrams = () =>
      nn.sequential(nn.embedding(WORDS, 4, { seed: 1 }), nn.linear(4, WORDS, { seed: 2 }));
    const plain = await lossesOf(trainerOf(5, bigrams()), idsOf(31));
    expect(plain.length).toBe(6);
    expect(await lossesOf(trainerOf({ every: 5, back: 15 }, bigrams()), idsOf(31))).toEqual(plain);
    const alone = blocks(rows(1), 5).map(({ x, y }) => ({ x, y }));
    expect(await lossesOf(trainerOf(undefined, bigrams()), () => alone)).toEqual(plain);
  });

  it("of two numbers reads texts in blocks, and evaluates them in windows that reach as far", async () => {
    const text = idsOf(31);
    const trainer = trainerOf({ every: 5, back: 12 });
    expect(await lossesOf(trainer, text)).toEqual(
      await lossesOf(trainerOf({ every: 5, back: 12 }), () => blocks([text], 5)),
    );
    const { loss } = await trainer.evaluate(text, { batchSize: 1 });
    const whole = await trainer.evaluate(() => [block([text], 0, 30, true)], { batchSize: 1 });
    // Evaluation weighs by targets: x and y of the whole are one window of 30.
    expect(loss).toBeCloseTo(whole.loss, 5);
  });
});

describe("fit refuses", () => {
  it("a window that goes on where none of as many rows has begun", async () => {
    for (const window of [5, { every: 5, back: 8 }]) {
      const trainer = trainerOf(window);
      const early = lossesOf(trainer, () => [block(rows(2), 0, 5, false)]);
      await expect(early).rejects.toThrow(/start: false.*2 rows, and no window before it/);
      await lossesOf(trainer, () => [block(rows(2), 0, 5, true)]);
      const others = lossesOf(trainer, () => [block(rows(3), 5, 10, false)]);
      await expect(others).rejects.toThrow(/3 rows, and windows of 2 rows before it/);
      await expect(others).rejects.toBeInstanceOf(ArgumentError);
      const half = lossesOf(trainer, () => [block(rows(3), 5, 10, [true, false, true])]);
      await expect(half).rejects.toBeInstanceOf(ArgumentError);
      expect(trainer.step).toBe(1);
      expect((await lossesOf(trainer, () => [block(rows(2), 5, 10, false)])).length).toBe(1);
    }
  });

  it("a mask of starts of the wrong length, or of other things than booleans", async () => {
    const trainer = trainerOf(5);
    await expect(lossesOf(trainer, () => [block(rows(2), 0, 5, [true])])).rejects.toThrow(
      /one for each row of the batch; got 1 for x \[5, 2\], which has 2 rows/,
    );
    const numbers = { ...block(rows(2), 0, 5, true), start: [1, 0] as unknown as boolean[] };
    await expect(lossesOf(trainer, () => [numbers])).rejects.toThrow(/booleans; got 1/);
  });

  it("an x that is no window, and blocks of other lengths than announced", async () => {
    const flat = {
      ...block(rows(1), 0, 5, true),
      x: { data: new Int32Array(5), shape: [5], dtype: "i32" as const },
    };
    await expect(lossesOf(trainerOf(5), () => [flat])).rejects.toBeInstanceOf(ShapeError);
    const trainer = trainerOf({ every: 5, back: 8 });
    await expect(lossesOf(trainer, () => [block(rows(1), 0, 6, true)])).rejects.toThrow(
      /blocks? of 5 steps.*got x \[6, 1\]/,
    );
    // One number says how texts are cut; windows that come from elsewhere may be of any length.
    const free = [block(rows(1), 0, 6, true), block(rows(1), 6, 8, false)];
    expect((await lossesOf(trainerOf(5), () => free)).length).toBe(2);
  });

  it("streams that yield something else than batches", async () => {
    const yielding = (value: unknown) => lossesOf(trainerOf(5), () => [value as TrainingBatch]);
    await expect(yielding(new Int32Array(3))).rejects.toThrow(/must be \{ x, y \}.*got Int32Array/);
    await expect(yielding(undefined)).rejects.toThrow(/got undefined/);
    await expect(yielding({ inputs: 1 })).rejects.toThrow(/got Object \{ inputs \}/);
    await expect(yielding({ inputs: 1 })).rejects.toBeInstanceOf(ArgumentError);
    const object = lossesOf(trainerOf(5), (() => ({ x: 1 })) as unknown as TrainingData);
    await expect(object).rejects.toThrow(/an iterable of batches; got Object \{ x \}/);
    const nothing = lossesOf(trainerOf(5), (() => undefined) as unknown as TrainingData);
    await expect(nothing).rejects.toThrow(/an iterable of batches; got undefined/);
  });

  it("with { every, back }, a model whose output has lost the time", async () => {
    const inner = nn.lstm(1, 2);
    const last = nn.module("last", {
      children: { inner },
      step(x, state) {
        const { y, state: next } = inner.step(x, state);
        return { y: nn.flatten()(y), state: next };
      },
    });
    const batch: TrainingBatch = {
      x: { data: new Float32Array(6), shape: [2, 3, 1], dtype: "f32" },
      y: { data: new Int32Array(2), shape: [2], dtype: "i32" },
      start: true,
    };
    await expect(lossesOf(trainerOf({ every: 2, back: 3 }, last), () => [batch])).rejects.toThrow(
      /output must have a step for each.*got f32\[1, 6\]/,
    );
  });
});

/** Frames, in one of which there is a NaN. */
function frames(n: number, isBroken: boolean, start = n === 0): TrainingBatch {
  const x = Float32Array.from({ length: 8 }, (_, i) => Math.sin(8 * n + i));
  if (isBroken) x[5] = Number.NaN;
  const y = Int32Array.from({ length: 8 }, (_, i) => (n + i) % 3);
  return {
    x: { data: x, shape: [4, 2, 1], dtype: "f32" },
    y: { data: y, shape: [4, 2], dtype: "i32" },
    start,
  };
}

const frameModel = () => nn.sequential(nn.lstm(1, 4, { seed: 1 }), nn.linear(4, 3, { seed: 2 }));

describe.each([4, { every: 4, back: 10 }])(
  "a NaN in the middle of a sequence, window %j",
  (window) => {
    const make = (whenNotFinite: "throw" | "skip") =>
      new Trainer(frameModel(), {
        loss: losses.crossEntropy,
        optimizer: optim.adam({ learningRate: 0.05 }),
        window,
        metrics: {},
        whenNotFinite,
      });

    it("ends in an error that names the step, and leaves the state as it was before", async () => {
      const trainer = make("throw");
      await lossesOf(trainer, () => [frames(0, false), frames(1, false)]);
      const before = await trainer.state();
      // What is under way behind the broken window changes nothing either, a beginning of sequences included.
      const torn = [frames(2, true), frames(3, false), frames(4, false, true), frames(5, false)];
      const error = await lossesOf(trainer, () => torn).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(NonFiniteError);
      expect(error).toMatchObject({
        step: 3,
        message: expect.stringMatching(/in step 3;.*state of sequences/),
      });
      expect(await trainer.state()).toEqual(before);
      const after = await lossesOf(trainer, () => [frames(6, false), frames(7, false)]);

      const unharmed = make("throw");
      await lossesOf(unharmed, () => [frames(0, false), frames(1, false)]);
      expect(after).toEqual(await lossesOf(unharmed, () => [frames(6, false), frames(7, false)]));
    });

    it("is skipped as if the window had not come, where that is asked for", async () => {
      const trainer = make("skip");
      const some = [0, 1, 2, 3, 4];
      const seen = await lossesOf(trainer, () => some.map((n) => frames(n, n === 2)));
      expect(seen.map(Number.isFinite)).toEqual([true, true, false, true, true]);
      const state = await trainer.state();
      openCounting();
      const unharmed = make("skip");
      const whole = await lossesOf(unharmed, () => [0, 1, 3, 4].map((n) => frames(n, false)));
      expect(seen.toSpliced(2, 1)).toEqual(whole);
      const expected = await unharmed.state();
      // A step that was left out is counted.
      expect(state).toEqual({ ...expected, step: expected.step + 1 });
    });

    it("in the window that begins a sequence does not let the one before go on in its place", async () => {
      const trainer = make("skip");
      const broken = { ...frames(2, true), start: [true, false] };
      const seen = await lossesOf(trainer, () => [
        frames(0, false),
        frames(1, false),
        broken,
        frames(3, false),
      ]);
      const unharmed = make("skip");
      const begun = { ...frames(3, false), start: [true, false] };
      const whole = await lossesOf(unharmed, () => [frames(0, false), frames(1, false), begun]);
      expect(seen.at(-1)).toBe(whole.at(-1));
    });
  },
);

describe("what other libraries write", () => {
  const model = () => nn.linear(2, 3);
  const data = { x: [[1, 2]], y: [1] };
  const given = () => ({ loss: losses.crossEntropy, optimizer: sgd() });

  it.each<[string, () => unknown, string]>([
    [
      "examples and targets one by one",
      () => new Trainer(model(), given()).fit(data.x as never, data.y as never),
      "got [1]. Write fit({ x, y }, { batchSize: 32 }), with examples and targets in one argument.",
    ],
    [
      "the same of evaluate",
      () => new Trainer(model(), given()).evaluate(data.x as never, Int32Array.of(1) as never),
      "Write evaluate({ x, y }, { batchSize: 32 }), with examples and targets in one argument.",
    ],
    [
      "metrics as a list of names",
      () => new Trainer(model(), { ...given(), metrics: ["accuracy"] as never }),
      'Trainer: metrics must be functions or metrics by names other than "loss"; got ["accuracy"]. Write { f1: metrics.f1() }.',
    ],
    [
      "metrics as a list",
      () => new Trainer(model(), { ...given(), metrics: [metrics.f1()] as never }),
      'Trainer: metrics must be functions or metrics by names other than "loss"; got […].',
    ],
    [
      "a metric with the name of the loss",
      () => new Trainer(model(), { ...given(), metrics: { loss: metrics.f1() } }),
      'Trainer: metrics must be functions or metrics by names other than "loss"; got { loss }.',
    ],
    [
      "a metric with options that is not called",
      () =>
        new Trainer(model(), { ...given(), metrics: { f1: metrics.f1 as never } }).fit(data, {
          batchSize: 1,
        }),
      "f1: options must be a record of threshold, average; got a Tensor. Write { f1: metrics.f1() }, with a call.",
    ],
    [
      "a threshold alone",
      () => metrics.accuracy(0.5 as never),
      "accuracy: options must be a record of threshold; got 0.5. Write metrics.accuracy({ threshold: 0.5 }).",
    ],
    [
      "weights beside the examples",
      () =>
        new Trainer(model(), given()).fit({ ...data, sampleWeights: [1] } as never, {
          batchSize: 1,
        }),
      'fit: what is read of data are x and y; got sampleWeights too. Say what there is, and use it: new Trainer(model, { batch: { x: "f32", y: "i32", sampleWeights: "f32" }, loss: (model, { x, y, sampleWeights }) => … }).',
    ],
    [
      "weights in a batch",
      () => new Trainer(model(), given()).evaluate([{ ...data, weight: [1] }] as never),
      "evaluate: what is read of data are x and y; got weight too.",
    ],
    [
      "sample weights as an option",
      () => new Trainer(model(), given()).fit(data, { batchSize: 1, sampleWeight: [1] } as never),
      'got "sampleWeight". Put them beside x and y: { batch: { x, y, weights }, loss: (model, { x, y, weights }) => … }.',
    ],
    [
      "class weights as an option",
      () =>
        new Trainer(model(), given()).fit(data, { batchSize: 1, class_weight: { 0: 2 } } as never),
      'got "class_weight". It is the loss\'s: (y, t) => losses.crossEntropy(y, t, { classWeights }).',
    ],
    [
      "callbacks",
      () => new Trainer(model(), given()).fit(data, { batchSize: 1, callbacks: [] } as never),
      'got "callbacks". Give onStep, onEpoch, earlyStopping or checkpoint.',
    ],
    [
      "a rate for the Trainer",
      () => new Trainer(model(), { ...given(), learningRate: 0.1 } as never),
      'got "learningRate". It is the optimizer\'s: optim.adam({ learningRate }).',
    ],
    [
      "accumulation for the Trainer",
      () => new Trainer(model(), { ...given(), accumulate: 4 } as never),
      'got "accumulate". It is the optimizer\'s: optim.adam({ learningRate, accumulate }).',
    ],
    [
      "clipping for the Trainer",
      () => new Trainer(model(), { ...given(), clipNorm: 1 } as never),
      'got "clipNorm". It is the optimizer\'s: optim.adam({ learningRate, clipNorm }).',
    ],
    [
      "what early stopping watches",
      () =>
        new Trainer(model(), given()).fit(data, {
          batchSize: 1,
          validation: data,
          earlyStopping: { monitor: "val_loss" } as never,
        }),
      'got "monitor". Did you mean on?',
    ],
    [
      "a measure as the loss",
      () => new Trainer(model(), { ...given(), loss: losses.accuracy }).fit(data, { batchSize: 1 }),
      "fit: the loss must depend on a parameter that is trained; got one with a gradient for none of 2. argmax, comparisons and stopGradient have none: compute with the outputs, and count hits as metrics.",
    ],
    [
      "a promise of data",
      () => new Trainer(model(), given()).fit(Promise.resolve(data) as never, { batchSize: 1 }),
      "fit: data must be examples, ids or batches; got a Promise. Await it first.",
    ],
    [
      "a metric that is not called",
      () =>
        new Trainer(model(), { ...given(), metrics: { f: metrics.mae as never } }).fit(data, {
          batchSize: 1,
        }),
      "fit: metric f must be a metric; got a function that makes one. Call it: { f: metrics.mae() }.",
    ],
    [
      "the name of a loss",
      () => new Trainer(model(), { ...given(), loss: "crossEntropy" as never }),
      'Trainer: loss must be a function; got "crossEntropy". Write losses.crossEntropy, or a function of your own.',
    ],
    [
      "an optimizer that is not made",
      () => new Trainer(model(), { ...given(), optimizer: optim.adam as never }),
      "Trainer: optimizer must be an optimizer, as optim.adam makes it; got a function. Write optim.adam({ learningRate: 0.001 }).",
    ],
    [
      "a batch of nothing",
      () => new Trainer(model(), given()).fit([data, { x: [], y: [] }]),
      "fit: a batch must have an example at least; got x [0]. Leave out what is empty.",
    ],
  ])("%s is refused with what to write", async (_, call, text) => {
    await expect(async () => call()).rejects.toThrow(ArgumentError);
    await expect(async () => call()).rejects.toThrow(text);
  });
});
