/** The verbs: everything that can be done with tensors. Models, optimizers and users build on these alone. */

export type { DeviceOpener, GpuDevice, WorkerUrl } from "./devices/opener.ts";
export * from "./functions/activations.ts";
export type { Operand } from "./functions/apply.ts";
export * from "./functions/arrange.ts";
export * from "./functions/attention.ts";
export * from "./functions/cell.ts";
export * from "./functions/conv.ts";
export {
  type Conv1dOptions,
  type Conv1dTransposeOptions,
  conv1d,
  conv1dTranspose,
  type LineOptions,
  type LinePadding,
} from "./functions/conv-lines.ts";
export { type Conv2dTransposeOptions, conv2dTranspose } from "./functions/conv-transpose.ts";
export * from "./functions/creation.ts";
export * from "./functions/crop-and-resize.ts";
export * from "./functions/cumulative.ts";
export * from "./functions/einsum.ts";
export * from "./functions/elementwise.ts";
export * from "./functions/embedding.ts";
export * from "./functions/flip.ts";
export * from "./functions/gather.ts";
export * from "./functions/gradient-flow.ts";
export * from "./functions/gradients.ts";
export * from "./functions/grids.ts";
export * from "./functions/local-response.ts";
export * from "./functions/logarithms.ts";
export * from "./functions/logic.ts";
export * from "./functions/matmul.ts";
export {
  broadcastTo,
  concat,
  pad,
  reshape,
  slice,
  squeeze,
  stopGradient,
  transpose,
  unsqueeze,
} from "./functions/movement.ts";
export * from "./functions/norm.ts";
export { sumOfSquares } from "./functions/packed.ts";
export { type PadMode, type PadOptions, padAs } from "./functions/padding.ts";
export * from "./functions/pool.ts";
export {
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  avgPool1d,
  globalAvgPool2d,
  globalMaxPool2d,
  type MaxPool1dOptions,
  maxPool1d,
  type Pool1dOptions,
} from "./functions/pool-lines.ts";
export * from "./functions/random.ts";
export {
  type CellState,
  type CellWeights,
  recurrent,
  type SequenceOptions,
  type Walked,
} from "./functions/recurrence.ts";
export * from "./functions/recurrent.ts";
export * from "./functions/recurrent-steps.ts";
export { argmax, max, mean, min, type ReduceOptions, sum } from "./functions/reduce.ts";
export { type ResizeOptions, resize, upsample2d } from "./functions/resize.ts";
export * from "./functions/rounding.ts";
export type { LoadOptions, SavedEntry } from "./functions/saved.ts";
export { type ScanOptions, type Step, scan } from "./functions/scan.ts";
export { describe, sizeOf } from "./functions/shapes.ts";
export * from "./functions/softmax.ts";
export * from "./functions/sort.ts";
export * from "./functions/statistics.ts";
export * from "./functions/trigonometry.ts";
export * from "./functions/volumes.ts";
export type { Cell, CellDescription, CellMath } from "./ops/cells/cell.ts";
export * as cells from "./ops/cells/index.ts";
export type { Padding } from "./ops/vocabulary.ts";
export { type Argument, type Compiled, type CompileOptions, compile } from "./runtime/compile.ts";
export { type InitOptions, init, type Opened } from "./runtime/init.ts";
export * from "./runtime/memory-by-owner.ts";
export * from "./runtime/profile.ts";
export type { Runtime } from "./runtime/runtime.ts";
export { Tensor, Variable } from "./runtime/tensor.ts";
export type { Plan } from "./scheduler/plan.ts";
export { type PlanRow, planRows } from "./scheduler/rows.ts";
export type { DType, HostArray } from "./tensor/dtype.ts";
export type { TypedArray } from "./tensor/host.ts";
export {
  foldIn,
  type Key,
  keyOf,
  normal as drawNormal,
  permutation,
  uniform as drawUniform,
  words,
} from "./tensor/random.ts";
export type { Shape, TensorType } from "./tensor/shape.ts";
