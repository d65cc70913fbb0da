/** Windows for models of [B, T, …]: the same training as time first, and data that lies the other way round. */
import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/errors.ts";
import { losses, nn, optim, Trainer } from "../../../src/index.ts";
import type { TrainingBatch, TrainingData, Window } from "../../../src/train/index.ts";
import { openCounting } from "../runtime/open.ts";
import { block, blocks, idsOf, WORDS } from "./sequences.ts";

beforeEach(() => {
  openCounting();
});

const languageModel = (batchFirst: boolean) =>
  nn.sequential(
    nn.embedding(WORDS, 5, { seed: 1 }),
    nn.lstm(5, 6, { seed: 2, batchFirst }),
    nn.linear(6, WORDS, { seed: 3 }),
  );

const trainerFor = (model: nn.Module, window: Window) =>
  new Trainer(model, {
    loss: losses.crossEntropy,
    optimizer: optim.sgd({ learningRate: 0.5 }),
    window,
    metrics: {},
  });

/** The losses of every step, and one of an evaluation behind them. */
async function trained(batchFirst: boolean, window: Window, data: TrainingData): Promise<number[]> {
  const trainer = trainerFor(languageModel(batchFirst), window);
  const found: number[] = [];
  const options = data instanceof Int32Array ? { batchSize: 2 } : {};
  for await (const { loss } of trainer.fit(data, options)) found.push(loss);
  const { loss } = await trainer.evaluate(data, options);
  return [...found, loss];
}

/** [T, B] as [B, T]. */
function turned({ x, y, start }: TrainingBatch): TrainingBatch {
  const turn = ({ data, shape: [T = 0, B = 0] }: TrainingBatch["x"]) => ({
    data: Int32Array.from({ length: T * B }, (_, i) => data[(i % T) * B + Math.floor(i / T)] ?? 0),
    shape: [B, T],
    dtype: "i32" as const,
  });
  return { x: turn(x), y: turn(y), start };
}

function expectAlike(own: readonly number[], others: readonly number[]) {
  expect(own.length).toBeGreaterThan(2);
  expect(own.length).toBe(others.length);
  // Sums of some 10 losses in another order, over some 8 updates.
  own.forEach((loss, i) => {
    expect(Math.abs(loss - (others[i] ?? 0))).toBeLessThan(1e-5);
  });
}

const windows: readonly Window[] = [3, { every: 3, back: 8 }, { every: 3, back: 6 }];

describe.each(windows.map((window) => [JSON.stringify(window), window] as const))(
  "a model of [B, T, …] in windows of %s",
  (_, window) => {
    it("is trained with a text as one of [T, B, …] is", async () => {
      const text = idsOf(40);
      expectAlike(await trained(true, window, text), await trained(false, window, text));
    });

    it("takes windows that lie as it does, rows of which begin by themselves", async () => {
      const rows = [idsOf(25, 1), idsOf(25, 2)];
      const data = blocks(rows, 3).map((one, n) =>
        n === 4 ? { ...one, start: [false, true] } : one,
      );
      expectAlike(
        await trained(true, window, data.map(turned)),
        await trained(false, window, data),
      );
    });
  },
);

it("goes on from its saved state as if it had never stopped", async () => {
  const data = blocks([idsOf(25, 1), idsOf(25, 2)], 3).map(turned);
  const window = { every: 3, back: 8 };
  const whole = await trained(true, window, data);
  const model = languageModel(true);
  const first = trainerFor(model, window);
  const found: number[] = [];
  for await (const { loss } of first.fit(data.slice(0, 4), {})) found.push(loss);
  const second = trainerFor(model, window);
  second.loadState(await first.state());
  for await (const { loss } of second.fit(data.slice(4), {})) found.push(loss);
  expect(found).toEqual(whole.slice(0, -1));
});

describe("a window that lies the other way round", () => {
  const rows = [1, 2, 3, 4].map((seed) => idsOf(25, seed));
  const wide = block(rows, 0, 6, true);
  const fitted = (batchFirst: boolean, window: Window, batch: TrainingBatch) => async () => {
    for await (const _ of trainerFor(languageModel(batchFirst), window).fit([batch], {}));
  };

  it.each([
    [
      "by the window's steps, time first",
      fitted(false, 6, turned(block([...rows, ...rows], 0, 6, true))),
      "fit: a window must lie as the model takes it, [T, B, …]; got x i32[8, 6] with windows of 6 steps. Turn it, or make the recurrent layers with { batchFirst: true }.",
    ],
    [
      "by the rows that begin, time first",
      fitted(false, 8, turned({ ...wide, start: [true, true, true, true] })),
      "got x i32[4, 6] with a start for each of 4 rows",
    ],
    [
      "by the rows that begin, batch first",
      fitted(true, 8, { ...wide, start: [true, true, true, true] }),
      "fit: a window must lie as the model takes it, [B, T, …]; got x i32[6, 4] with a start for each of 4 rows. Turn it, or make the recurrent layers without batchFirst.",
    ],
  ])("is caught %s", async (_, call, message) => {
    await expect(call()).rejects.toThrow(ArgumentError);
    await expect(call()).rejects.toThrow(message);
  });
});

it("examples with a target each are caught in a model that takes the first dimension for time", async () => {
  const model = nn.sequential(
    nn.embedding(WORDS, 5),
    nn.lstm(5, 6),
    nn.lastStep(),
    nn.linear(6, WORDS),
  );
  const batch = {
    x: { data: idsOf(12), shape: [4, 3], dtype: "i32" as const },
    y: { data: idsOf(4), shape: [4], dtype: "i32" as const },
  };
  const call = async () => {
    for await (const _ of trainerFor(model, 4).fit([batch], {}));
  };
  await expect(call()).rejects.toThrow(
    "fit: the model must take for time what is time in the data; got x i32[4, 3], which is [B, T, …], for a model of [T, B, …].",
  );
});
