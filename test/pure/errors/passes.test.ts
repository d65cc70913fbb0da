/** What Trainers say of data that cannot be passed over: examples, texts, batches and who gives them. */
import { beforeAll } from "vitest";
import { data, losses, Trainer } from "../../../src/index.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";
import { options, small } from "../../support/small-trainer.ts";
import { openCounting } from "../runtime/open.ts";
import { block, idsOf, languageModel } from "../train/sequences.ts";

beforeAll(() => {
  openCounting();
});

const asAny = (given: unknown) => given as never;
const reader = (window?: number) =>
  new Trainer(languageModel(), {
    ...options(),
    loss: losses.crossEntropy,
    ...(window === undefined ? {} : { window }),
  });
const x = [
  [0, 1],
  [1, 0],
];
const examples = { x, y: [[1], [0]] };
const batch = { x: [[0, 1]], y: [[1]] };
const begun = (start: unknown) => [
  asAny({ ...block([idsOf(10), idsOf(10, 1)], 0, 3, true), start }),
];
/** A Trainer in the middle of its first epoch. */
async function left(given: unknown, told: object): Promise<Trainer> {
  const trainer = small();
  for await (const _ of trainer.fit(asAny(given), { ...told, ahead: 0 })) break;
  return trainer;
}

const whole: readonly ErrorRow[] = [
  [
    "fit: x and y must have the same number of examples; got x [2, 2], y [1, 1]. The first dimension counts the examples.",
    () => small().fit({ x, y: [[1]] }, { batchSize: 1 }),
  ],
  [
    "fit: x must have the examples along its first dimension; got [2, 1], time first. Pad sequences with { batchFirst: true }, or pass time-first batches to a Trainer as they are.",
    () => small().fit({ x: data.padSequences([[1, 2]]).values, y: [1] }, { batchSize: 1 }),
  ],
  [
    "evaluate: x must have as many values as its shape [N, …] says; got [] with 1. The first dimension counts the examples.",
    () => small().evaluate({ x: 1, y: 1 }, { batchSize: 1 }),
  ],
  [
    "fit: examples and texts must be read in batches of some size; got no batchSize. Say how many examples, or rows of text, are a step: { batchSize: 32 }.",
    () => small().fit(examples),
  ],
  [
    "fit: a text must be read in windows; got a Trainer without a window. Say how many steps a gradient may reach back: new Trainer(model, { window: 64, … }).",
    () => reader().fit(idsOf(10), { batchSize: 1 }),
  ],
];

const arriving: readonly ErrorRow[] = [
  [
    "fit: a pass over the data must have a batch at least; got none in epoch 1. A generator can be passed over once: give a function that makes a new one for every epoch.",
    () => small().fit([]),
  ],
  [
    "fit: a function must return an iterable of batches; got number 3. Make it a generator: function* () { yield { x, y }; }.",
    () => small().fit(asAny(() => 3)),
  ],
  [
    "fit: an iterator must have a next(); got 3. A generator has: function* () { yield { x, y }; }.",
    () => small().fit(asAny({ [Symbol.iterator]: () => 3 })),
  ],
  [
    "evaluate: an iterator must have a next(); got 3. A generator has: function* () { yield { x, y }; }.",
    () => small().evaluate(asAny({ [Symbol.iterator]: () => 3 })),
  ],
  [
    "fit: the next() of an iterator must give { done, value }; got 3. A generator does: function* () { yield { x, y }; }.",
    () => small().fit(asAny({ [Symbol.iterator]: () => ({ next: () => 3 }) })),
  ],
  [
    "evaluate: the next() of an iterator must give { done, value }; got undefined. A generator does: function* () { yield { x, y }; }.",
    () => small().evaluate(asAny({ [Symbol.iterator]: () => ({ next: () => {} }) })),
  ],
];

const goingOn: readonly ErrorRow[] = [
  [
    "fit: an epoch that is gone on with must be read as it was begun, with batchSize 1, dropLast false, seed 0, stepsPerEpoch 2; got batchSize 2, dropLast false, no shuffling, stepsPerEpoch 1, behind batch 1 of epoch 1. Give the same data and options, or { initialEpoch: 1 } to begin the next epoch.",
    async () => {
      const trainer = await left(examples, { batchSize: 1, untilEpoch: 1 });
      await trainer.fit(examples, { batchSize: 2, shuffle: false, untilEpoch: 1 });
    },
  ],
  [
    "fit: an epoch that is gone on with must have the batches that were trained on; got 0 for 1 of epoch 1. Give the same data, or { initialEpoch: 1 } to begin the next epoch.",
    async () => {
      const trainer = await left([batch, batch], { untilEpoch: 1 });
      await trainer.fit([], { untilEpoch: 1 });
    },
  ],
  [
    "fit: a window that goes on (start: false) must have as many rows as one before it; got x [3, 2], 2 rows, and no window before it. Give start: true where sequences begin.",
    () => reader(3).fit(begun(false)),
  ],
  [
    "evaluate: start must be one boolean, or one for each row of the batch; got 1 for x [3, 2], which has 2 rows. true begins all of them anew.",
    () => reader(3).evaluate(begun([true])),
  ],
  [
    "evaluate: start must hold booleans; got 1. Give true where a row begins anew.",
    () => reader(3).evaluate(begun([true, 1])),
  ],
  [
    "evaluate: a batch with start must be a window [T, B, …], time first; got x [2]. Leave start out where examples stand for themselves.",
    () => reader(3).evaluate([{ x: Int32Array.of(1, 2), y: Int32Array.of(2, 3), start: true }]),
  ],
];

holdTexts([...whole, ...arriving, ...goingOn]);
