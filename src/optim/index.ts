export { type AdamOptions, adam } from "./adam.ts";
export {
  globalNorm,
  type Optimizer,
  type OptimizerOptions,
  type SavedVariable,
  type UpdateOptions,
} from "./optimizer.ts";
export { type SgdOptions, sgd } from "./sgd.ts";
