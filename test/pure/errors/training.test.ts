/** What Trainers and workers say of data, loops and calls that do not fit: given, expected, what to do. */
import { beforeAll } from "vitest";
import { losses, nn, optim, Trainer } from "../../../src/index.ts";
import { defineTraining } from "../../../src/worker/index.ts";
import { type ErrorRow, holdTexts } from "../../support/error-rows.ts";
import { openCounting } from "../runtime/open.ts";
import { block, idsOf, languageModel } from "../train/sequences.ts";

beforeAll(() => {
  openCounting();
});

const asAny = (given: unknown) => given as never;
const options = () => ({
  loss: losses.meanSquaredError,
  optimizer: optim.sgd({ learningRate: 0.1 }),
  metrics: {},
});
const small = () => new Trainer(nn.linear(2, 1), options());
const examples = {
  x: [
    [0, 1],
    [1, 0],
  ],
  y: [[1], [0]],
};
const text = (start: unknown) =>
  new Trainer(languageModel(), {
    ...options(),
    loss: losses.crossEntropy,
    window: 3,
  }).fit(() => [block([idsOf(10), idsOf(10, 1)], 0, 3, asAny(start))], { batchSize: 2 });

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
