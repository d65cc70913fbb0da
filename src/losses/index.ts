export {
  type BinaryOptions,
  binaryCrossEntropy,
  binaryCrossEntropyWithLogits,
  binaryFocal,
  type FocalOptions,
} from "./binary-cross-entropy.ts";
export {
  type ClassFocalOptions,
  type ClassTargets,
  type CrossEntropyOptions,
  crossEntropy,
  focal,
  type NegativeLogLikelihoodOptions,
  negativeLogLikelihood,
} from "./cross-entropy.ts";
export { type CtcOptions, ctc } from "./ctc.ts";
export {
  type GaussianOptions,
  gaussianNll,
  type KlOptions,
  klDivergence,
  type PoissonOptions,
  poissonNll,
} from "./likelihood.ts";
export {
  type CosineOptions,
  contrastive,
  cosineEmbedding,
  cosineSimilarity,
  hinge,
  type InfoNceOptions,
  infoNce,
  type MarginOptions,
  squaredHinge,
  tripletMargin,
} from "./margins.ts";
export { accuracy } from "./metrics.ts";
export type { Loss, LossOptions, Reduction } from "./reduction.ts";
export {
  type HuberOptions,
  huber,
  logCosh,
  meanAbsoluteError,
  meanSquaredError,
} from "./regression.ts";
