/** Data that is handed over in any form, as values. */
import type { DType, HostArray, Shape, TypedArray } from "../functions.ts";
import { hostValues } from "../internals.ts";

/** Values with a shape, on the host. */
export interface Values<A extends HostArray = HostArray> {
  /** The elements, row-major. */
  readonly data: A;
  /** As many elements as there are. */
  readonly shape: Shape;
  /** What they become on a device. */
  readonly dtype: DType;
  /**
   * Which dimension counts the steps of sequences, where that is known: 0 of [T, B, …], 1 of [B, T, …]. A Trainer
   * compares it with what the model takes for time.
   */
  readonly time?: 0 | 1;
}

/** Numbers in lists of lists, as deep as there are dimensions. */
export type Lists = number | boolean | readonly Lists[];

/** Lists of numbers, a typed array, or either with what it does not say itself. */
export type Given =
  | Lists
  | TypedArray
  | {
      readonly data: TypedArray | Lists;
      readonly shape?: readonly number[];
      readonly dtype?: DType;
      readonly time?: 0 | 1;
    };

/**
 * `given` as values; what is stored as it should be is not copied. `wanted` is what those become that do not say:
 * without it one whole number an example is a label, i32.
 * @throws ArgumentError, ShapeError, DTypeError for what is no data
 */
export function valuesOf(caller: string, given: unknown, wanted: DType | undefined): Values {
  const { data, shape, dtype, time } = hasData(given) ? given : { data: given };
  const isI32 = wanted === "i32" || (wanted === undefined && areLabels(data));
  const { type, data: elements } = hostValues(caller, data, {
    shape,
    dtype: dtype ?? (isI32 ? "i32" : undefined),
    // Bytes are pixels where numbers are wanted.
    narrow: wanted ?? "i32",
  });
  const values = { data: elements, ...type };
  return time === undefined ? values : { ...values, time };
}

interface WithData {
  readonly data: unknown;
  readonly shape?: unknown;
  readonly dtype?: unknown;
  readonly time?: 0 | 1;
}

function hasData(given: unknown): given is WithData {
  return typeof given === "object" && given !== null && "data" in given;
}

function areLabels(data: unknown): boolean {
  return Array.isArray(data) && data.length > 0 && data.every(Number.isInteger);
}
