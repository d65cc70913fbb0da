/**
 * A long sequence cut for truncated backpropagation through time: it is laid out as B parallel streams, and window
 * after window of T steps is taken from all of them at once, so that row b of a window goes on where row b of the
 * window before it ended and the recurrent state can be carried across the border.
 *
 *   ids      0 1 2 3 4 5 6 7 8 9 …        streams (B = 2)    0 1 2 3 | 4 5 …
 *                                                            7 8 9 … | …
 */
import { check, checkOptions, count, oneOf, required, rule, whole } from "../arguments.ts";
import { hostArray } from "../internals.ts";

/** Targets with this label count neither for the loss nor for the gradient. */
export const IGNORED_LABEL = -1;

/** How a text is cut into windows. */
export interface SequenceOptions {
  /** How many streams are read side by side: B. */
  readonly batchSize: number;
  /** How many steps one window has: T. */
  readonly window: number;
  /**
   * What happens to what does not fill a window: "drop" leaves it out (training), "pad" fills the last windows with
   * targets that are ignored, so that every id but the first is a target exactly once (evaluation). "drop" where
   * nothing is said. All windows have the same shape either way.
   */
  readonly remainder?: "drop" | "pad";
}

/** Element [t, b] is at t · B + b. */
export interface SequenceBatch {
  /** i32[T, B] */
  readonly inputs: Int32Array;
  /** i32[T, B]: the ids that follow `inputs`, or IGNORED_LABEL. */
  readonly targets: Int32Array;
  /** Of x and of y. */
  readonly shape: readonly [T: number, B: number];
  /** Targets that are not ignored. */
  readonly count: number;
  /** Whether the streams begin here, so that the state must be reset. */
  readonly start: boolean;
}

/**
 * How many windows {@link sequenceBatches} gives for `length` ids.
 * @throws ArgumentError for options that break their rules
 */
export function sequenceBatchCount(length: number, options: SequenceOptions): number {
  check("sequenceBatches", "the number of ids", length, whole);
  const { batchSize, window, remainder = "drop" } = checked(options);
  const stream = streamLength(length, batchSize, remainder);
  return remainder === "pad" ? Math.ceil(stream / window) : Math.floor(stream / window);
}

/**
 * Windows over `ids` in order, the streams side by side; see the head of this file. x and y: i32[window, batchSize], y
 * one id further on.
 * @throws ArgumentError for options that break their rules, and for fewer ids than a window needs
 */
export function sequenceBatches(
  ids: Int32Array,
  options: SequenceOptions,
): Generator<SequenceBatch, void, void> {
  check("sequenceBatches", "the ids", ids, someIds, "A vocabulary's encode(text) gives them.");
  checked(options);
  return sequenceBatchesFrom(0, ids, options);
}

/** The same from window `first` on; both have been checked. */
export function* sequenceBatchesFrom(
  first: number,
  ids: Int32Array,
  options: SequenceOptions,
): Generator<SequenceBatch, void, void> {
  const { batchSize, window, remainder = "drop" } = options;
  const windows = sequenceBatchCount(ids.length, options);
  const stream = streamLength(ids.length, batchSize, remainder);
  for (let i = first; i < windows; i++) {
    yield windowAt(ids, { batchSize, window, stream, first: i * window });
  }
}

/** Steps of one stream, not counting the id that is only ever a target. */
function streamLength(length: number, batchSize: number, remainder: "drop" | "pad"): number {
  const targets = Math.max(0, length - 1);
  return remainder === "pad" ? Math.ceil(targets / batchSize) : Math.floor(targets / batchSize);
}

interface Cut {
  readonly batchSize: number;
  readonly window: number;
  readonly stream: number;
  readonly first: number;
}

function windowAt(ids: Int32Array, { batchSize, window, stream, first }: Cut): SequenceBatch {
  const inputs = hostArray("i32", window * batchSize);
  const targets = hostArray("i32", window * batchSize).fill(IGNORED_LABEL);
  let count = 0;
  for (let t = 0; t < window && first + t < stream; t++) {
    for (let b = 0; b < batchSize; b++) {
      const source = b * stream + first + t;
      const target = ids[source + 1];
      if (target === undefined) continue;
      inputs[t * batchSize + b] = ids[source] ?? 0;
      targets[t * batchSize + b] = target;
      count++;
    }
  }
  return { inputs, targets, shape: [window, batchSize], count, start: first === 0 };
}

const someIds = rule("an Int32Array", (value) => value instanceof Int32Array);

function checked(options: SequenceOptions): SequenceOptions {
  checkOptions<SequenceOptions>("sequenceBatches", options, {
    batchSize: required(count),
    window: required(count),
    remainder: oneOf("drop", "pad"),
  });
  return options;
}
