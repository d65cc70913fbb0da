export * from "./binary-cross-entropy.ts";
export * from "./cross-entropy.ts";
export { type CtcOptions, ctc } from "./ctc.ts";
export * from "./likelihood.ts";
export * from "./margins.ts";
export { accuracy } from "./metrics.ts";
export type { Loss, LossOptions, Reduction } from "./reduction.ts";
export * from "./regression.ts";
