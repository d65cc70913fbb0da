/** Data says which of its dimensions is time, and a Trainer compares that with what the model takes for it. */
import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/errors.ts";
import { transpose } from "../../../src/functions.ts";
import { data, losses, nn, optim, Trainer } from "../../../src/index.ts";
import type { TrainingData } from "../../../src/train/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

const SIZE = 4;
/** As many sequences as steps: no size tells which is which. */
const ids = Array.from({ length: SIZE }, (_, b) =>
  Array.from({ length: SIZE }, (__, t) => (b + t) % 5),
);

const layers = (batchFirst: boolean, kind: "lstm" | "gru" | "rnn" = "lstm") => [
  nn.embedding(5, 3),
  nn.dropout(0.1),
  nn.linear(3, 3),
  nn.relu(),
  nn[kind](3, 3, { batchFirst }),
];
const tagger = (batchFirst: boolean) =>
  nn.sequential(nn.sequential(...layers(batchFirst)), nn.linear(3, 5));
const reader = (batchFirst: boolean) =>
  nn.sequential(...layers(batchFirst, "gru"), nn.lastStep({ batchFirst }), nn.linear(3, 5));

const trainerOf = (model: nn.Module, window?: number) =>
  new Trainer(model, {
    loss: losses.crossEntropy,
    optimizer: optim.adam({ learningRate: 0.1 }),
    ...(window !== undefined && { window }),
  });

const padded = (batchFirst: boolean) => data.padSequences(ids, { batchFirst }).values;
const labels = [0, 1, 2, 3];

async function stepsOf(model: nn.Module, given: TrainingData, window?: number) {
  return (await trainerOf(model, window).fit(given, { batchSize: SIZE })).steps;
}

describe("data of functions of gradgpu/data", () => {
  it("says which dimension is time", () => {
    expect(padded(true).time).toBe(1);
    expect(padded(false).time).toBe(0);
    const examples = data.dataset({ x: padded(true), y: labels });
    const [batch] = data.batches(examples, { batchSize: 2 });
    expect(batch?.x.time).toBe(1);
  });

  it("is refused as examples where time comes first", () => {
    expect(() => data.dataset({ x: padded(false), y: padded(false) })).toThrow(ArgumentError);
    expect(() => data.dataset({ x: padded(false), y: padded(false) })).toThrow(/batchFirst: true/);
  });
});

describe("examples [B, T]", () => {
  const examples = () => data.dataset({ x: padded(true), y: padded(true) });

  it("train a model whose layers are batchFirst", async () => {
    expect(await stepsOf(tagger(true), examples())).toBe(1);
    expect(await stepsOf(reader(true), { x: ids, y: labels })).toBe(1);
  });

  it("are refused by one whose layers take time first, though the sizes fit", async () => {
    for (const given of [examples(), { x: ids, y: ids }, [{ x: padded(true), y: padded(true) }]]) {
      const fit = stepsOf(tagger(false), given);
      await expect(fit).rejects.toThrow(/\[B, T, …\], for a model of \[T, B, …\].*batchFirst/);
      await expect(fit).rejects.toBeInstanceOf(ArgumentError);
    }
    await expect(stepsOf(reader(false), { x: ids, y: labels })).rejects.toThrow(/batchFirst/);
    const evaluation = trainerOf(tagger(false)).evaluate(examples(), { batchSize: SIZE });
    await expect(evaluation).rejects.toThrow(/batchFirst/);
    await expect(trainerOf(tagger(false)).predict(padded(true))).rejects.toThrow(
      /predict.*batchFirst/,
    );
  });

  it("train a module of one's own, which may turn them", async () => {
    const inner = tagger(false);
    const turned = nn.module("turned", {
      children: { inner },
      stateShapes: () => [],
      step: (x) => ({ y: transpose(inner(transpose(x, [1, 0])), [1, 0, 2]), state: [] }),
    });
    expect(await stepsOf(turned, examples())).toBe(1);
    expect(await stepsOf(nn.sequential(turned), examples())).toBe(1);
  });
});

/** A convolution over lines [N, L, C], which looks back only: a Trainer fed it windows that lay the other way round. */
const lines = (batchFirst: boolean) =>
  nn.sequential(
    nn.embedding(5, 3),
    nn.conv1d(3, 3, 2, { padding: [1, 0] }),
    nn.lstm(3, 3, { batchFirst }),
    nn.linear(3, 5),
  );

describe("layers of lines", () => {
  it("take their lines for time", async () => {
    const convolutions = [nn.conv1d(1, 1, 2), nn.conv1dTranspose(1, 1, 2)];
    for (const layer of [...convolutions, nn.maxPool1d(2), nn.avgPool1d(2)]) {
      expect(layer.timeAxis).toBe(1);
    }
    // Rows of six steps, windows of two: what the model is given is told by its first layer.
    const shapes: string[] = [];
    const seen = nn.module("seen", {
      timeAxis: "any",
      inputDType: "i32",
      forward(x) {
        shapes.push(x.shape.join());
        return x;
      },
    });
    const steps = await stepsOf(
      nn.sequential(seen, nn.embedding(5, 3), nn.conv1d(3, 5, 2, { padding: [1, 0] })),
      Int32Array.from(ids.flat()),
      2,
    );
    expect(steps).toBeGreaterThan(0);
    expect(new Set(shapes)).toEqual(new Set([`${SIZE},2`]));
  });

  it("do not stand before layers that take the first dimension for time", () => {
    expect(() => lines(false)).toThrow(
      /^sequential: layers after each other must take the same dimension for time; got conv1d.*\[B, T, …\], before lstm.*\[T, B, …\],\. Make all with \{ batchFirst: true \}/,
    );
    expect(() => lines(false)).toThrow(ArgumentError);
    expect(() => nn.sequential(nn.gru(2, 2), nn.relu(), nn.lastStep({ batchFirst: true }))).toThrow(
      /same dimension for time/,
    );
    const turn = nn.module("turn", { forward: (x) => transpose(x, [1, 0, 2]) });
    expect(nn.sequential(nn.gru(2, 2), turn, nn.conv1d(2, 2, 1)).timeAxis).toBe(0);
  });
});

describe("data [T, B]", () => {
  it("trains a model that takes time first", async () => {
    expect(await stepsOf(tagger(false), [{ x: padded(false), y: padded(false) }])).toBe(1);
    expect(await stepsOf(tagger(false), Int32Array.from(ids.flat()), SIZE)).toBe(1);
  });

  it("trains one whose layers are batchFirst in windows, which are turned", async () => {
    const text = Int32Array.from(ids.flat());
    const stream = () => data.streamWindows([[text], [text]], { window: SIZE });
    for (const given of [text, stream]) {
      expect(await stepsOf(tagger(true), given, SIZE)).toBeGreaterThan(0);
    }
  });

  it("is refused by such a one where it stands for itself", async () => {
    for (const window of [undefined, SIZE]) {
      const fit = stepsOf(tagger(true), [{ x: padded(false), y: padded(false) }], window);
      await expect(fit).rejects.toThrow(
        /\[T, B, …\], for a model of \[B, T, …\].*without batchFirst/,
      );
    }
  });
});
