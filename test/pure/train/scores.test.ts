/** What Trainer.evaluate says of batches of which not every target counts. */
import { beforeEach, describe, expect, it } from "vitest";
import {
  abs,
  cast,
  equal,
  greater,
  mean,
  mul,
  sub,
  sum,
  type Tensor,
  tensor,
} from "../../../src/functions.ts";
import { losses, nn, optim, Trainer } from "../../../src/index.ts";
import type { LossFunction, Metrics, TrainingBatch } from "../../../src/train/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

const CLASSES = 3;

function trainerOf<M extends string>(
  loss: LossFunction,
  metrics?: Metrics<Tensor, Tensor, M>,
  outputs = CLASSES,
) {
  const model = nn.linear(2, outputs, { seed: 1 });
  const optimizer = optim.sgd({ learningRate: 0.1 });
  return new Trainer(model, { loss, optimizer, ...(metrics && { metrics }) });
}

const inputs = (count: number) => Float32Array.from({ length: 2 * count }, (_, i) => Math.sin(i));

/** Rows `from` … `to` of 12, in steps of `every` rows; `y` holds the targets of all. */
function pieces(y: readonly number[], every: number, dtype: "i32" | "f32"): TrainingBatch[] {
  const all = inputs(y.length);
  return Array.from({ length: y.length / every }, (_, n) => {
    const [from, to] = [n * every, (n + 1) * every];
    const part = y.slice(from, to);
    const data = dtype === "i32" ? Int32Array.from(part) : Float32Array.from(part);
    return {
      x: { data: all.slice(2 * from, 2 * to), shape: [every, 2], dtype: "f32" },
      y: { data, shape: dtype === "i32" ? [every] : [every, 1], dtype },
    };
  });
}

const scoresOf = <M extends string>(
  trainer: Trainer<Tensor, Tensor, Tensor, M>,
  data: readonly TrainingBatch[],
) => trainer.evaluate(() => data, { batchSize: 1 });

/** Sums of twelve f32 in another order. */
const DIGITS = 5;

describe("the scores of a pass", () => {
  // The first quarter has one label that counts, the second none.
  const padded = [-1, -1, 2, -1, -1, -1, 0, 1, 2, 0, 1, 1];

  it("are means over the labels that count, however the labels are cut into batches", async () => {
    const trainer = trainerOf(losses.crossEntropy);
    const whole = await scoresOf(trainer, pieces(padded, 12, "i32"));
    const logits = trainer.model(tensor(inputs(12), [12, 2]));
    const labels = tensor(Int32Array.from(padded));
    expect(whole.loss).toBeCloseTo(await losses.crossEntropy(logits, labels).item(), DIGITS);
    for (const every of [1, 2, 3, 6]) {
      const cut = await scoresOf(trainer, pieces(padded, every, "i32"));
      expect(cut.loss).toBeCloseTo(whole.loss, DIGITS);
      expect(cut.accuracy).toBeCloseTo(whole.accuracy ?? Number.NaN, DIGITS);
    }
  });

  it("weigh windows by their steps and rows", async () => {
    const ones = Array<number>(12)
      .fill(0)
      .map((_, i) => i / 3);
    const trainer = trainerOf(losses.meanSquaredError, {}, 1);
    const whole = await scoresOf(trainer, pieces(ones, 12, "f32"));
    const [first, ...rest] = pieces(ones, 4, "f32");
    const window = (piece: TrainingBatch | undefined, shape: readonly number[]): TrainingBatch => ({
      x: { data: piece?.x.data ?? new Float32Array(), shape: [...shape, 2], dtype: "f32" },
      y: { data: piece?.y.data ?? new Float32Array(), shape: [...shape, 1], dtype: "f32" },
    });
    // [1, 4] counts as much as [4, 1]: the first dimension alone says nothing.
    const cut = [window(first, [1, 4]), ...rest.map((piece) => window(piece, [4, 1]))];
    expect((await scoresOf(trainer, cut)).loss).toBeCloseTo(whole.loss, DIGITS);
  });

  it("are not a number where no target counts", async () => {
    const none = Array<number>(4).fill(-1);
    const scores = await scoresOf(trainerOf(losses.crossEntropy), pieces(none, 2, "i32"));
    expect(scores).toEqual({ loss: Number.NaN, accuracy: Number.NaN });
  });
});

describe("a loss or metric that is a sum and a count", () => {
  const targets = [0, 3, 0, 0, 1, 2, 0, 0, 0, 0, 5, 0];
  /** The mean over the targets above zero. */
  const missOfSome = (output: Tensor, y: Tensor) => {
    const counts = cast(greater(y, 0), "f32");
    return { sum: sum(mul(abs(sub(output, y)), counts)), count: sum(counts) };
  };
  const share = (_: Tensor, y: Tensor) => mean(cast(equal(y, 0), "f32"));

  it("is weighed by its own count, and others beside it by theirs", async () => {
    const trainer = trainerOf(missOfSome, { missOfSome, share }, 1);
    const whole = await scoresOf(trainer, pieces(targets, 12, "f32"));
    const output = trainer.model(tensor(inputs(12), [12, 2]));
    const { sum: total, count } = missOfSome(output, tensor(targets, [12, 1]));
    expect(await count.item()).toBe(4);
    expect(whole.loss).toBeCloseTo((await total.item()) / 4, DIGITS);
    for (const every of [1, 2, 4]) {
      const cut = await scoresOf(trainer, pieces(targets, every, "f32"));
      expect(cut.loss).toBeCloseTo(whole.loss, DIGITS);
      expect(cut.missOfSome).toBeCloseTo(whole.loss, DIGITS);
      expect(cut.share).toBeCloseTo(8 / 12, DIGITS);
    }
  });

  it("trains as its quotient does, and as 0 where nothing counts", async () => {
    const quotient = (output: Tensor, y: Tensor) => {
      const { sum: total } = missOfSome(output, y);
      return mul(total, 1 / 4);
    };
    const reports: (readonly number[])[] = [];
    for (const loss of [missOfSome, quotient]) {
      const trainer = trainerOf(loss, { missOfSome }, 1);
      const data = [...pieces(targets, 12, "f32"), ...pieces([0, 0], 2, "f32")];
      for await (const { step, ...report } of trainer.fit(() => data, { batchSize: 1 })) {
        reports.push([step, report.loss, report.gradientNorm, report.metrics.missOfSome ?? -1]);
      }
    }
    const [first = [], empty, same = []] = reports;
    expect(first[1]).toBeGreaterThan(0);
    expect(first[3]).toBe(first[1]);
    expect(empty).toEqual([2, 0, 0, 0]);
    for (const [i, number] of first.entries()) {
      expect(number).toBeCloseTo(same[i] ?? Number.NaN, DIGITS);
    }
  });
});
