/** What a gradient of truncated back-propagation through time is made of. */
import { beforeEach, describe, expect, it } from "vitest";
import { add, type Tensor } from "../../../src/functions.ts";
import { losses, type nn, optim, Trainer } from "../../../src/index.ts";
import type { TrainingBatch, Window } from "../../../src/train/index.ts";
import { openCounting } from "../runtime/open.ts";
import {
  block,
  blocks,
  byHand,
  constants,
  distance,
  flat,
  idsOf,
  idsTensor,
  languageModel,
  recorder,
  stateAfter,
} from "./sequences.ts";

beforeEach(() => {
  openCounting();
});

/** f32 sums of up to 24 steps in another order: 24 · 2⁻²⁴ = 1.4e-6, and a little for what is cancelled. */
const TOLERANCE = 1e-5;

/** The gradient of every update over `data`, parameters left as they are, and its loss. */
async function gradientsOf(model: nn.Module, window: Window, data: readonly TrainingBatch[]) {
  const { optimizer, read } = recorder();
  const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer, window, metrics: {} });
  const updates: { gradient: number[]; loss: number }[] = [];
  for (const batch of data) {
    for await (const { loss } of trainer.fit(() => [batch], { batchSize: 1 })) {
      updates.push({ gradient: await read(), loss });
    }
  }
  return updates;
}

async function expected(pair: ReturnType<typeof byHand>) {
  const [loss, gradients] = pair;
  return { loss: await loss.item(), gradient: await flat(gradients.values()) };
}

describe("a window", () => {
  it("that covers the sequence has the gradient of full back-propagation through time", async () => {
    const model = languageModel();
    const ids = idsOf(25);
    const [update] = await gradientsOf(model, 24, blocks([ids], 24));
    const full = await expected(byHand(model, { ids, from: 0, to: 24, counted: 0 }));
    expect(distance(update?.gradient ?? [], full.gradient)).toBeLessThan(TOLERANCE);
    expect(update?.loss).toBeCloseTo(full.loss, 5);
  });

  it("that does not has, with those of the other windows, the sum of the blocks' own gradients", async () => {
    const model = languageModel();
    const ids = idsOf(25);
    const updates = await gradientsOf(model, 8, blocks([ids], 8));
    const total = updates.reduce<number[]>(
      (sum, { gradient }) => gradient.map((value, i) => value + (sum[i] ?? 0)),
      [],
    );
    const starts = [0, 8, 16];
    const states = await Promise.all(starts.map((from) => stateAfter(model, ids, from)));
    const own = starts.map((from, n) => {
      const state = states[n];
      const stretch = { ids, from, to: from + 8, counted: from };
      return byHand(model, state === undefined ? stretch : { ...stretch, state })[1];
    });
    const sums = model.parameters().map((parameter) =>
      own
        .map((gradients) => gradients.get(parameter))
        .filter((gradient) => gradient !== undefined)
        .reduce((a: Tensor, b: Tensor) => add(a, b)),
    );
    expect(updates.length).toBe(3);
    expect(distance(total, await flat(sums))).toBeLessThan(TOLERANCE);
    const full = await expected(byHand(model, { ids, from: 0, to: 24, counted: 0 }));
    // What is cut off is there to be missed.
    const third = total.map((value) => value / 3);
    expect(distance(third, full.gradient)).toBeGreaterThan(100 * TOLERANCE);
  });
});

const pairs: readonly Window[] = [
  { every: 4, back: 12 },
  { every: 5, back: 8 },
  { every: 3, back: 7 },
  { every: 1, back: 6 },
  { every: 4, back: 4 },
  { every: 8, back: 100 },
];

describe("{ every, back }", () => {
  it.each(pairs)("%j has the gradient worked out by hand, at every update", async (window) => {
    if (typeof window === "number") return expect.unreachable();
    const { every, back } = window;
    const model = languageModel();
    const ids = idsOf(25);
    const updates = await gradientsOf(model, window, blocks([ids], every));
    expect(updates.length).toBe(Math.floor(24 / every));
    for (const [n, update] of updates.entries()) {
      const to = (n + 1) * every;
      const from = Math.max(0, to - back);
      const state = await stateAfter(model, ids, from);
      const stretch = { ids, from, to, counted: to - every };
      const hand = await expected(
        byHand(model, state === undefined ? stretch : { ...stretch, state }),
      );
      expect(update.loss).toBeCloseTo(hand.loss, 5);
      expect(distance(update.gradient, hand.gradient)).toBeLessThan(TOLERANCE);
    }
  });

  it("reaching back over all blocks has, in sum, the gradient of full back-propagation", async () => {
    const model = languageModel();
    const ids = idsOf(25);
    const updates = await gradientsOf(model, { every: 6, back: 24 }, blocks([ids], 6));
    const mean = updates.reduce<number[]>(
      (sum, { gradient }) => gradient.map((value, i) => value / updates.length + (sum[i] ?? 0)),
      [],
    );
    const full = await expected(byHand(model, { ids, from: 0, to: 24, counted: 0 }));
    expect(distance(mean, full.gradient)).toBeLessThan(TOLERANCE);
  });

  it("begins each stretch from the state that an earlier step, with its own parameters, came to", async () => {
    const [every, back] = [4, 10];
    const ids = idsOf(33);
    const rate = 0.5;
    const model = languageModel();
    const trainer = new Trainer(model, {
      loss: losses.crossEntropy,
      optimizer: optim.sgd({ learningRate: rate }),
      window: { every, back },
    });
    for await (const _ of trainer.fit(() => blocks([ids], every), { batchSize: 1 }));

    const twin = languageModel();
    const optimizer = optim.sgd({ learningRate: rate });
    let held: nn.State | undefined;
    for (let n = 0; n < 8; n++) {
      const to = (n + 1) * every;
      const from = Math.max(0, to - back);
      const stretch = { ids, from, to, counted: to - every };
      const [, gradients] = byHand(
        twin,
        held === undefined ? stretch : { ...stretch, state: held },
      );
      const nextFrom = Math.max(0, to + every - back);
      if (nextFrom > from) {
        held = await constants(twin.step(idsTensor(ids.slice(from, nextFrom)), held).state);
      }
      optimizer.update(gradients);
      await flat(twin.parameters());
    }
    const [own, theirs] = [await flat(model.parameters()), await flat(twin.parameters())];
    expect(distance(own, theirs)).toBeLessThan(TOLERANCE);
    expect(distance(own, await flat(languageModel().parameters()))).toBeGreaterThan(0.1);
  });

  it("takes no gradient and no state across the beginning of a row's next sequence", async () => {
    const [every, back] = [3, 8];
    const model = languageModel();
    // Row 0 is one sequence of 18 steps; row 1 ends after 6 and goes on with another of 12.
    const [whole, first, second] = [idsOf(19), idsOf(7, 1), idsOf(13, 2)];
    const spliced = Int32Array.from([...first.subarray(0, 6), ...second]);
    const targets = Int32Array.from([...first, ...second.subarray(1)]);
    const data = Array.from({ length: 6 }, (_, n) => {
      const inputs = block([whole, spliced], n * 3, n * 3 + 3, [n === 0, n === 0 || n === 2]);
      const { y } = block([whole, targets], n * 3, n * 3 + 3, true);
      return { ...inputs, y };
    });
    const updates = await gradientsOf(model, { every, back }, data);
    for (const [n, update] of updates.entries()) {
      const rows = [
        { ids: whole, end: (n + 1) * 3 },
        n < 2 ? { ids: first, end: (n + 1) * 3 } : { ids: second, end: (n - 1) * 3 },
      ];
      const each = await Promise.all(
        rows.map(async ({ ids, end }) => {
          const from = Math.max(0, end - back);
          const state = await stateAfter(model, ids, from);
          const stretch = { ids, from, to: end, counted: end - every };
          return expected(byHand(model, state === undefined ? stretch : { ...stretch, state }));
        }),
      );
      const [a, b] = each;
      // Both rows have as many targets: the mean over all is the mean of theirs.
      const mean = (a?.gradient ?? []).map((value, i) => (value + (b?.gradient[i] ?? 0)) / 2);
      expect(update.loss).toBeCloseTo(((a?.loss ?? 0) + (b?.loss ?? 0)) / 2, 5);
      expect(distance(update.gradient, mean)).toBeLessThan(TOLERANCE);
    }
  });

  it("is one plan while a row has begun within reach, and another one from then on", async () => {
    const { device } = openCounting();
    const trainer = new Trainer(languageModel(), {
      loss: losses.crossEntropy,
      optimizer: optim.adam({ learningRate: 0.01 }),
      window: { every: 2, back: 9 },
    });
    const loads: number[] = [];
    const all = blocks([idsOf(31)], 2);
    for (const block of all) {
      for await (const { step } of trainer.fit(() => [block], { batchSize: 1 })) {
        loads[step] = device.loads;
      }
    }
    // 7 steps before a block reach into 4 blocks: the fifth is the first whose stretch has no beginning in it.
    const [first = 0] = loads.slice(1);
    expect(loads.slice(1)).toEqual(all.map((_, i) => first + (i < 4 ? 0 : 1)));
  });
});
