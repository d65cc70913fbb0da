export type { CarriedSequences, SavedStretch } from "./carried.ts";
export type { Fit } from "./fit.ts";
export type { LayerFlow } from "./flow.ts";
export type {
  EvaluateOptions,
  FitOptions,
  History,
  Scores,
  StepReport,
  TrainerOptions,
} from "./options.ts";
export type { LossFunction, Mean, Metrics } from "./score.ts";
export { Trainer } from "./trainer.ts";
export type { TrainerState } from "./trainer-state.ts";
export type {
  Batches,
  Elements,
  GivenBatch,
  TrainingBatch,
  TrainingData,
} from "./training-data.ts";
export type { Window } from "./window.ts";
