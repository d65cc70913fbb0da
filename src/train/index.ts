export type { CarriedSequences, SavedStretch } from "./carried.ts";
export type {
  BestScore,
  CheckpointOptions,
  ValidationScore,
  WrittenCheckpoint,
} from "./checkpoints/options.ts";
export type { DeviceChange } from "./device-change.ts";
export type { BestEpoch, EarlyStopping, SavedEarlyStopping } from "./early-stopping.ts";
export type { Fit } from "./fit.ts";
export type { LayerFlow } from "./flow.ts";
export type {
  EpochReport,
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
export type { SavedScores, Sum } from "./pass-scores.ts";
export type { Prediction } from "./predict.ts";
export type { FitProgress, PassForm } from "./progress.ts";
export type { LossFunction, LossInput, LossTargets, Mean, Metrics, MetricsOf } from "./score.ts";
export { Trainer } from "./trainer.ts";
export type { TrainerState } from "./trainer-state.ts";
export type {
  Batches,
  BatchMarks,
  ColumnsFor,
  Elements,
  GivenBatch,
  InputsAndTargets,
  TextIds,
  TrainingBatch,
  TrainingData,
} from "./training-data.ts";
export type { ColumnType } from "./wanted.ts";
export type { Window } from "./window.ts";
