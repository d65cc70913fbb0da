/**
 * The kernels of the WASM module; a name's position is its opcode. `wasm/kernels.ts` lists the same names in the
 * same order, which a test checks. New names go to the end of both.
 */
export const kernelNames = [
  "copy",
  "gather",
  "fill",
  "argmax",
  "embedding",
  "embeddingGrad",
  "uniform",
  "iota",
  "gemm",
  "conv2d",
  "conv2dInputGrad",
  "conv2dFilterGrad",
  "maxPool2d",
  "maxPool2dGrad",
  "maxPool2dGather",
  "avgPool2d",
  "avgPool2dGrad",
  "depthwise",
  "depthwiseInputGrad",
  "depthwiseFilterGrad",
  "narrowGroups",
  "adopt",
  "forget",
  "rows",
  "columns",
  "walk",
  "attention",
  "attentionGrad",
  "argsort",
] as const;

export type KernelName = (typeof kernelNames)[number];

export const opcodes: ReadonlyMap<string, number> = new Map(
  kernelNames.map((name, i) => [name, i]),
);
