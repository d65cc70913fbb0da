/** Stopping, saving, and going on with the same bits. */
import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../../src/errors.ts";
import { compile, uniform } from "../../../src/functions.ts";
import { losses, nn, optim, Trainer, type TrainerState } from "../../../src/index.ts";
import type { TrainingBatch, Window } from "../../../src/train/index.ts";
import { openCounting } from "../runtime/open.ts";
import { block, blocks, flat, idsOf, WORDS } from "./sequences.ts";

beforeEach(() => {
  openCounting();
});

const EVERY = 3;
const rows = [idsOf(37), idsOf(37, 1)];

/** Dropout is at work, so that the random numbers must go on as well. */
const model = (hidden = 5) =>
  nn.sequential(
    nn.embedding(WORDS, 4),
    nn.dropout(0.2),
    nn.lstm(4, hidden, { layers: 2, dropout: 0.2 }),
    nn.linear(hidden, WORDS),
  );

const optimizers = {
  adam: () => optim.adam({ learningRate: 0.02, clipNorm: 1 }),
  "sgd with momentum": () => optim.sgd({ learningRate: 0.1, momentum: 0.9 }),
};

function trainerOf(window: Window, optimizer = optimizers.adam(), hidden = 5) {
  return new Trainer(model(hidden), { loss: losses.crossEntropy, optimizer, window, metrics: {} });
}

/** Twelve windows; a row begins again in the middle. */
const data = (): TrainingBatch[] =>
  blocks(rows, EVERY).map((batch, n) => (n === 5 ? { ...batch, start: [false, true] } : batch));

async function lossesOf(trainer: Trainer, batches: readonly TrainingBatch[]) {
  const seen: number[] = [];
  for await (const { loss } of trainer.fit(() => batches, { batchSize: 2 })) seen.push(loss);
  return seen;
}

const parametersOf = (trainer: Trainer) => flat(trainer.model.parameters());

const windows: readonly Window[] = [EVERY, { every: EVERY, back: 8 }, { every: EVERY, back: 4 }];

describe.each(Object.entries(optimizers))("a Trainer with %s", (_, optimizer) => {
  it.each(windows)("goes on from its saved state with the same bits, window %j", async (window) => {
    const unbroken = trainerOf(window, optimizer());
    const seen = await lossesOf(unbroken, data());
    const end = await unbroken.state();
    for (const at of [1, 6]) {
      openCounting();
      const first = trainerOf(window, optimizer());
      await lossesOf(first, data().slice(0, at));
      // As plain data it survives being copied, as a message or a file does.
      const saved = structuredClone(await first.state());
      expect(saved.step).toBe(at);
      openCounting();
      const second = trainerOf(window, optimizer());
      second.loadState(saved);
      expect(await lossesOf(second, data().slice(at))).toEqual(seen.slice(at));
      // Two fits are two epochs.
      expect(await second.state()).toEqual({ ...end, epoch: 2 });
    }
  });
});

describe("the random numbers of a Trainer", () => {
  const untrained = () =>
    new Trainer(model(), {
      loss: losses.crossEntropy,
      optimizer: optim.sgd({ learningRate: 0 }),
      window: EVERY,
      metrics: {},
    });

  it("are its own: another one leaves out other elements", async () => {
    const [one, other] = [untrained(), untrained()];
    other.model.loadStateDict(await one.model.stateDict());
    expect(await lossesOf(one, data())).not.toEqual(await lossesOf(other, data()));
  });

  it("go on in whichever Trainer its state is loaded into, beside others in any order", async () => {
    const one = untrained();
    await lossesOf(one, data().slice(0, 4));
    const saved = await one.state();
    const seen = await lossesOf(one, data().slice(4));
    const other = untrained();
    await other.evaluate(() => data(), { batchSize: 2 });
    other.loadState(saved);
    expect(await lossesOf(other, data().slice(4))).toEqual(seen);
  });

  it("leave those of compiled steps alone, whatever it has been given", async () => {
    const drawn = async (train: (trainer: Trainer) => Promise<unknown>) => {
      openCounting();
      await train(untrained());
      const step = compile(() => uniform([4]));
      return [...(await (await step()).data())];
    };
    const nothing = await drawn(async () => {});
    const much = await drawn(async (trainer) => {
      await lossesOf(trainer, data());
      await trainer.evaluate(() => blocks(rows.slice(0, 1), EVERY), { batchSize: 1 });
    });
    expect(much).toEqual(nothing);
  });
});

describe("the state of a Trainer", () => {
  it("can be loaded back into the Trainer that went on", async () => {
    const trainer = trainerOf({ every: EVERY, back: 8 });
    await lossesOf(trainer, data().slice(0, 4));
    const saved = await trainer.state();
    const seen = await lossesOf(trainer, data().slice(4));
    trainer.loadState(saved);
    expect(trainer.step).toBe(4);
    expect(await lossesOf(trainer, data().slice(4))).toEqual(seen);
  });

  it("does not change when training goes on", async () => {
    const trainer = trainerOf(EVERY);
    await lossesOf(trainer, data().slice(0, 2));
    const saved = await trainer.state();
    const copy = structuredClone(saved);
    await lossesOf(trainer, data().slice(2));
    expect(saved).toEqual(copy);
    trainer.loadState(saved);
    await lossesOf(trainer, data().slice(2));
    expect(saved).toEqual(copy);
  });

  it("before the first step is that of a new Trainer", async () => {
    const trainer = trainerOf(EVERY);
    const fresh = await trainer.state();
    expect(fresh.sequences).toEqual([]);
    const seen = await lossesOf(trainer, data());
    trainer.loadState(fresh);
    expect(await lossesOf(trainer, data())).toEqual(seen);
  });

  it("holds what is carried for every size of batch in use", async () => {
    const trainer = trainerOf(EVERY);
    const single = blocks(rows.slice(0, 1), EVERY);
    const mixed = [data()[0], single[0], data()[1], single[1]].filter((one) => one !== undefined);
    await lossesOf(trainer, mixed);
    const saved = await trainer.state();
    expect(saved.sequences.map(({ batchSize }) => batchSize)).toEqual([2, 1]);
    expect(saved.sequences[0]?.state.map(({ shape }) => shape)).toEqual(
      trainer.model.stateShapes(2),
    );
    const rest = [single[2], data()[2]].filter((one) => one !== undefined);
    const seen = await lossesOf(trainer, rest);
    trainer.loadState(saved);
    expect(await lossesOf(trainer, rest)).toEqual(seen);
  });

  it("is read between steps, also while fit is under way", async () => {
    const trainer = trainerOf(EVERY);
    const states: Promise<TrainerState>[] = [];
    for await (const { step } of trainer.fit(data, { batchSize: 2 })) {
      if (step === 3) states.push(trainer.state());
    }
    const [saved] = await Promise.all(states);
    const at = saved?.step ?? 0;
    openCounting();
    const again = trainerOf(EVERY);
    await lossesOf(again, data().slice(0, at));
    // The pass was one of all batches there, and of those behind here.
    expect(saved?.fit?.batch).toBe(at);
    expect({ ...saved, fit: undefined }).toEqual({ ...(await again.state()), fit: undefined });
  });

  it("that does not fit is refused, and changes nothing", async () => {
    const window = { every: EVERY, back: 8 };
    const trainer = trainerOf(window);
    await lossesOf(trainer, data().slice(0, 2));
    const saved = await trainer.state();
    const before = await parametersOf(trainer);
    await lossesOf(trainer, data().slice(2, 3));
    const [sequences] = saved.sequences;
    if (sequences?.stretch === undefined) return expect.unreachable();
    const other = async (of: Trainer) => {
      await lossesOf(of, data().slice(0, 2));
      return of.state();
    };
    const with_ = (change: object) => ({ ...saved, sequences: [{ ...sequences, ...change }] });
    const refusals: [TrainerState, typeof ArgumentError | typeof ShapeError, RegExp][] = [
      [with_({ state: sequences.state.slice(1) }), ArgumentError, /4 tensors.*got 3/],
      [
        with_({ state: sequences.state.toReversed().map((one) => ({ ...one, shape: [5, 2] })) }),
        ShapeError,
        /tensor 0 of the state must be \[2, 5\]; got \[5, 2\]/,
      ],
      [with_({ batchSize: 3 }), ShapeError, /must be \[3, 5\]; got \[2, 5\]/],
      [
        with_({ stretch: { ...sequences.stretch, owed: sequences.state[0] } }),
        ShapeError,
        /owed of a state must be \[2\]; got \[2, 5\]/,
      ],
      [
        await other(trainerOf(EVERY)),
        ArgumentError,
        /one number or none for a Trainer of \{ every: 3, back: 8 \}/,
      ],
      [
        await other(trainerOf({ every: EVERY, back: 7 })),
        ArgumentError,
        /back: 7 \} for .* back: 8/,
      ],
      [
        await other(trainerOf(window, optimizers["sgd with momentum"]())),
        ArgumentError,
        /adam: loadState .* got learningRate, step, velocity/,
      ],
      [{ ...saved, parameters: {} }, ArgumentError, /loadStateDict/],
      [
        {
          ...saved,
          optimizer: { ...saved.optimizer, m: { shape: [3], data: new Float32Array(3) } },
        },
        ShapeError,
        /got 3 numbers for m/,
      ],
    ];
    const now = await trainer.state();
    for (const [wrong, type, message] of refusals) {
      expect(() => trainer.loadState(wrong)).toThrow(message);
      expect(() => trainer.loadState(wrong)).toThrow(type);
    }
    expect(await trainer.state()).toEqual(now);
    expect(await parametersOf(trainer)).not.toEqual(before);
  });

  it("of another model's optimizer is refused at the first update of a new Trainer", async () => {
    const larger = trainerOf(EVERY, optimizers.adam(), 40);
    await lossesOf(larger, data().slice(0, 1));
    const trainer = trainerOf(EVERY);
    const fresh = await trainer.state();
    trainer.loadState({ ...fresh, optimizer: (await larger.state()).optimizer });
    await expect(lossesOf(trainer, [block(rows, 0, 3, true)])).rejects.toThrow(
      /same parameters.*for m/,
    );
  });
});
