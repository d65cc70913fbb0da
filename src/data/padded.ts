import { anything, check, checkOptions, flag, isRecord, oneOf, rule, shown } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { type Shape, sizeOf } from "../functions.ts";
import { hostArray } from "../internals.ts";
import type { Values } from "./dataset.ts";
import { IGNORED_LABEL } from "./sequences.ts";

/** How sequences of different lengths become one rectangle. */
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
  /**
   * Where nothing is said, f32 for rows of features, i32 for whole numbers, and f32 where there are others or arrays of
   * floats.
   */
  readonly dtype?: "i32" | "f32";
}

/** Sequences of different lengths in one array, and how long each is. */
export interface PaddedSequences {
  /** [T, B, …], or [B, T, …] with `batchFirst`; `time` says which. */
  readonly values: Values<Int32Array | Float32Array>;
  /** i32[B]: steps of each sequence, as the `lengths` of recurrent layers. */
  readonly lengths: Values<Int32Array>;
}

/**
 * One number a step, [T_i]; a row of features a step, [T_i, F], as a list of rows; or steps of any form, `{ data, shape }`
 * of [T_i, …].
 */
export type PaddedSequence =
  | ArrayLike<number>
  | readonly ArrayLike<number>[]
  | { readonly data: ArrayLike<number>; readonly shape: Shape };

/**
 * Sequences of ids, of one number a step or of a row of features, side by side in their order, each filled up behind its
 * end.
 * @throws ArgumentError where a sequence is longer than `steps`, and for what is no number, or no whole one in i32;
 *   ShapeError where steps are not all of one form
 */
export function padSequences(
  sequences: readonly PaddedSequence[],
  options: PaddingOptions = {},
): PaddedSequences {
  checkOptions<PaddingOptions>("padSequences", options, {
    steps: anything,
    fill: rule("a number", (n) => typeof n === "number"),
    batchFirst: flag,
    dtype: oneOf("i32", "f32"),
  });
  checkSequences(sequences);
  const series = sequences.map(seriesOf);
  const form = formOf(series);
  const dtype = options.dtype ?? dtypeOf(series, options.fill);
  const { fill = dtype === "i32" ? IGNORED_LABEL : 0, batchFirst = false } = options;
  if (dtype === "i32")
    check("padSequences", "fill", fill, anId, 'Leave it out, or say { dtype: "f32" }.');
  const batch = series.length;
  const longest = series.reduce((most, { length }) => Math.max(most, length), 0);
  const { steps = longest } = options;
  if (!(Number.isSafeInteger(steps) && steps >= longest)) {
    throw new ArgumentError(
      `padSequences: steps must be a whole number and at least the longest sequence's; got ${shown(steps)} for one of ${longest}. Cut the sequence, or leave steps out.`,
    );
  }
  const width = sizeOf(form);
  const size = steps * batch * width;
  const data = (dtype === "i32" ? hostArray("i32", size) : hostArray("f32", size)).fill(fill);
  series.forEach(({ data: numbers, length }, b) => {
    for (let t = 0; t < length; t++) {
      const at = width * (batchFirst ? b * steps + t : t * batch + b);
      for (let f = 0; f < width; f++) data[at + f] = numberAt(numbers[t * width + f], t, b, dtype);
    }
  });
  const lengths = Int32Array.from(series, ({ length }) => length);
  const shape = [...(batchFirst ? [batch, steps] : [steps, batch]), ...form];
  return {
    values: { data, shape, dtype, time: batchFirst ? 1 : 0 },
    lengths: { data: lengths, shape: [batch], dtype: "i32" },
  };
}

/** One sequence: `length` steps of `form`, one behind the other; of none nothing is known. */
interface Series {
  readonly data: ArrayLike<unknown>;
  readonly length: number;
  readonly form: Shape | undefined;
}

const isList = (list: unknown): list is ArrayLike<unknown> =>
  Array.isArray(list) || (ArrayBuffer.isView(list) && "length" in list);

function checkSequences(sequences: unknown): void {
  const isSequence = (one: unknown) => isList(one) || (isRecord(one) && "data" in one);
  // A list with holes has nothing there, which `every` would pass over.
  if (Array.isArray(sequences) && Array.from(sequences).every(isSequence)) return;
  const wrong = Array.isArray(sequences) ? sequences.find((one) => !isSequence(one)) : sequences;
  throw new ArgumentError(
    `padSequences: sequences must be a list of lists of numbers or of rows, or of typed arrays; got ${shown(wrong)}. One alone is [sequence].`,
  );
}

function seriesOf(sequence: unknown, b: number): Series {
  if (isRecord(sequence)) return shapedSeries(sequence, b);
  // It is one of both.
  const list = sequence as ArrayLike<unknown>;
  const [row] = Array.isArray(list) ? list : [];
  if (!isList(row)) {
    return { data: list, length: list.length, form: list.length === 0 ? undefined : [] };
  }
  const rows = Array.from(list, (one, t): unknown[] => {
    if (isList(one) && one.length === row.length) return Array.from(one);
    throw new ShapeError(
      `padSequences: every step must have as many features as the first; got ${isList(one) ? one.length : shown(one)} after ${row.length} as step ${t} of sequence ${b}. Fill the row up, or cut it.`,
    );
  });
  return { data: rows.flat(), length: rows.length, form: [row.length] };
}

function shapedSeries({ data, shape }: Readonly<Record<string, unknown>>, b: number): Series {
  const isShape = Array.isArray(shape) && shape.length > 0;
  if (isList(data) && isShape && data.length === sizeOf(shape))
    return { data, length: Number(shape[0]), form: shape.slice(1) };
  throw new ShapeError(
    `padSequences: a sequence with a shape must fill it, [T, …]; got data ${shown(data)}, shape ${shown(shape)} as sequence ${b}. T steps of n features are { data: T · n numbers, shape: [T, n] }.`,
  );
}

const anId = rule("a whole number of 32 bits, as the steps are", isI32);

/** What all steps are of. */
function formOf(series: readonly Series[]): Shape {
  const known = series.flatMap(({ form }, b) => (form === undefined ? [] : [{ form, b }]));
  const [first] = known;
  const other = known.find(({ form }) => form.join() !== first?.form.join());
  if (other === undefined) return first?.form ?? [];
  throw new ShapeError(
    `padSequences: all sequences must have steps of one form; got [${["T", ...other.form].join(", ")}] as sequence ${other.b} after [${["T", ...(first?.form ?? [])].join(", ")}]. Bring all steps into the form of the first.`,
  );
}

function isI32(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= -(2 ** 31) && Number(value) < 2 ** 31;
}

/** Features that happen to be whole in one batch are numbers in the next. */
function dtypeOf(series: readonly Series[], fill: number | undefined): "i32" | "f32" {
  const areIds = ({ data, form = [] }: Series) =>
    form.length === 0 &&
    !Object.prototype.toString.call(data).startsWith("[object Float") &&
    Array.prototype.every.call(data, (x) => isI32(typeof x === "bigint" ? Number(x) : x));
  return (fill === undefined || isI32(fill)) && series.every(areIds) ? "i32" : "f32";
}

function numberAt(given: unknown, t: number, b: number, dtype: "i32" | "f32"): number {
  const value = typeof given === "bigint" ? Number(given) : given;
  if (typeof value === "number" && (dtype === "f32" || isI32(value))) return value;
  throw new ArgumentError(
    `padSequences: steps must be ${dtype === "i32" ? "whole numbers" : "numbers"}, or rows of them; got ${shown(given)} as step ${t} of sequence ${b}. ${dtype === "i32" ? "Look words and characters up first: vocabulary.encode(text)." : "Convert it first."}`,
  );
}
