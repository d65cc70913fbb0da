/** Metrics of a whole pass, however it is cut into batches, against counting by hand. */
import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../../src/errors.ts";
import { add, mul, type Tensor, variable } from "../../../src/functions.ts";
import { losses, metrics, nn, optim, Trainer } from "../../../src/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

const ROWS = 30;
const CLASSES = 4;
const wave = (i: number, by: number) => Math.fround(Math.sin(i * i * 0.37 + by));
/** A model that gives what it is given. */
const identity = () =>
  nn.module("identity", {
    parameters: { scale: variable([1]) },
    forward: (x: Tensor) => x,
  });

const logits = Array.from({ length: ROWS }, (_, i) =>
  Array.from({ length: CLASSES }, (_, c) => wave(4 * i + c, 1)),
);
// The last class is never a label; some rows do not count.
const labels = logits.map((_, i) => (i % 7 === 3 ? -1 : (i * 5) % (CLASSES - 1)));

/** Coarse, so that there are ties. */
const scores = logits.map(([x = 0]) => Math.round(x * 4) / 4);
const positives = scores.map((s, i) => (s + wave(i, 3) > 0.2 ? 1 : 0));

const column = (rows: readonly (readonly number[] | number)[], dtype: "f32" | "i32") => {
  const flat = rows.flat();
  const width = flat.length / rows.length;
  const shape = Array.isArray(rows[0]) ? [rows.length, width] : [rows.length];
  const data = dtype === "i32" ? Int32Array.from(flat) : Float32Array.from(flat);
  return { data, shape, dtype };
};

const classes = { x: column(logits, "f32"), y: column(labels, "i32") };
const pairs = { x: column(scores, "f32"), y: column(positives, "f32") };

const trainerOf = (loss: (x: Tensor, y: Tensor) => Tensor) =>
  new Trainer(identity(), { loss, optimizer: optim.sgd({ learningRate: 0 }) });

const found = logits.map((row) => row.indexOf(Math.max(...row)));
const rows = labels.flatMap((label, i) => (label < 0 ? [] : [{ label, found: found[i] ?? 0, i }]));
const countOf = (is: (row: { label: number; found: number }) => boolean) => rows.filter(is).length;

function perClass(c: number) {
  const hits = countOf((row) => row.label === c && row.found === c);
  const [all, there] = [countOf((row) => row.found === c), countOf((row) => row.label === c)];
  const [p, r] = [all === 0 ? 0 : hits / all, hits / there];
  return { p, r, f: p + r === 0 ? 0 : (2 * p * r) / (p + r), there };
}

describe.each([1, 4, 30])("metrics of classes in batches of %i", (batchSize) => {
  it("are those of all rows that count", async () => {
    const measured = await trainerOf(losses.crossEntropy).measure(
      classes,
      {
        accuracy: metrics.accuracy(),
        second: metrics.topK(2),
        all: metrics.topK(CLASSES),
        perplexity: metrics.perplexity(),
        confusion: metrics.confusionMatrix(),
        precision: metrics.precision(),
        recall: metrics.recall(),
        f1: metrics.f1(),
        weighted: metrics.f1({ average: "weighted" }),
        micro: metrics.precision({ average: "micro" }),
      },
      { batchSize },
    );
    const hits = countOf((row) => row.label === row.found);
    expect(measured.accuracy).toBeCloseTo(hits / rows.length, 12);
    expect(measured.micro).toBeCloseTo(hits / rows.length, 12);
    expect(measured.all).toBe(1);
    const inTwo = rows.filter(({ label, i }) => {
      const own = logits[i] ?? [];
      return own.filter((x) => x > (own[label] ?? 0)).length < 2;
    });
    expect(measured.second).toBeCloseTo(inTwo.length / rows.length, 12);
    const loss = rows.map(({ label, i }) => {
      const own = logits[i] ?? [];
      return Math.log(own.reduce((sum, x) => sum + Math.exp(x), 0)) - (own[label] ?? 0);
    });
    const mean = loss.reduce((a, b) => a + b, 0) / loss.length;
    expect(measured.perplexity).toBeCloseTo(Math.exp(mean), 5);
    expect(measured.confusion).toEqual(
      Array.from({ length: CLASSES }, (_, label) =>
        Array.from({ length: CLASSES }, (_, c) =>
          countOf((row) => row.label === label && row.found === c),
        ),
      ),
    );
    const known = [0, 1, 2].map(perClass);
    const meanOf = (of: (one: ReturnType<typeof perClass>) => number) =>
      known.reduce((sum, one) => sum + of(one), 0) / 3;
    expect(measured.precision).toBeCloseTo(
      meanOf(({ p }) => p),
      12,
    );
    expect(measured.recall).toBeCloseTo(
      meanOf(({ r }) => r),
      12,
    );
    expect(measured.f1).toBeCloseTo(
      meanOf(({ f }) => f),
      12,
    );
    const weighted = known.reduce((sum, { f, there }) => sum + f * there, 0) / rows.length;
    expect(measured.weighted).toBeCloseTo(weighted, 12);
  });

  it("are those of two classes, ties and all", async () => {
    const measured = await trainerOf(losses.binaryCrossEntropyWithLogits).measure(
      pairs,
      {
        auc: metrics.rocAuc(),
        precision: metrics.precision(),
        recall: metrics.recall({ threshold: 0.5 }),
        confusion: metrics.confusionMatrix(),
      },
      { batchSize },
    );
    let [won, all] = [0, 0];
    for (const [i, a] of scores.entries())
      for (const [k, b] of scores.entries()) {
        if (positives[i] !== 1 || positives[k] !== 0) continue;
        all++;
        won += a > b ? 1 : a === b ? 0.5 : 0;
      }
    expect(measured.auc).toBeCloseTo(won / all, 12);
    const count = (is: (score: number, target: number) => boolean) =>
      scores.filter((s, i) => is(s, positives[i] ?? 0)).length;
    const right = count((s, t) => s >= 0 && t === 1);
    expect(measured.precision).toBeCloseTo(right / count((s) => s >= 0), 12);
    const high = count((s, t) => s >= 0.5 && t === 1);
    expect(measured.recall).toBeCloseTo(high / count((_, t) => t === 1), 12);
    expect(measured.confusion[1]?.[1]).toBe(right);
  });

  it("of numbers keep their digits far from 0", async () => {
    const far = {
      x: column(
        scores.map((s) => s + 1000),
        "f32",
      ),
      y: column(
        scores.map((s, i) => s + 1000 + wave(i, 2) / 8),
        "f32",
      ),
    };
    const measured = await trainerOf(losses.meanSquaredError).measure(
      far,
      { r2: metrics.r2(), mae: metrics.mae(), rmse: metrics.rmse(), mse: metrics.mse() },
      { batchSize },
    );
    const [x, y] = [[...far.x.data], [...far.y.data]];
    const middle = y.reduce((a, b) => a + b, 0) / y.length;
    const total = (of: (t: number, i: number) => number) =>
      y.reduce((sum, t, i) => sum + of(t, i), 0);
    const squares = total((t, i) => (t - (x[i] ?? 0)) ** 2);
    expect(measured.r2).toBeCloseTo(1 - squares / total((t) => (t - middle) ** 2), 4);
    expect(measured.mae).toBeCloseTo(total((t, i) => Math.abs(t - (x[i] ?? 0))) / y.length, 6);
    expect(measured.mse).toBeCloseTo(squares / y.length, 6);
    expect(measured.rmse).toBeCloseTo(Math.sqrt(squares / y.length), 6);
  });
});

describe("metrics of a Trainer", () => {
  it("are reported with every step, and over all of the validation", async () => {
    const model = nn.sequential(nn.linear(CLASSES, CLASSES, { seed: 1 }));
    const trainer = new Trainer(model, {
      loss: losses.crossEntropy,
      optimizer: optim.sgd({ learningRate: 0.1 }),
      metrics: { accuracy: losses.accuracy, f1: metrics.f1(), second: metrics.topK(2) },
    });
    const history = await trainer.fit(classes, { batchSize: 8, validation: classes });
    const [last] = history.epochs;
    expect(last?.metrics.f1).toBeGreaterThanOrEqual(0);
    expect(last?.metrics.second).toBeLessThanOrEqual(1);
    const whole = await trainer.evaluate(classes, { batchSize: 30 });
    expect(last?.validation?.f1).toBeCloseTo(whole.f1 ?? 0, 12);
    const { f1 } = await trainer.measure(classes, { f1: metrics.f1() }, { batchSize: 30 });
    expect(whole.f1).toBe(f1);
  });

  it("may be of model and batch", async () => {
    const model = identity();
    const error = metrics.mae();
    const trainer = new Trainer(model, {
      batch: { x: "f32", y: "f32" },
      loss: (model, { x, y }) => losses.meanSquaredError(model(x), y),
      metrics: { mae: { ...error, parts: (model, { x, y }) => error.parts(model(x), y) } },
      optimizer: optim.sgd({ learningRate: 0 }),
    });
    const { mae } = await trainer.evaluate(pairs, { batchSize: 7 });
    const gaps = scores.map((s, i) => Math.abs(s - (positives[i] ?? 0)));
    expect(mae).toBeCloseTo(gaps.reduce((a, b) => a + b, 0) / ROWS, 6);
  });

  it("are NaN where nothing counts", async () => {
    const none = {
      ...classes,
      y: column(
        labels.map(() => -1),
        "i32",
      ),
    };
    const measured = await trainerOf(losses.crossEntropy).measure(
      none,
      { accuracy: metrics.accuracy(), f1: metrics.f1(), perplexity: metrics.perplexity() },
      { batchSize: 10 },
    );
    expect(measured).toEqual({ accuracy: Number.NaN, f1: Number.NaN, perplexity: Number.NaN });
  });

  it("of two classes take i32 targets of the outputs' shape, as the losses do", async () => {
    const asked = { auc: metrics.rocAuc(), f1: metrics.f1(), matrix: metrics.confusionMatrix() };
    const trainer = trainerOf(losses.binaryCrossEntropyWithLogits);
    const whole = { x: pairs.x, y: column(positives, "i32") };
    expect(await trainer.measure(whole, asked, { batchSize: 4 })).toEqual(
      await trainer.measure(pairs, asked, { batchSize: 4 }),
    );
  });

  it("of two classes count −1 as the other one, whatever its dtype", async () => {
    const signs = positives.map((one) => 2 * one - 1);
    const asked = { auc: metrics.rocAuc(), f1: metrics.f1(), accuracy: metrics.accuracy() };
    const loss = (x: Tensor) => losses.meanSquaredError(x, x);
    const measured = await trainerOf(loss).measure(pairs, asked, { batchSize: 4 });
    for (const dtype of ["f32", "i32"] as const) {
      const data = { x: pairs.x, y: column(signs, dtype) };
      expect(await trainerOf(loss).measure(data, asked, { batchSize: 4 })).toEqual(measured);
    }
    const right = scores.filter((s, i) => (s >= 0 ? 1 : 0) === positives[i]).length;
    expect(measured.accuracy).toBeCloseTo(right / ROWS, 12);
  });

  it("accuracy of [..., 1] and of probabilities is that of two classes and of the likeliest", async () => {
    const loss = (x: Tensor) => losses.meanSquaredError(x, x);
    const row = {
      x: column(
        scores.map((s) => [s]),
        "f32",
      ),
      y: column(
        positives.map((p) => [p]),
        "f32",
      ),
    };
    const at = { accuracy: metrics.accuracy({ threshold: 0.5 }) };
    const high = scores.filter((s, i) => (s >= 0.5 ? 1 : 0) === positives[i]).length;
    const two = await trainerOf(loss).measure(row, at, { batchSize: 7 });
    expect(two.accuracy).toBeCloseTo(high / ROWS, 12);
    const shares = labels.map((label) =>
      Array.from({ length: CLASSES }, (_, c) => (c === Math.max(0, label) ? 0.7 : 0.1)),
    );
    const soft = { x: classes.x, y: column(shares, "f32") };
    const hits = logits.filter((_, i) => (found[i] ?? 0) === Math.max(0, labels[i] ?? 0)).length;
    // The Trainer's own, of losses.crossEntropy, too.
    const trainer = trainerOf(losses.crossEntropy);
    const own = await trainer.evaluate(soft, { batchSize: 7 });
    expect(own.accuracy).toBeCloseTo(hits / ROWS, 6);
    const asked = await trainer.measure(soft, { accuracy: metrics.accuracy() }, { batchSize: 7 });
    expect(asked.accuracy).toBeCloseTo(hits / ROWS, 12);
    // Lists of them say what they are.
    const listed = await trainer.evaluate({ x: logits, y: shares }, { batchSize: 7 });
    expect(listed.loss).toBeCloseTo(own.loss, 6);
  });

  it("topK counts NaN as the largest, as argmax does", async () => {
    const none = Number.NaN;
    const rows = [
      [none, none, none],
      [none, 1, 2],
      [1, none, 2],
      [none, 1, 0],
    ];
    const asked = { one: metrics.topK(1), two: metrics.topK(2), all: metrics.accuracy() };
    const data = { x: column(rows, "f32"), y: column([2, 2, 0, 1], "i32") };
    const measured = await trainerOf(losses.crossEntropy).measure(data, asked, { batchSize: 3 });
    expect(measured).toEqual({ one: 0, two: 0.5, all: 0 });
  });

  it("are refused where they do not fit", async () => {
    const trainer = trainerOf(losses.crossEntropy);
    await expect(
      trainer.measure(classes, { auc: metrics.rocAuc() }, { batchSize: 5 }),
    ).rejects.toThrow(ShapeError);
    await expect(trainer.measure(classes, { f1: losses.accuracy } as never)).rejects.toThrow(
      "measure: metrics must be metrics by name, as { f1: metrics.f1() }; got",
    );
    expect(() => metrics.topK(0)).toThrow("topK: k must be a whole number of 1 or more; got 0.");
    expect(() => metrics.f1({ average: "mean" as never })).toThrow(ArgumentError);
    const off = trainerOf((x, y) => losses.meanSquaredError(add(x, 0), mul(y, 1)));
    await expect(
      off.measure({ x: classes.x, y: pairs.y }, { r2: metrics.r2() }, { batchSize: 5 }),
    ).rejects.toThrow("must have the same shape; got f32[5, 4] and f32[5]");
    const whole = { x: pairs.x, y: column(positives, "i32") };
    const free = trainerOf((x) => losses.meanSquaredError(x, x));
    await expect(free.measure(whole, { mae: metrics.mae() }, { batchSize: 5 })).rejects.toThrow(
      'mae: targets must be f32; got i32[5]. Say what the data is: { data, shape, dtype: "f32" }.',
    );
  });
});
