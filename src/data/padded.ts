import { ArgumentError } from "../errors.ts";
import type { Values } from "./dataset.ts";
import { IGNORED_LABEL } from "./sequences.ts";

export interface PaddingOptions {
  /** T; the longest sequence's where nothing is said. Batches of one T share one compiled step. */
  readonly steps?: number;
  /**
   * What stands behind a sequence's end; IGNORED_LABEL where nothing is said. A loss ignores it as a label, an
   * embedding reads it as zeros, and `nn.lengthsOf` knows by it where a sequence ends.
   */
  readonly fill?: number;
  /** [B, T], as examples of a dataset are, rather than [T, B], as recurrent layers take them. */
  readonly batchFirst?: boolean;
}

export interface PaddedSequences {
  /** i32[T, B], or i32[B, T] with `batchFirst`. */
  readonly values: Values<Int32Array>;
  /** i32[B]: steps of each sequence, as the `lengths` of recurrent layers. */
  readonly lengths: Values<Int32Array>;
}

/**
 * Sequences of ids side by side, in their order, each filled up behind its end.
 * @throws ArgumentError where a sequence is longer than `steps`
 */
export function padSequences(
  sequences: readonly ArrayLike<number>[],
  options: PaddingOptions = {},
): PaddedSequences {
  const { fill = IGNORED_LABEL, batchFirst = false } = options;
  const batch = sequences.length;
  const longest = sequences.reduce((most, { length }) => Math.max(most, length), 0);
  const { steps = longest } = options;
  if (!(Number.isInteger(steps) && steps >= longest)) {
    throw new ArgumentError(
      `padSequences: steps must be a whole number and at least the longest sequence's; got ${steps} for one of ${longest}. Cut the sequence, or leave steps out.`,
    );
  }
  const data = new Int32Array(steps * batch).fill(fill);
  sequences.forEach((sequence, b) => {
    for (let t = 0; t < sequence.length; t++) {
      data[batchFirst ? b * steps + t : t * batch + b] = sequence[t] ?? fill;
    }
  });
  const lengths = Int32Array.from(sequences, ({ length }) => length);
  return {
    values: { data, shape: batchFirst ? [batch, steps] : [steps, batch], dtype: "i32" },
    lengths: { data: lengths, shape: [batch], dtype: "i32" },
  };
}
