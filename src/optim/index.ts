export { type AdadeltaOptions, type AdadeltaSettings, adadelta } from "./adadelta.ts";
export { type AdagradOptions, type AdagradSettings, adagrad } from "./adagrad.ts";
export { type AdamOptions, type AdamSettings, adam, adamW } from "./adam.ts";
export { type AdamaxOptions, type AdamaxSettings, adamax } from "./adamax.ts";
export { withAverages } from "./averages.ts";
export { type LionOptions, type LionSettings, lion } from "./lion.ts";
export { type MuonOptions, type MuonSettings, muon } from "./muon.ts";
export {
  globalNorm,
  type Optimizer,
  type OptimizerOptions,
  type ParameterGroup,
  type SavedVariable,
  type UpdateOptions,
} from "./optimizer.ts";
export * from "./plateau.ts";
export { type RmspropOptions, type RmspropSettings, rmsprop } from "./rmsprop.ts";
export {
  type CosineOptions,
  cosine,
  type ExponentialOptions,
  exponential,
  type InTurnOptions,
  inTurn,
  type MultiStepOptions,
  multiStep,
  type OneCycleOptions,
  oneCycle,
  type PolynomialOptions,
  polynomial,
  type Schedule,
  type StepDecayOptions,
  stepDecay,
  type WarmUpOptions,
  warmUp,
} from "./schedules.ts";
export { type SgdOptions, type SgdSettings, sgd } from "./sgd.ts";
