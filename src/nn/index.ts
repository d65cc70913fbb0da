/**
 * Layers, and the means to make more of them: images are [N, H, W, C], sequences [T, B, F].
 *
 * ```ts
 * const model = nn.sequential(nn.flatten(), nn.linear(784, 128), nn.relu(), nn.linear(128, 10));
 * console.log(model.summary([32, 28, 28, 1]));
 * ```
 */
export * from "./activations.ts";
export * from "./attention.ts";
export { type AffineOptions, randomAffine } from "./augment/affine.ts";
export { type CropOptions, randomCrop } from "./augment/crop.ts";
export { cutout } from "./augment/cutout.ts";
export { type FlipOptions, randomFlip } from "./augment/flip.ts";
export { type MixupOptions, mixup } from "./augment/mixup.ts";
export { gaussianNoise } from "./augment/noise.ts";
export { batchNorm1d, batchNorm2d, instanceNorm2d } from "./batch-norm.ts";
export * from "./conv.ts";
export { module } from "./define.ts";
export { dropout, dropout1d, dropout2d } from "./dropout.ts";
export { type EmbeddingOptions, embedding } from "./embedding.ts";
export { flatten } from "./flatten.ts";
export { functionalCall } from "./functional-call.ts";
export { groupNorm } from "./group-norm.ts";
export { gru } from "./gru.ts";
export * as initialise from "./initialise.ts";
export { lastStep } from "./last-step.ts";
export { type LayerNormOptions, layerNorm, rmsNorm } from "./layer-norm.ts";
export { lengthsOf } from "./lengths.ts";
export { type LinearOptions, linear } from "./linear.ts";
export { type LstmOptions, lstm } from "./lstm.ts";
export type * from "./module.ts";
export * from "./normalisation.ts";
export type { NormOptions } from "./normalise.ts";
export type { InitialiseOptions } from "./options.ts";
export { pad1d, pad2d } from "./pad.ts";
export * from "./pool.ts";
export * from "./positions.ts";
export { type PreluOptions, prelu } from "./prelu.ts";
export {
  type CellOptions,
  type RecurrentModule,
  type RecurrentOptions,
  recurrent,
  type SequenceRun,
} from "./recurrent.ts";
export { residual } from "./residual.ts";
export { type RnnOptions, rnn } from "./rnn.ts";
export type { RunningNormOptions } from "./running-statistics.ts";
export { sequential } from "./sequential.ts";
export { type SpectralNormOptions, spectralNorm } from "./spectral-norm.ts";
export { type StatefulOptions, StatefulSession, stateful } from "./stateful.ts";
export * from "./transformer.ts";
export { type WeightNormOptions, weightNorm } from "./weight-norm.ts";
