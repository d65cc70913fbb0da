/** The public surface of gradgpu. */
export * as data from "./data/index.ts";
export * from "./errors.ts";
export * from "./functions.ts";
export * as losses from "./losses/index.ts";
export * as metrics from "./metrics/index.ts";
export * as nn from "./nn/index.ts";
export * as optim from "./optim/index.ts";
export {
  type EpochReport,
  type FitOptions,
  type Scores,
  type StepReport,
  Trainer,
  type TrainerOptions,
  type TrainerState,
  type TrainingBatch,
  type Window,
} from "./train/index.ts";
