export type { TrainingBatch, TrainingData } from "./batch-source.ts";
export type { CarriedSequences, SavedStretch } from "./carried.ts";
export type { LayerFlow } from "./flow.ts";
export type { FitOptions, Scores, StepReport, TrainerOptions } from "./options.ts";
export type { LossFunction, Mean, Metrics } from "./score.ts";
export { Trainer } from "./trainer.ts";
export type { TrainerState } from "./trainer-state.ts";
export type { Window } from "./window.ts";
