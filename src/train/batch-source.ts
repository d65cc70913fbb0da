import {
  type BatchOptions,
  batchCount,
  batches,
  type Dataset,
  sequenceBatchCount,
  sequenceBatches,
  type Values,
} from "../data/index.ts";
import { ArgumentError } from "../errors.ts";

/** What one step is given. */
export interface TrainingBatch {
  readonly x: Values;
  readonly y: Values;
  /** How many targets count for the loss; y's first dimension where nothing is said. */
  readonly count?: number;
  /**
   * For windows of a longer sequence, time first ([T, B, …]): whether the sequence begins here. The recurrent state is
   * carried from a window to the next one with `start: false`. Leave it out for examples that stand for themselves.
   */
  readonly start?: boolean;
}

/**
 * What can be trained on: examples; a text as ids, read as windows in parallel streams; or batches that the caller
 * makes, from memory or as they arrive, a new pass for every epoch.
 */
export type TrainingData =
  | Dataset
  | Int32Array
  | ((epoch: number) => Iterable<TrainingBatch> | AsyncIterable<TrainingBatch>);

export interface PassOptions {
  readonly batchSize: number;
  /** Steps of a window of truncated back-propagation through time; needed for texts. */
  readonly window?: number | undefined;
  /** Shuffles examples; their own order where it is missing. */
  readonly seed?: number | undefined;
  readonly epoch: number;
  /** Evaluation uses every target once; training prefers batches of one shape. */
  readonly isComplete: boolean;
}

/** One pass over the data. */
export function passOver(
  data: TrainingData,
  options: PassOptions,
): Iterable<TrainingBatch> | AsyncIterable<TrainingBatch> {
  if (typeof data === "function") return data(options.epoch);
  return data instanceof Int32Array ? windows(data, options) : examples(data, options);
}

/** Batches in one pass, or undefined where only the caller knows. */
export function batchesInPass(data: TrainingData, options: PassOptions): number | undefined {
  if (typeof data === "function") return undefined;
  if (data instanceof Int32Array) return sequenceBatchCount(data.length, windowOptions(options));
  return batchCount(data.length, exampleOptions(options));
}

function exampleOptions({ batchSize, seed, epoch, isComplete }: PassOptions): BatchOptions {
  const shuffled = seed === undefined ? {} : { seed };
  return { batchSize, epoch, dropLast: !isComplete, ...shuffled };
}

function examples(data: Dataset, options: PassOptions): Iterable<TrainingBatch> {
  return batches(data, exampleOptions(options));
}

function windowOptions({ batchSize, window, isComplete }: PassOptions) {
  if (window === undefined) {
    throw new ArgumentError(
      "fit: a text is read in windows, and the Trainer was given none; got window undefined. Say how many steps a gradient may reach back: new Trainer(model, { window: 64, … }).",
    );
  }
  return { batchSize, window, remainder: isComplete ? ("pad" as const) : ("drop" as const) };
}

function* windows(ids: Int32Array, options: PassOptions): Generator<TrainingBatch> {
  for (const { inputs, targets, shape, count, start } of sequenceBatches(
    ids,
    windowOptions(options),
  )) {
    yield {
      x: { data: inputs, shape, dtype: "i32" },
      y: { data: targets, shape, dtype: "i32" },
      count,
      start,
    };
  }
}
