export { binaryCrossEntropyWithLogits } from "./binary-cross-entropy.ts";
export { crossEntropy } from "./cross-entropy.ts";
export { accuracy } from "./metrics.ts";
export type { Loss, LossOptions, Reduction } from "./reduction.ts";
export { meanAbsoluteError, meanSquaredError } from "./regression.ts";
