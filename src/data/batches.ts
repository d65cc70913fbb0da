import { check, checkOptions, count, finite, flag, required, whole } from "../arguments.ts";
import { foldIn, keyOf, permutation } from "../functions.ts";
import { checkDataset, type Dataset, gather, type Values } from "./dataset.ts";

/** How examples become batches. */
export interface BatchOptions {
  /** Examples in a batch; the last one has what is left. */
  readonly batchSize: number;
  /** Shuffles: one seed and epoch give one order, on every device. The dataset's own order where it is missing. */
  readonly seed?: number;
  /** Which pass over the data this is; every epoch has an order of its own. 0 where nothing is said. */
  readonly epoch?: number;
  /** Leaves out the last batch where it would be smaller, so that every batch has one shape. */
  readonly dropLast?: boolean;
}

/** Some examples of a dataset, and what is to be said of each. */
export interface Batch {
  /** [size, …], arrays of the batch's own that may be kept. */
  readonly x: Values;
  /** What is to be said of them, [B, …]. */
  readonly y: Values;
  /** How many examples it has: B. */
  readonly size: number;
  /** Which examples of the dataset these are. */
  readonly rows: Uint32Array;
}

/**
 * How many batches {@link batches} gives for `length` examples. The last, smaller one counts unless `dropLast`.
 * @throws ArgumentError for a length that is not a whole number of 0 or more, and for options that break their rules
 */
export function batchCount(length: number, options: BatchOptions): number {
  check("batches", "the number of examples", length, whole);
  checkOptions<BatchOptions>("batches", options, {
    batchSize: required(count),
    seed: finite,
    epoch: whole,
    dropLast: flag,
  });
  const { batchSize, dropLast = false } = options;
  return dropLast ? Math.floor(length / batchSize) : Math.ceil(length / batchSize);
}

/**
 * Every example once, `batchSize` at a time. x [N, …] and y [N, …] → such of `batchSize` rows, the last one of what is
 * left; in an order of chance with `seed`.
 * @throws ArgumentError for options that break their rules, and for what is no dataset
 */
export function batches(from: Dataset, options: BatchOptions): Generator<Batch, void, void> {
  checkDataset("batches", from);
  batchCount(from.length, options);
  return gathered(from, options);
}

function* gathered(from: Dataset, options: BatchOptions): Generator<Batch, void, void> {
  for (const rows of batchRows(from.length, options)) {
    yield { x: gather(from.x, rows), y: gather(from.y, rows), size: rows.length, rows };
  }
}

/** Which of `length` examples each batch has, from batch `first` on. */
export function* batchRows(
  length: number,
  options: BatchOptions,
  first = 0,
): Generator<Uint32Array, void, void> {
  const batchesInAll = batchCount(length, options);
  const { batchSize } = options;
  const order = epochOrder(length, options);
  for (let i = first; i < batchesInAll; i++)
    yield order.subarray(i * batchSize, (i + 1) * batchSize);
}

/** Random words are drawn by key, so any stream will do as long as it stays the same. */
const STREAM = 0;

function epochOrder(length: number, { seed, epoch = 0 }: BatchOptions): Uint32Array {
  if (seed === undefined) return Uint32Array.from({ length }, (_, i) => i);
  return permutation(foldIn(keyOf(seed), epoch), STREAM, length);
}
