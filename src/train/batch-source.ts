/** One pass over data: examples in batches, a text in windows, or what the caller makes. */

import { batchRows } from "../data/batches.ts";
import { gather } from "../data/dataset.ts";
import { type BatchOptions, batchCount, sequenceBatchCount } from "../data/index.ts";
import { sequenceBatchesFrom } from "../data/sequences.ts";
import { ArgumentError } from "../errors.ts";
import { mapped } from "../records.ts";
import type { PassForm, Position } from "./progress.ts";
import {
  type AnyBatches,
  checkedBatches,
  type Examples,
  nested,
  type ReadyData,
  type TrainingBatch,
} from "./training-data.ts";

export interface PassOptions {
  readonly caller: string;
  /** Not needed where the caller makes the batches. */
  readonly batchSize: number | undefined;
  /** Steps of a window of truncated back-propagation through time; needed for texts. */
  readonly window: number | undefined;
  /** Whether every window has that many, also where a text is shorter. */
  readonly isWindowFixed?: boolean;
  /** Shuffles examples; their own order where it is missing. */
  readonly seed?: number | undefined;
  readonly epoch: number;
  /** Leaves out what does not fill a batch or a window. */
  readonly dropLast: boolean;
}

/** A pass, of examples and texts from batch `first` on; whoever makes batches gives all of them. */
export function passOver(
  data: ReadyData,
  options: PassOptions,
  first = 0,
): AnyBatches | PromiseLike<AnyBatches> {
  if (typeof data === "function") {
    const made: unknown = data(options.epoch);
    return made instanceof Promise
      ? made.then((batches) => checkedBatches(options.caller, batches))
      : checkedBatches(options.caller, made);
  }
  return data instanceof Int32Array
    ? windows(data, options, first)
    : examples(data, exampleOptions(options), first);
}

function* examples(
  { length, columns }: Examples,
  options: BatchOptions,
  first: number,
): Generator<unknown> {
  for (const rows of batchRows(length, options, first)) {
    yield { ...nested(mapped(columns, (column) => gather(column, rows))), rows };
  }
}

/**
 * Batches in one pass, or undefined where only the caller knows.
 * @throws ArgumentError where there is none
 */
export function batchesInPass(data: ReadyData, options: PassOptions): number | undefined {
  if (typeof data === "function") return undefined;
  const isText = data instanceof Int32Array;
  const count = isText
    ? sequenceBatchCount(data.length, windowOptions(data, options))
    : batchCount(data.length, exampleOptions(options));
  if (count > 0) return count;
  const { caller, batchSize, window } = options;
  throw new ArgumentError(
    isText
      ? `${caller}: a text must have a target at least, and fill a window with dropLast; got ${data.length} ids for ${batchSize} rows of windows of ${window} steps. Leave dropLast out, or take a longer text, fewer rows or a shorter window.`
      : `${caller}: with dropLast the examples must fill a batch; got ${data.length} for a batchSize of ${batchSize}. Leave dropLast out, or make batchSize smaller.`,
  );
}

/** What decides which batches a pass has; nothing is known of those that the caller makes. */
export function passForm(
  data: ReadyData,
  { batchSize, dropLast, seed }: PassOptions,
  batches: number | undefined,
): PassForm {
  if (typeof data === "function") return {};
  const order = data instanceof Int32Array || seed === undefined ? {} : { seed };
  return { batchSize, dropLast, batches, ...order };
}

/** @throws ArgumentError where the rest of an epoch would not be the rest of what was begun */
export function checkPass(begun: PassForm, now: PassForm, { batch, epoch }: Position): void {
  const told = ({ batchSize, dropLast, seed, batches }: PassForm) =>
    batchSize === undefined
      ? "batches of the caller's making"
      : `batchSize ${batchSize}, dropLast ${dropLast}, ${seed === undefined ? "no shuffling" : `seed ${seed}`}, stepsPerEpoch ${batches}`;
  if (told(begun) === told(now)) return;
  throw new ArgumentError(
    `fit: an epoch that is gone on with must be read as it was begun, with ${told(begun)}; got ${told(now)}, behind batch ${batch} of epoch ${epoch}. Give the same data and options, or { initialEpoch: ${epoch} } to begin the next epoch.`,
  );
}

/** @throws ArgumentError for a pass that gave nothing */
export function checkNotEmpty<T>(
  caller: string,
  last: T | undefined,
  epoch: number,
): asserts last is T {
  if (last !== undefined) return;
  throw new ArgumentError(
    `${caller}: a pass over the data must have a batch at least; got none in epoch ${epoch}. A generator can be passed over once: give a function that makes a new one for every epoch.`,
  );
}

function sizeOfBatches({ caller, batchSize }: PassOptions): number {
  if (batchSize !== undefined) return batchSize;
  throw new ArgumentError(
    `${caller}: examples and texts must be read in batches of some size; got no batchSize. Say how many examples, or rows of text, are a step: { batchSize: 32 }.`,
  );
}

function exampleOptions(options: PassOptions): BatchOptions {
  const { seed, epoch, dropLast } = options;
  const shuffled = seed === undefined ? {} : { seed };
  return { batchSize: sizeOfBatches(options), epoch, dropLast, ...shuffled };
}

function windowOptions(ids: Int32Array, options: PassOptions) {
  const { caller, window, dropLast } = options;
  if (window === undefined) {
    throw new ArgumentError(
      `${caller}: a text must be read in windows; got a Trainer without a window. Say how many steps a gradient may reach back: new Trainer(model, { window: 64, … }).`,
    );
  }
  const batchSize = sizeOfBatches(options);
  if (dropLast) return { batchSize, window, remainder: "drop" as const };
  // Every id but the first is a target, and a row without one would be filling alone.
  const targets = Math.max(1, ids.length - 1);
  const rows = Math.min(batchSize, targets);
  const steps = options.isWindowFixed ? window : Math.min(window, Math.ceil(targets / rows));
  return { batchSize: rows, window: steps, remainder: "pad" as const };
}

function* windows(ids: Int32Array, options: PassOptions, first: number): Generator<TrainingBatch> {
  for (const batch of sequenceBatchesFrom(first, ids, windowOptions(ids, options))) {
    const { inputs, targets, shape, start } = batch;
    yield {
      x: { data: inputs, shape, dtype: "i32", time: 0 },
      y: { data: targets, shape, dtype: "i32", time: 0 },
      start,
    };
  }
}
