/** The worker's half: what a module says of the training that it is. */
import { callable, check, checkOptions, record, required, rule } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import type { Tensor } from "../functions.ts";
import type { Tensors } from "../nn/index.ts";
import type { StepReport } from "../train/index.ts";
import { ownPort } from "./port.ts";
import { serve } from "./serve.ts";
import type { Calls, Training, TrainingSetup } from "./training.ts";

const isTrainer = (value: unknown) =>
  typeof value === "object" && value !== null && "fit" in value && "loadState" in value;

/**
 * Says what the module of a worker trains. The page starts it by `trainInWorker`, with the type of what this gives:
 *
 * ```ts
 * import { init, losses, nn, optim, Trainer } from "gradgpu";
 * import { defineTraining } from "gradgpu/worker";
 *
 * export const training = defineTraining(async ({ epochs }: { epochs: number }) => {
 *   await init({ seed: 1 });
 *   const model = nn.linear(2, 2);
 *   const optimizer = optim.adam({ learningRate: 0.01 });
 *   const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer });
 *   return {
 *     trainer,
 *     data: { x: [[0, 1], [1, 0]], y: [1, 0] },
 *     fit: { epochs, batchSize: 2 },
 *     calls: { predict: (x: number[]) => trainer.predict([x]) },
 *   };
 * });
 * ```
 * Outside of a worker nothing begins: a test may call `training.setUp`.
 * @param setUp called once, with the page's options. What it throws is what `trainInWorker` throws
 * @throws ArgumentError for what is no function, and for a second training of the same worker
 */
export function defineTraining<
  O = void,
  X extends Tensors = Tensor,
  T extends Tensors | string = Tensor,
  M extends string = never,
  P = StepReport<M>,
  C extends Calls = Record<never, never>,
>(
  setUp: (options: O) => TrainingSetup<P, C, X, T, M> | Promise<TrainingSetup<P, C, X, T, M>>,
): Training<O, P, C> {
  check("defineTraining", "setUp", setUp, callable);
  const training = { setUp: async (options: O) => checked(await setUp(options)) };
  const port = ownPort();
  if (port === undefined) return training;
  if (isDefined) {
    throw new ArgumentError(
      "defineTraining: a worker must have one training; got a second one. Put it into a module of its own.",
    );
  }
  isDefined = true;
  // The page says which options these are, by the type of this training.
  serve(port, training as Training<unknown, unknown, Calls>);
  return training;
}

let isDefined = false;

function checked<
  P,
  C extends Calls,
  X extends Tensors,
  T extends Tensors | string,
  M extends string,
>(setup: TrainingSetup<P, C, X, T, M>): TrainingSetup<P, C> {
  checkOptions<{ [Name in keyof typeof setup]?: unknown }>("defineTraining", setup, {
    trainer: required(rule("a Trainer", isTrainer)),
    data: required(
      rule("training data", (value) => typeof value === "object" || typeof value === "function"),
    ),
    fit: record,
    progress: callable,
    calls: rule(
      "functions by name",
      (value) => record.holds(value) && Object.values(Object(value)).every(callable.holds),
    ),
  });
  // That its data is what its trainer takes has been seen where it is set up.
  return setup as unknown as TrainingSetup<P, C>;
}
