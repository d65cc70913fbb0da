/** The verbs: everything that can be done with tensors. Models, optimizers and users build on these alone. */

export type { DeviceOpener, GpuDevice, WorkerUrl } from "./devices/opener.ts";
export { checkTensor, type Operand } from "./functions/apply.ts";
export * from "./functions/classification.ts";
export * from "./functions/creation.ts";
export * from "./functions/elementwise.ts";
export * from "./functions/gradient-flow.ts";
export * from "./functions/gradients.ts";
export * from "./functions/linear.ts";
export { type LookUp, lookUps } from "./functions/look-ups.ts";
export * from "./functions/movement.ts";
export * from "./functions/optimizer.ts";
export * from "./functions/random.ts";
export * from "./functions/recurrent.ts";
export * from "./functions/recurrent-layers.ts";
export { asOneSequence, isWatched } from "./functions/recurrent-watch.ts";
export * from "./functions/reduce.ts";
export { LOAD_RULES, type LoadOptions, type SavedEntry, savedElements } from "./functions/saved.ts";
export { type ScanOptions, type Step, scan } from "./functions/scan.ts";
export { packedOffsets } from "./ops/packed.ts";
export {
  type Argument,
  type Compiled,
  type CompileOptions,
  compile,
  planStep,
} from "./runtime/compile.ts";
export { currentRuntime } from "./runtime/current.ts";
export { type InitOptions, init, type Opened } from "./runtime/init.ts";
export { runtimeOf } from "./runtime/locate.ts";
export { moveVariables } from "./runtime/move.ts";
export { packVariables } from "./runtime/pack.ts";
export type { Runtime } from "./runtime/runtime.ts";
export { nextInitialiserSeed, nextRandomStream } from "./runtime/seeds.ts";
export { Tensor, Variable } from "./runtime/tensor.ts";
export type { DType, HostArray } from "./tensor/dtype.ts";
export { type HostOptions, type HostValues, hostValues, type TypedArray } from "./tensor/host.ts";
export {
  foldIn,
  type Key,
  keyOf,
  normal as drawNormal,
  permutation,
  uniform as drawUniform,
  words,
} from "./tensor/random.ts";
export { describe, type Shape, sizeOf, type TensorType } from "./tensor/shape.ts";
