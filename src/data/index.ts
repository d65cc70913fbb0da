/**
 * Data on its way to a model, on the host and as plain arrays:
 *
 *   readIdx, readIdxBytes, gunzip     files → arrays
 *   float16                           bits of half precision → numbers
 *   images, labels, dataset, take     arrays → examples with shapes
 *   pixels                            ImageData, canvases, ImageBitmaps, VideoFrames, videos → examples
 *   fromPixels                        one of these → a tensor, on a GPU without a copy on the host
 *   batches                           examples → shuffled batches
 *   map, shuffle, batch, window,
 *   zip, concatenate, take, cache,
 *   prefetch, examples                items as they are asked for → batches for every epoch
 *   columns                           rows with names, of CSV or a query → typed columns
 *   statistics                        anything of these → mean and variance of every feature
 *   TextVocabulary, WordVocabulary,
 *   BytePairs                         text ↔ ids
 *   sequenceBatches                   ids → windows for truncated backpropagation through time
 *   streamWindows                     sequences as they arrive → such windows, in flat memory
 *   padSequences                      sequences of different lengths → one rectangle and the lengths
 */
export { type Batch, type BatchOptions, batchCount, batches } from "./batches.ts";
export { type BytePairJson, type BytePairOptions, BytePairs } from "./byte-pairs.ts";
export { type Batched, batch, type CollateOptions, type Example, examples } from "./collate.ts";
export * from "./columns.ts";
export {
  type Column,
  type Dataset,
  dataset,
  images,
  labels,
  type Normalisation,
  take,
  type Values,
} from "./dataset.ts";
export { float16 } from "./float16.ts";
export { fromPixels, type PictureOptions } from "./from-pixels.ts";
export { gunzip } from "./gunzip.ts";
export { type IdxArray, type IdxType, readIdx, readIdxBytes } from "./idx.ts";
export * from "./padded.ts";
export type { Picture, Pixels } from "./picture.ts";
export type { Chunk, Frames, Sequence } from "./pieces.ts";
export { type PixelOptions, pixels } from "./pixels.ts";
export {
  IGNORED_LABEL,
  type SequenceBatch,
  type SequenceOptions,
  sequenceBatchCount,
  sequenceBatches,
} from "./sequences.ts";
export { type ShuffleOptions, shuffle } from "./shuffle.ts";
export type { Source } from "./source.ts";
export {
  cache,
  concatenate,
  map,
  prefetch,
  type WindowOptions,
  window,
  zip,
} from "./stages.ts";
export * from "./statistics.ts";
export * from "./stream-windows.ts";
export { TextVocabulary, type TextVocabularyJson, type TextVocabularyOptions } from "./text.ts";
export type { Given, Lists } from "./values.ts";
export type { Vocabulary } from "./vocabulary.ts";
export { WordVocabulary, type WordVocabularyJson, type WordVocabularyOptions } from "./words.ts";
