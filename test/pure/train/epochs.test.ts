/** What an epoch is reported to have come to: of all its steps, however they were cut, and no mean of means. */
import { beforeEach, describe, expect, it } from "vitest";
import { data, losses, metrics, nn, optim, Trainer } from "../../../src/index.ts";
import type { Fit, StepReport } from "../../../src/train/index.ts";
import { openCounting } from "../runtime/open.ts";
import { idsOf, WORDS } from "./sequences.ts";
import { measured } from "./trainings.ts";

beforeEach(() => {
  openCounting();
});

const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * i * 0.7));

const ROWS = 11;
/** Some rows do not count. */
const labels = Int32Array.from({ length: ROWS }, (_, i) => (i % 4 === 2 ? -1 : i % 3));
const examples = data.dataset({ x: { data: wave(ROWS * 2), shape: [ROWS, 2] }, y: labels });

const ofClasses = (learningRate: number) =>
  new Trainer(nn.linear(2, 3), {
    loss: losses.crossEntropy,
    optimizer: optim.sgd({ learningRate }),
    metrics: { accuracy: losses.accuracy, f1: metrics.f1(), perplexity: metrics.perplexity() },
  });

async function followed<M extends string>(fit: Fit<M>) {
  const reports: StepReport<M>[] = [];
  for await (const report of fit) reports.push(report);
  return { reports, history: await fit };
}

describe("an epoch of a model that does not change", () => {
  it.each([1, 4, 5, ROWS])("is what evaluate finds, in batches of %i", async (batchSize) => {
    const trainer = ofClasses(0);
    const { loss, ...scores } = await trainer.evaluate(examples, { batchSize: ROWS });
    const { epochs } = await trainer.fit(examples, { batchSize, epochs: 2 });
    expect(epochs).toHaveLength(2);
    for (const report of epochs) {
      expect(report.loss).toBeCloseTo(loss, 6);
      // Each batch's share is f32.
      expect(report.accuracy).toBeCloseTo(scores.accuracy, 7);
      expect(report.metrics.accuracy).toBe(report.accuracy);
      expect(report.metrics.f1).toBeCloseTo(scores.f1, 12);
      expect(report.metrics.perplexity).toBeCloseTo(scores.perplexity, 5);
    }
  });

  it("is so for losses that say their count, and metrics that join batches", async () => {
    const { options, data: given } = measured();
    const trainer = new Trainer(nn.linear(3, 2), {
      ...options,
      optimizer: optim.sgd({ learningRate: 0 }),
    });
    const { loss, ...scores } = await trainer.evaluate(given, { batchSize: 13 });
    const { epochs } = await trainer.fit(given, { batchSize: 5 });
    const [report] = epochs;
    expect(report?.loss).toBeCloseTo(loss, 6);
    const found: Readonly<Record<string, number>> = { ...report?.metrics };
    expect(Object.keys(found).sort()).toEqual(["auc", "mean", "r2", "recall"]);
    for (const [name, score] of Object.entries(scores)) expect(found[name]).toBeCloseTo(score, 5);
  });
});

describe("an epoch of a model that is trained", () => {
  it("weighs steps by the targets that count, and steps tell of themselves", async () => {
    const trainer = ofClasses(0.5);
    const options = { batchSize: 4, epochs: 2, shuffle: false, validation: examples };
    const { reports, history } = await followed(trainer.fit(examples, options));
    const counts = [3, 3, 2];
    const rows = reports.map(({ loss }, i) => loss * (counts[i % 3] ?? 0));
    expect(reports.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const [i, { loss, metrics: own, validation, epoch, step }] of history.epochs.entries()) {
      const mean = rows.slice(3 * i, 3 * i + 3).reduce((a, b) => a + b, 0) / 8;
      expect(loss).toBeCloseTo(mean, 12);
      expect([epoch, step]).toEqual([i + 1, 3 * i + 3]);
      const last = reports[3 * i + 2];
      // The last step is itself, and tells of the epoch besides.
      expect(last?.loss).not.toBeCloseTo(loss, 3);
      expect(last?.training).toEqual({ ...own, loss });
      expect(last?.validation).toEqual(validation);
    }
    expect(history.loss).toBe(reports[5]?.loss);
    const inside = reports.filter((_, i) => i % 3 < 2);
    expect(inside.map(({ training }) => training)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("is told to onEpoch, the same whether the device is waited for or not", async () => {
    const run = async (ahead: number) => {
      openCounting();
      const told: unknown[] = [];
      const history = await ofClasses(0.5).fit(examples, {
        batchSize: 4,
        epochs: 2,
        ahead,
        onEpoch: (report) => told.push(report),
      });
      expect(told).toEqual(history.epochs);
      return history;
    };
    expect(await run(0)).toEqual(await run(3));
  });

  it.each([
    ["windows", 4],
    ["stretches", { every: 3, back: 7 }],
  ])("of %s weighs them by their targets, padded ones left out", async (_, window) => {
    const model = nn.sequential(nn.embedding(WORDS, 3), nn.gru(3, 4), nn.linear(4, WORDS));
    const optimizer = optim.adam({ learningRate: 0.05 });
    const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer, window });
    const ids = idsOf(30);
    const { reports, history } = await followed(trainer.fit(ids, { batchSize: 2 }));
    const steps = typeof window === "number" ? window : window.every;
    // 29 targets in two rows of 15, of which the last lacks one.
    const counts = reports.map((_, i) => 2 * Math.min(steps, 15 - i * steps));
    counts.push((counts.pop() ?? 0) - 1);
    expect(counts.reduce((a, b) => a + b)).toBe(29);
    const total = reports.reduce((sum, { loss }, i) => sum + loss * (counts[i] ?? 0), 0);
    expect(history.epochs[0]?.loss).toBeCloseTo(total / 29, 12);
  });

  it("counts no step that was left out since it was not finite", async () => {
    const trainer = new Trainer(nn.linear(1, 1), {
      loss: losses.meanSquaredError,
      optimizer: optim.sgd({ learningRate: 0 }),
      metrics: { mae: metrics.mae() },
      whenNotFinite: "skip",
    });
    const batches = [[1], [Number.NaN], [2]].map((x) => ({ x: [x], y: [[5]] }));
    const { reports, history } = await followed(trainer.fit(() => batches));
    const [first, left, third] = reports.map(({ loss }) => loss);
    expect(left).toBeNaN();
    expect(history.epochs[0]?.loss).toBe(((first ?? 0) + (third ?? 0)) / 2);
    const off = new Trainer(nn.linear(1, 1), {
      loss: losses.meanSquaredError,
      optimizer: optim.sgd({ learningRate: 0 }),
      whenNotFinite: "off",
    });
    expect((await off.fit(() => batches)).epochs[0]?.loss).toBeNaN();
  });

  it("has all its steps also where it was left and gone on with", async () => {
    const run = async (until: number) => {
      openCounting();
      const trainer = ofClasses(0.5);
      const options = { batchSize: 2, untilEpoch: 2 };
      for await (const { step } of trainer.fit(examples, options)) if (step === until) break;
      return trainer.fit(examples, options);
    };
    const whole = await run(100);
    expect(await run(2)).toEqual(whole);
    expect(await run(9)).toEqual(whole);
  });

  it("costs no run of the device more, and no plan", async () => {
    const { device } = openCounting();
    const { options, data: given, fit } = measured();
    const trainer = new Trainer(nn.linear(3, 2), { ...options, recovery: false });
    await trainer.fit(given, { ...fit, batchSize: 13, untilEpoch: 4 });
    // A step an epoch.
    expect([device.runs, device.loads]).toEqual([4, 1]);
  });
});
