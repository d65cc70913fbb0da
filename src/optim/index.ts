export { type AdamOptions, type AdamSettings, adam } from "./adam.ts";
export { type LionOptions, type LionSettings, lion } from "./lion.ts";
export {
  globalNorm,
  type Optimizer,
  type OptimizerOptions,
  type ParameterGroup,
  type SavedVariable,
  type UpdateOptions,
} from "./optimizer.ts";
export { type RmspropOptions, type RmspropSettings, rmsprop } from "./rmsprop.ts";
export { type SgdOptions, type SgdSettings, sgd } from "./sgd.ts";
