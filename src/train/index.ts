export type { TrainingBatch, TrainingData } from "./batch-source.ts";
export type { LossFunction, Metrics } from "./steps.ts";
export {
  type FitOptions,
  type Scores,
  type StepReport,
  Trainer,
  type TrainerOptions,
} from "./trainer.ts";
