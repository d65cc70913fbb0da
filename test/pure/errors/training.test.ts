/** What Trainers and workers say of data, loops and calls that do not fit: given, expected, what to do. */
import { beforeAll, expect, it, vi } from "vitest";
import { losses, nn, Trainer } from "../../../src/index.ts";
import { memory } from "../../../src/io/index.ts";
import { defineTraining } from "../../../src/worker/index.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";
import { examples, options, small } from "../../support/small-trainer.ts";
import { openCounting } from "../runtime/open.ts";
import { block, idsOf, languageModel } from "../train/sequences.ts";

beforeAll(() => {
  openCounting();
});

const asAny = (given: unknown) => given as never;
const text = (start: unknown) =>
  new Trainer(languageModel(), {
    ...options(),
    loss: losses.crossEntropy,
    window: 3,
  }).fit(() => [block([idsOf(10), idsOf(10, 1)], 0, 3, asAny(start))], { batchSize: 2 });

const flat = () =>
  new Trainer(nn.sequential(nn.embedding(7, 4), nn.linear(4, 7)), {
    ...options(),
    loss: losses.crossEntropy,
    window: 3,
  }).fit(() => [{ x: Int32Array.of(1, 2), y: Int32Array.of(2, 3), start: true }] as never, {
    batchSize: 2,
  });
const blocksOf = (steps: number) =>
  new Trainer(languageModel(), {
    ...options(),
    loss: losses.crossEntropy,
    window: { every: 3, back: 6 },
  }).fit(() => [block([idsOf(10), idsOf(10, 1)], 0, steps, true)], { batchSize: 2 });

/** As in a worker, whose messages go nowhere. */
function inWorker(call: () => void): void {
  const scope = globalThis as Record<string, unknown>;
  const own = { WorkerGlobalScope: Object, postMessage: () => {}, addEventListener: () => {} };
  const before = Object.keys(own).map((name) => [name, scope[name]] as const);
  Object.assign(scope, own);
  try {
    call();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete scope[name];
      else scope[name] = value;
    }
  }
}

const rows: readonly ErrorRow[] = [
  [
    "fit: start must hold booleans; got 1. Give true where a row begins anew.",
    () => text([true, 1]),
  ],
  [
    "fit: start must be one boolean, or one for each row of the batch; got 4 for x [3, 2], which has 2 rows. true begins all of them anew.",
    () => text([true, true, true, true]),
  ],
  [
    "fit: the reports of a fit can be followed once; got a loop over one that is followed already. Call fit again, or take its onStep and onEpoch.",
    async () => {
      const fit = small().fit(examples, { batchSize: 2 });
      for await (const { step } of fit) if (step === 1) break;
      fit[Symbol.asyncIterator]();
    },
  ],
  [
    "fit: the reports of a fit can be followed once; got a loop over one that is awaited already. Call fit again, or take its onStep and onEpoch.",
    async () => {
      const fit = small().fit(examples, { batchSize: 2 });
      await fit;
      fit[Symbol.asyncIterator]();
    },
  ],
  [
    "fit: a Trainer cannot be used after dispose(); got a step more. Leave the loop first.",
    async () => {
      const trainer = small();
      for await (const { step } of trainer.fit(examples, { epochs: 9, batchSize: 1 }))
        if (step === 1) trainer.dispose();
    },
  ],
  [
    "fit: validation must be data, or a share between 0 and 1 that leaves something to train on; got 0.5 of 1. 0.1 keeps the last tenth of them apart.",
    () => small().fit({ x: [[0, 1]], y: [[1]] }, { batchSize: 1, validation: 0.5 }),
  ],
  [
    "Trainer: an update must reach back through at least the steps that it comes after; got every 8, back 4. Make back at least 8.",
    () => new Trainer(languageModel(), { ...options(), window: { every: 8, back: 4 } }),
  ],
  [
    "fit: data for several epochs must be there again for each; got a generator, which can be passed over once, for 2 epochs. Pass the function that makes it.",
    () =>
      small().fit(
        asAny(
          (function* () {
            yield examples;
          })(),
        ),
        { epochs: 2 },
      ),
  ],
  [
    "fit: a batch with start must be a window [T, B, …], time first; got x [2]. Leave start out where examples stand for themselves.",
    () => flat(),
  ],
  [
    "fit: with { every: 3, back: 6 } every batch must be a block of 3 steps, [3, B, …]; got x [2, 2]. Cut the sequence into such blocks, and fill the last one up with ignored targets.",
    () => blocksOf(2),
  ],
  [
    "fit: checkpoint.to must be a folder of this training's own; got memory, which has one of step 4, for a Trainer at step 0. Go on from it with Trainer.resume, or take another folder.",
    async () => {
      const to = memory();
      await small().fit(examples, { epochs: 2, batchSize: 1, checkpoint: { to } });
      await small().fit(examples, { epochs: 1, batchSize: 1, checkpoint: { to } });
    },
  ],
  [
    "fit: checkpoint.to must be a folder of this training's own; got memory, where another training has written step-000000009.safetensors meanwhile. Stop one of them, or give each its own folder.",
    async () => {
      const to = memory();
      const fit = small().fit(examples, { epochs: 3, batchSize: 1, checkpoint: { to } });
      for await (const { step } of fit)
        if (step === 1) await to.place("step-000000009.safetensors").write([new Uint8Array(9)]);
    },
  ],
  [
    "defineTraining: a worker must have one training; got a second one. Put it into a module of its own.",
    () =>
      inWorker(() => {
        const setUp = asAny(() => ({ trainer: small(), data: examples, fit: { batchSize: 2 } }));
        defineTraining(setUp);
        defineTraining(setUp);
      }),
  ],
];

holdTexts(rows);

it("a checkpoint whose write was cut off is told of, and passed by", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const to = memory();
  await to.place("step-000000009.safetensors").write([]);
  await Trainer.resume(to, nn.linear(2, 1), options());
  expect(warn.mock.calls).toEqual([
    [
      "Trainer.resume: a checkpoint is refused, and the one before it is tried. checkpoint: a file must hold one; got memory step-000000009.safetensors, of 0 bytes, whose write was cut off. It is as if it were not there.",
    ],
  ]);
  warn.mockRestore();
});
