export type { CarriedSequences, SavedStretch } from "./carried.ts";
export type { CheckpointOptions, WrittenCheckpoint } from "./checkpoints/options.ts";
export type { DeviceChange } from "./device-change.ts";
export type { BestEpoch, EarlyStopping, SavedEarlyStopping } from "./early-stopping.ts";
export type { Fit } from "./fit.ts";
export type { LayerFlow } from "./flow.ts";
export type {
  BatchTrainerOptions,
  EvaluateOptions,
  FitOptions,
  History,
  RecoveryOptions,
  ResumeOptions,
  Saved,
  Scores,
  StepReport,
  TrainerOptions,
} from "./options.ts";
export type { Prediction } from "./predict.ts";
export type { FitProgress, PassForm } from "./progress.ts";
export type { BatchFunction, LossFunction, Mean, Metrics } from "./score.ts";
export { Trainer } from "./trainer.ts";
export type { TrainerState } from "./trainer-state.ts";
export type {
  Batches,
  Elements,
  GivenBatch,
  Inputs,
  NamedBatch,
  TrainingBatch,
  TrainingData,
} from "./training-data.ts";
export type { Window } from "./window.ts";
