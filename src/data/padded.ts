import { anything, checkOptions, flag, oneOf, rule, shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { hostArray } from "../internals.ts";
import type { Values } from "./dataset.ts";
import { IGNORED_LABEL } from "./sequences.ts";

export interface PaddingOptions {
  /** T; the longest sequence's where nothing is said. Batches of one T share one compiled step. */
  readonly steps?: number;
  /**
   * What stands behind a sequence's end. Of ids IGNORED_LABEL where nothing is said: a loss ignores it as a label, an
   * embedding reads it as zeros, and `nn.lengthsOf` knows by it where a sequence ends. Of other numbers 0.
   */
  readonly fill?: number;
  /** [B, T], as examples of a dataset are, rather than [T, B], as recurrent layers take them. */
  readonly batchFirst?: boolean;
  /** Where nothing is said, i32 for whole numbers, and f32 where there are others or arrays of floats. */
  readonly dtype?: "i32" | "f32";
}

/** Sequences of different lengths in one array, and how long each is. */
export interface PaddedSequences {
  /** [T, B], or [B, T] with `batchFirst`; `time` says which. */
  readonly values: Values<Int32Array | Float32Array>;
  /** i32[B]: steps of each sequence, as the `lengths` of recurrent layers. */
  readonly lengths: Values<Int32Array>;
}

/**
 * Sequences of ids, or of one number a step, side by side in their order, each filled up behind its end.
 * @throws ArgumentError where a sequence is longer than `steps`, and for what is no number, or no whole one in i32
 */
export function padSequences(
  sequences: readonly ArrayLike<number>[],
  options: PaddingOptions = {},
): PaddedSequences {
  checkOptions<PaddingOptions>("padSequences", options, {
    steps: anything,
    fill: rule("a number", (n) => typeof n === "number"),
    batchFirst: flag,
    dtype: oneOf("i32", "f32"),
  });
  checkSequences(sequences);
  const dtype = options.dtype ?? dtypeOf(sequences, options.fill);
  const { fill = dtype === "i32" ? IGNORED_LABEL : 0, batchFirst = false } = options;
  const batch = sequences.length;
  const longest = sequences.reduce((most, { length }) => Math.max(most, length), 0);
  const { steps = longest } = options;
  if (!(Number.isSafeInteger(steps) && steps >= longest)) {
    throw new ArgumentError(
      `padSequences: steps must be a whole number and at least the longest sequence's; got ${shown(steps)} for one of ${longest}. Cut the sequence, or leave steps out.`,
    );
  }
  const size = steps * batch;
  const data = (dtype === "i32" ? hostArray("i32", size) : hostArray("f32", size)).fill(fill);
  sequences.forEach((sequence, b) => {
    for (let t = 0; t < sequence.length; t++) {
      data[batchFirst ? b * steps + t : t * batch + b] = numberAt(sequence, t, b, dtype);
    }
  });
  const lengths = Int32Array.from(sequences, ({ length }) => length);
  const shape = batchFirst ? [batch, steps] : [steps, batch];
  return {
    values: { data, shape, dtype, time: batchFirst ? 1 : 0 },
    lengths: { data: lengths, shape: [batch], dtype: "i32" },
  };
}

function checkSequences(sequences: unknown): void {
  const isList = (list: unknown) => Array.isArray(list) || ArrayBuffer.isView(list);
  if (Array.isArray(sequences) && sequences.every(isList)) return;
  const wrong = Array.isArray(sequences) ? sequences.find((one) => !isList(one)) : sequences;
  throw new ArgumentError(
    `padSequences: sequences must be a list of lists of numbers, or of typed arrays; got ${shown(wrong)}. One alone is [sequence].`,
  );
}

const MAX_I32 = 2 ** 31 - 1;

function isI32(value: unknown): boolean {
  return Number.isInteger(value) && Math.abs(Number(value)) <= MAX_I32;
}

function dtypeOf(sequences: readonly ArrayLike<number>[], fill: number | undefined): "i32" | "f32" {
  const areIds = (one: ArrayLike<number>) =>
    !(one instanceof Float32Array || one instanceof Float64Array) &&
    Array.prototype.every.call(one, (x) => isI32(typeof x === "bigint" ? Number(x) : x));
  return (fill === undefined || isI32(fill)) && sequences.every(areIds) ? "i32" : "f32";
}

function numberAt(
  sequence: ArrayLike<unknown>,
  t: number,
  b: number,
  dtype: "i32" | "f32",
): number {
  const given = sequence[t];
  const value = typeof given === "bigint" ? Number(given) : given;
  if (typeof value === "number" && (dtype === "f32" || isI32(value))) return value;
  throw new ArgumentError(
    `padSequences: steps must be ${dtype === "i32" ? "whole numbers" : "numbers"}; got ${shown(given)} as step ${t} of sequence ${b}. Sequences of vectors are padded in an array of one's own.`,
  );
}
