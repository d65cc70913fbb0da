/** Labels of classes and ids of rows that there are none of: refused on the host, before a step sees them. */
import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/errors.ts";
import { cast, concat, reshape, slice, type Tensor, transpose } from "../../../src/functions.ts";
import { data, losses, nn, optim, Trainer } from "../../../src/index.ts";
import type { LossFunction } from "../../../src/train/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

const optimizer = () => optim.adam({ learningRate: 0.1 });
const classifier = (loss: LossFunction = losses.crossEntropy) =>
  new Trainer(nn.linear(2, 3, { seed: 1 }), { loss, optimizer: optimizer(), metrics: {} });

const x = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
const labelled = (...y: number[]) =>
  data.dataset({ x: { data: x.slice(0, 2 * y.length), shape: [y.length, 2] }, y });

const weights = async ({ model }: Trainer) =>
  Object.values(await model.stateDict()).flatMap(({ data }) => [...data]);

describe("a label beyond the last class", () => {
  it("is refused with row, value and range, and nothing has been trained on", async () => {
    const trainer = classifier();
    const before = await weights(trainer);
    const fit = trainer.fit(labelled(0, 1, 5, 2), { batchSize: 4, shuffle: false });
    await expect(fit).rejects.toThrow(
      /label must be less than the 3 classes.*got 5 in row 2 of y i32\[4\], example 2/,
    );
    await expect(fit).rejects.toBeInstanceOf(ArgumentError);
    expect(await weights(trainer)).toEqual(before);
    expect(trainer.step).toBe(0);
    expect((await trainer.fit(labelled(0, 1, 2, 2), { batchSize: 4 })).steps).toBe(1);
  });

  it("is refused where labels count from 1", async () => {
    const fit = classifier().fit(labelled(1, 2, 3), { batchSize: 3 });
    await expect(fit).rejects.toThrow(/got 3 in row/);
  });

  it("is refused in a later batch too, named by its example", async () => {
    const trainer = classifier();
    const fit = trainer.fit(labelled(0, 1, 2, 1, 0, 9), { batchSize: 2, shuffle: false });
    await expect(fit).rejects.toThrow(/got 9 in row 1 of y i32\[2\], example 5/);
    expect(trainer.step).toBe(2);
  });

  it("is refused by evaluate, at every form of batch", async () => {
    const trainer = classifier();
    await trainer.evaluate(labelled(0, 1), { batchSize: 2 });
    await expect(trainer.evaluate(labelled(0, 3), { batchSize: 2 })).rejects.toThrow(/got 3/);
    await expect(trainer.evaluate(labelled(0, 1, 3), { batchSize: 3 })).rejects.toThrow(/got 3/);
  });

  it("is seen behind a loss of one's own, as far as labels are only moved", async () => {
    const own: LossFunction = (output, y) => losses.crossEntropy(output, reshape(y, [-1]));
    const batch = { x: [[1, 2]], y: { data: Int32Array.of(7), shape: [1, 1] } };
    await expect(classifier(own).fit([batch])).rejects.toThrow(/got 7 in \[0, 0\] of y/);
  });

  it("does not pass where it is one of several evaluations that run at once", async () => {
    const trainer = classifier();
    const all = [labelled(0, 1), labelled(0, 4), labelled(1, 2)];
    const ends = await Promise.allSettled(
      all.map((one) => trainer.evaluate(one, { batchSize: 2 })),
    );
    expect(ends.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });
});

describe("a label below 0", () => {
  it("is ignored, as documented", async () => {
    const history = await classifier().fit(labelled(0, -1, -7, 2), { batchSize: 4 });
    expect(Number.isFinite(history.loss)).toBe(true);
  });
});

describe("an id beyond the last row of the embedding", () => {
  const model = () =>
    nn.sequential(
      nn.embedding(5, 2, { seed: 1 }),
      nn.lstm(2, 2, { seed: 2 }),
      nn.linear(2, 5, { seed: 3 }),
    );
  const trainer = (window: number | { every: number; back: number }) =>
    new Trainer(model(), { loss: losses.crossEntropy, optimizer: optimizer(), window });
  const text = (...ids: number[]) => Int32Array.from(ids);

  it.each([4, { every: 4, back: 10 }])("is refused with its place, window %j", async (window) => {
    const fit = trainer(window).fit(text(0, 1, 2, 3, 4, 0, 1, 6, 3), { batchSize: 1 });
    await expect(fit).rejects.toThrow(/(id|label) must be less than the 5.*got 6 in \[\d, 0\] of/);
  });

  it("is refused by predict, of lists and at any length", async () => {
    const model = nn.sequential(nn.embedding(5, 2), nn.flatten(), nn.linear(4, 2));
    const one = new Trainer(model, { loss: losses.crossEntropy, optimizer: optimizer() });
    await expect(one.predict([[1, 5]])).rejects.toThrow(/predict: an id.*got 5 in \[0, 1\] of x/);
    await one.predict([[1, 4]]);
    await expect(
      one.predict([
        [1, 4],
        [9, 0],
      ]),
    ).rejects.toThrow(/got 9 in \[1, 0\]/);
  });

  it("below 0 is padding, as documented", async () => {
    const { values } = data.padSequences([[1, 2, 3], [4]]);
    const y = { data: Int32Array.of(1, 2, 3, -1, 4, -1), shape: [3, 2] };
    expect((await trainer(4).fit([{ x: values, y, start: true }])).steps).toBe(1);
  });

  it("does not concern columns that are looked up elsewhere, or not at all", async () => {
    const small = nn.embedding(3, 2);
    const large = nn.embedding(50, 2);
    const head = nn.linear(5, 2);
    const column = (ids: Tensor, at: number) =>
      reshape(slice(ids, [0, at], [ids.shape[0] ?? 0, 1]), [-1]);
    const model = nn.module("columns", {
      children: { small, large, head },
      inputDType: "i32",
      forward: (ids) =>
        head(
          concat(
            [
              small(column(ids, 0)),
              large(column(ids, 1)),
              cast(slice(ids, [0, 2], [ids.shape[0] ?? 0, 1]), "f32"),
            ],
            1,
          ),
        ),
    });
    const one = new Trainer(model, { loss: losses.crossEntropy, optimizer: optimizer() });
    expect((await one.fit({ x: [[2, 49, 1000]], y: [1] }, { batchSize: 1 })).steps).toBe(1);
  });

  it("is found behind a transposition", async () => {
    const inner = nn.embedding(5, 2);
    const head = nn.linear(4, 2);
    const model = nn.module("turned", {
      children: { inner, head },
      forward: (ids) => head(reshape(inner(transpose(ids, [1, 0])), [-1, 4])),
    });
    const one = new Trainer(model, { loss: losses.crossEntropy, optimizer: optimizer() });
    await expect(one.fit({ x: [[1, 8]], y: [1] }, { batchSize: 1 })).rejects.toThrow(/got 8/);
  });
});
