/** What Trainers say of windows, options, losses and states that do not fit, and of calls while a fit goes on. */
import { beforeAll } from "vitest";
import { type Tensor, tensor } from "../../../src/functions.ts";
import { losses, nn, Trainer } from "../../../src/index.ts";
import { memory } from "../../../src/io/index.ts";
import type { TrainerState } from "../../../src/train/index.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";
import { examples, options, small } from "../../support/small-trainer.ts";
import { openCounting } from "../runtime/open.ts";
import { blocks, idsOf, languageModel } from "../train/sequences.ts";

beforeAll(() => {
  openCounting();
});

const asAny = (given: unknown) => given as never;
const stretched = () => ({
  ...options(),
  loss: losses.crossEntropy,
  window: { every: 2, back: 4 },
});

/** What `change` makes of a state, loaded. */
async function loaded(change: (state: TrainerState) => object): Promise<void> {
  const trainer = new Trainer(languageModel(), stretched());
  await trainer.fit(blocks([idsOf(9)], 2));
  const state = await trainer.state();
  trainer.loadState({ ...state, ...change(state) });
}

/** `call`, while a fit goes on. */
async function meanwhile(call: (trainer: Trainer) => unknown): Promise<void> {
  const trainer = small();
  for await (const _ of trainer.fit(examples, { batchSize: 1, ahead: 0 })) await call(trainer);
}

/** An LSTM whose output has lost the time. */
function timeless() {
  const inner = nn.lstm(1, 2);
  return nn.module("timeless", {
    children: { inner },
    step(x: Tensor, state) {
      const { y, state: next } = inner.step(x, state);
      return { y: nn.flatten()(y), state: next };
    },
  });
}

/** An LSTM that takes its input by name. */
function named() {
  const inner = nn.lstm(1, 2);
  return nn.module<"a", Tensor>("named", {
    children: { inner },
    inputDType: { a: "f32" },
    step: ({ a }, state) => inner.step(a, state),
  });
}
const frames = { data: new Float32Array(2), shape: [2, 1, 1], dtype: "f32" } as const;
const targets = { data: new Int32Array(2), shape: [2, 1], dtype: "i32" } as const;

const told: readonly ErrorRow[] = [
  [
    "Trainer: window must be a whole number of 1 or more, or two of them, { every, back }; got 0. It counts steps of a sequence; leave it out where sequences are short.",
    () => new Trainer(languageModel(), { ...options(), window: 0 }),
  ],
  [
    "Trainer: window must be a whole number of 1 or more, or two of them, { every, back }; got every 2. It counts steps of a sequence; leave it out where sequences are short.",
    () => new Trainer(languageModel(), { ...options(), window: asAny({ every: 2 }) }),
  ],
  [
    "fit: there must be one of epochs and untilEpoch; got 1 and 2. epochs counts passes from here, untilEpoch all that there have been.",
    () => small().fit(examples, { batchSize: 1, epochs: 1, untilEpoch: 2 }),
  ],
  [
    "fit: checkpoint.best must have something to compare; got no validation. Give { validation: data }.",
    () => small().fit(examples, { checkpoint: { to: memory(), best: "validation.loss" } }),
  ],
];

const traced: readonly ErrorRow[] = [
  [
    "fit: the loss must return one number as a tensor, or { sum, count } of two; got f32[2, 1]. Reduce it with mean() or sum().",
    () =>
      new Trainer(nn.linear(2, 1), { ...options(), loss: (y: Tensor) => y }).fit(examples, {
        batchSize: 2,
      }),
  ],
  [
    "evaluate: the count of metric share must be one number as a tensor; got 2. Compute it with functions on tensors, or write tensor(2).",
    () =>
      new Trainer(nn.linear(2, 1), {
        ...options(),
        metrics: { share: asAny(() => ({ sum: tensor(1), count: 2 })) },
      }).evaluate(examples, { batchSize: 2 }),
  ],
  [
    "fit: the loss must return one number as a tensor, or { sum, count } of two; got a Promise. It is called once, on tensors that have no values yet: it must not be async, and computes with functions on tensors.",
    () =>
      new Trainer(nn.linear(2, 1), { ...options(), loss: asAny(async (y: Tensor) => y) }).fit(
        examples,
        { batchSize: 2 },
      ),
  ],
  [
    "fit: with { every, back } a model must take one tensor; got a. Give one number as window.",
    () => new Trainer(named(), stretched()).fit([{ x: { a: frames }, y: targets, start: true }]),
  ],
  [
    "fit: with { every, back } the model's output must have a step for each of the input's, [T, B, …]; got f32[2, 2] for an input [2, 1, …]. Keep time where it is, or give one number as window.",
    () => new Trainer(timeless(), stretched()).fit([{ x: frames, y: targets, start: true }]),
  ],
];

const states: readonly ErrorRow[] = [
  [
    "loadState: the Trainer must have all that was saved with it; got plateau beside nothing. Give it as `also` where the Trainer is made.",
    () => loaded(() => ({ also: { plateau: 1 } })),
  ],
  [
    "loadState: there must be one state for each size of batch; got several for batches of 1. Load a state as it was saved.",
    () => loaded(({ sequences }) => ({ sequences: [...sequences, ...sequences] })),
  ],
  [
    "loadState: owed of sequences[0] must fill its shape; got [2] for an array of 1. Load what state() gave, or a structured clone of it.",
    () =>
      loaded(({ sequences: [one] }) => ({
        sequences: [
          { ...one, stretch: { ...one?.stretch, owed: { ...one?.stretch?.owed, shape: [2] } } },
        ],
      })),
  ],
];

const during: readonly ErrorRow[] = [
  [
    "fit: a Trainer must have ended one fit before it begins another; got a second one at step 1. Await the first, or leave its loop.",
    () => meanwhile((trainer) => trainer.fit(examples, { batchSize: 1 })),
  ],
  [
    "loadState: nothing may be loaded while a fit has not ended; got one at step 1. Await it, or leave its loop.",
    () => meanwhile(async (trainer) => trainer.loadState(await trainer.state())),
  ],
  [
    "moveTo: nothing may be moved while a fit has not ended; got one at step 1. Await it, or leave its loop.",
    () => meanwhile((trainer) => trainer.moveTo(openCounting().runtime)),
  ],
];

holdTexts([...told, ...traced, ...states, ...during]);
