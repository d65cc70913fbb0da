/** Ending a training where its validation gets no better, and keeping a part of the examples for it. */
import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/errors.ts";
import { mul, square, sum, type Tensor, variable } from "../../../src/functions.ts";
import { losses, metrics, nn, optim, Trainer } from "../../../src/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

/** One number w, which a loss of w · 1 moves down by 1 in every step. */
function falling(start: number) {
  const w = variable([start], [1], "w");
  const model = nn.module("falling", {
    parameters: { w },
    // Evaluated it is w², which is best where w is nearest to 0.
    forward: (x: Tensor, { isTraining }) => (isTraining ? mul(x, w) : square(mul(x, w))),
  });
  const trainer = new Trainer(model, {
    loss: (output) => sum(output),
    optimizer: optim.sgd({ learningRate: 1 }),
    metrics: { up: (output) => mul(-1, sum(output)) },
  });
  return { w, trainer };
}

const one = { x: [[1]], y: [[0]] };
const options = { batchSize: 1, epochs: 20, validation: one };
const firstOf = async (w: { data(): Promise<ArrayLike<number>> }) => (await w.data())[0];

describe("earlyStopping", () => {
  it("ends after so many epochs that are no better, with the best weights", async () => {
    const { w, trainer } = falling(5.25);
    const history = await trainer.fit(one, { ...options, earlyStopping: { patience: 3 } });
    expect(history.best).toEqual({ epoch: 5, value: 0.25 ** 2 });
    expect(history.epochs).toHaveLength(9);
    expect(history.stoppedEarly).toBe(true);
    expect(await firstOf(w)).toBe(0.25);
  });

  it("counts from the first epoch that is no better where nothing is said", async () => {
    const { w, trainer } = falling(2.25);
    const earlyStopping = { on: "up", mode: "max", restore: false } as const;
    const history = await trainer.fit(one, { ...options, earlyStopping });
    expect(history.epochs).toHaveLength(3);
    expect(await firstOf(w)).toBe(-0.75);
  });

  it("keeps the best weights without ending anything where patience is endless", async () => {
    const { w, trainer } = falling(3.25);
    const earlyStopping = { patience: Number.POSITIVE_INFINITY };
    const reports = [];
    for await (const report of trainer.fit(one, { ...options, epochs: 8, earlyStopping }))
      reports.push(report);
    expect(reports).toHaveLength(8);
    expect(await firstOf(w)).toBe(0.25);
    expect(trainer.epoch).toBe(8);
  });

  it("asks for so much more than the best as the threshold says", async () => {
    const { trainer } = falling(5.25);
    const earlyStopping = { threshold: 5 };
    const history = await trainer.fit(one, { ...options, earlyStopping });
    // 18.06, 10.56, 5.06, then 1.56, which is less than 5 better.
    expect(history.best?.epoch).toBe(3);
    expect(history.epochs).toHaveLength(4);
  });

  it("is refused without validation, and for scores that there are not", async () => {
    const { trainer } = falling(1);
    await expect(
      trainer.fit(one, { batchSize: 1, earlyStopping: { patience: 1 } }),
    ).rejects.toThrow("fit: earlyStopping must have something to watch; got no validation.");
    await expect(
      trainer.fit(one, { ...options, earlyStopping: { on: "accuracy" as "loss" } }),
    ).rejects.toThrow(
      "fit: earlyStopping must watch one of the validation's scores, loss, up; got accuracy.",
    );
    const checkpoint = { to: "checkpoints", best: "validation.accuracy" } as never;
    await expect(trainer.fit(one, { ...options, checkpoint })).rejects.toThrow(
      "fit: checkpoint.best must be one of the validation's scores, loss, up; got accuracy.",
    );
    // Nothing was trained before that was found.
    expect([trainer.step, trainer.epoch]).toEqual([0, 0]);
    for (const wrong of [{ patience: -1 }, { patience: 0.5 }, { mode: "least" }, { until: 3 }, 3])
      await expect(trainer.fit(one, { ...options, earlyStopping: wrong as never })).rejects.toThrow(
        ArgumentError,
      );
  });
});

describe("a share as validation", () => {
  const trainerOf = () =>
    new Trainer(nn.linear(1, 1), {
      loss: losses.meanSquaredError,
      optimizer: optim.sgd({ learningRate: 0 }),
      metrics: { mse: metrics.mse() },
    });
  const x = Array.from({ length: 10 }, (_, i) => [i]);
  const y = x.map(([i = 0]) => [i * i]);

  it("is that of the last examples, which are not trained on", async () => {
    const trainer = trainerOf();
    const history = await trainer.fit({ x, y }, { batchSize: 2, validation: 0.2 });
    expect(history.steps).toBe(4);
    const last = { x: x.slice(8), y: y.slice(8) };
    const expected = await trainer.evaluate(last, { batchSize: 2 });
    expect(history.epochs[0]?.validation).toEqual(expected);
  });

  it("is a piece at the end of a text", async () => {
    const model = nn.sequential(nn.embedding(4, 2), nn.gru(2, 3), nn.linear(3, 4));
    const trainer = new Trainer(model, {
      loss: losses.crossEntropy,
      optimizer: optim.sgd({ learningRate: 0 }),
      window: 5,
    });
    const text = Int32Array.from({ length: 101 }, (_, i) => (i * i) % 4);
    const history = await trainer.fit(text, { batchSize: 2, validation: 0.2 });
    const expected = await trainer.evaluate(text.subarray(81), { batchSize: 2 });
    expect(history.epochs[0]?.validation).toEqual(expected);
  });

  it.each([0, 1, -0.5, 1.5, 0.99, Number.NaN])("is refused where it is %d", async (validation) => {
    await expect(trainerOf().fit({ x, y }, { batchSize: 2, validation })).rejects.toThrow(
      "fit: validation must be data, or a share between 0 and 1 that leaves something to train on; got",
    );
  });

  it("is refused of batches", async () => {
    const batches = () => [{ x, y }];
    await expect(trainerOf().fit(batches, { validation: 0.5 })).rejects.toThrow(
      "fit: validation must be data where what is trained on comes in batches; got 0.5.",
    );
  });
});
