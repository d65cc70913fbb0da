import {
  check,
  checkOptions,
  finite,
  isRecord,
  list,
  positive,
  rule,
  shown,
} from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { type DType, type HostArray, type Shape, sizeOf } from "../functions.ts";
import { checkedShape, hostArray } from "../internals.ts";
import { bytes } from "./file.ts";
import { isSource, type Source } from "./source.ts";
import { takeItems } from "./stages.ts";
import { type Given, type Values, valuesOf } from "./values.ts";

export type { Values };

/**
 * Examples along the first dimension: shape [N, …], either ready to be used (f32, i32, u32) or bytes that become f32
 * `byte · scale + offset` when they are put into a batch, a quarter of the memory.
 */
export type Column =
  | Values
  | {
      readonly data: Uint8Array;
      readonly shape: Shape;
      readonly dtype: "f32";
      readonly scale: number;
      readonly offset: number;
      readonly time?: 0 | 1;
    };

/** Inputs and targets of `length` examples: plain arrays and shapes, nothing on a device. */
export interface Dataset {
  /** How many examples there are: N. */
  readonly length: number;
  /** Inputs, [N, …]. */
  readonly x: Column;
  /** Targets, [N, …]. */
  readonly y: Column;
}

/**
 * A dataset of inputs x [N, …] and targets y [N, …]: columns, lists of numbers, or typed arrays with a shape. Of lists,
 * y is i32 where it is one whole number an example, and everything else f32.
 * @throws ShapeError where an array does not fill its shape or N differs, ArgumentError for what holds no numbers,
 *   DTypeError for a dtype that there is not
 */
export function dataset(columns: {
  readonly x: Column | Given;
  readonly y: Column | Given;
}): Dataset {
  const x = columnOf("dataset", "x", columns?.x, "f32");
  const y = columnOf("dataset", "y", columns?.y, undefined);
  return { length: lengthOf("dataset", { x, y }), x, y };
}

/** How many examples all of `columns` have. @throws ShapeError where they differ */
export function lengthOf(caller: string, columns: Readonly<Record<string, Column>>): number {
  const [first, ...others] = Object.entries(columns);
  const length = first?.[1].shape[0] ?? 0;
  for (const other of others) {
    if (other[1].shape[0] === length || first === undefined) continue;
    const shapes = [first, other].map(([name, { shape }]) => `${name} [${shape.join(", ")}]`);
    throw new ShapeError(
      `${caller}: ${first[0]} and ${other[0]} must have the same number of examples; got ${shapes.join(", ")}. The first dimension counts the examples.`,
    );
  }
  return length;
}

/** Examples in any form as a column. @throws ShapeError, ArgumentError where they are none */
export function columnOf(
  caller: string,
  name: string,
  given: unknown,
  wanted: DType | undefined,
): Column {
  const column = isScaled(given)
    ? checkedBytes(caller, name, given)
    : valuesOf(`${caller}: ${name}`, given, wanted);
  if (column.time === 0) {
    throw new ArgumentError(
      `${caller}: ${name} must have the examples along its first dimension; got [${column.shape.join(", ")}], time first. Pad sequences with { batchFirst: true }, or pass time-first batches to a Trainer as they are.`,
    );
  }
  if (column.shape.length > 0 && column.data.length === sizeOf(column.shape)) return column;
  throw new ShapeError(
    `${caller}: ${name} must have as many values as its shape [N, …] says; got [${column.shape.join(", ")}] with ${column.data.length}. The first dimension counts the examples.`,
  );
}

function isScaled(given: unknown): given is Extract<Column, { scale: number }> {
  return typeof given === "object" && given !== null && "scale" in given;
}

function checkedBytes(
  caller: string,
  name: string,
  column: Extract<Column, { scale: number }>,
): Column {
  const { data, shape, scale, offset } = column;
  if (data instanceof Uint8Array && Array.isArray(shape) && Number.isFinite(scale + offset)) {
    checkedShape(caller, shape, `the shape of ${name}`);
    return column;
  }
  throw new ArgumentError(
    `${caller}: ${name} with a scale must be bytes with a shape, a finite scale and an offset; got data ${shown(data)}, scale ${shown(scale)}, offset ${shown(offset)}. data.images makes such columns.`,
  );
}

/** How bytes become floats: (byte / 255 − mean) / deviation; [0, 1] where nothing is said. */
export interface Normalisation {
  /** Of bytes as numbers from 0 to 1; 0. */
  readonly mean?: number;
  /** In the same unit, above 0; 1. */
  readonly deviation?: number;
}

/**
 * Pictures f32[N, H, W, C] from bytes in that order, scaled to [0, 1] or normalised; a view, not a copy.
 * @throws ShapeError for a shape that is none, and where the bytes do not fill it; ArgumentError for statistics that are none
 */
export function images(data: Uint8Array, shape: Shape, normalisation: Normalisation = {}): Column {
  check("images", "the pixels", data, bytes);
  check("images", "the shape", shape, list, "It is [N, H, W, C].");
  checkedShape("images", shape);
  checkOptions<Normalisation>("images", normalisation, { mean: finite, deviation: positive });
  const { mean = 0, deviation = 1 } = normalisation;
  if (shape.length !== 4 || data.length !== sizeOf(shape)) {
    throw new ShapeError(
      `images: the bytes must fill a shape [N, H, W, C]; got ${data.length} bytes, shape [${shape.join(", ")}]. ` +
        "Grey pictures have C = 1.",
    );
  }
  return { data, shape, dtype: "f32", scale: 1 / (255 * deviation), offset: -mean / deviation };
}

/**
 * Class labels i32[N] from bytes.
 * @throws ArgumentError for what are no bytes
 */
export function labels(data: Uint8Array): Values<Int32Array> {
  check("labels", "the labels", data, bytes);
  // A detached array is one of none; it could not be read.
  const ids = data.length === 0 ? new Int32Array() : Int32Array.from(data);
  return { data: ids, shape: [ids.length], dtype: "i32" };
}

/**
 * The first `length` examples, as views of the same memory; of a source its first items, or all where there are fewer.
 * @throws ArgumentError for a length that is not a whole number of 0 or more
 */
export function take(from: Dataset, length: number): Dataset;
export function take<T>(from: Source<T>, length: number): AsyncIterable<T>;
export function take<T>(from: Dataset | Source<T>, length: number): Dataset | AsyncIterable<T> {
  if (isSource(from)) return takeItems(from, length);
  checkDataset("take", from);
  if (!Number.isInteger(length) || length < 0 || length > from.length) {
    throw new ArgumentError(
      `take: the length must be a whole number from 0 to ${from.length}; got ${shown(length)}. There are no more examples than that.`,
    );
  }
  return { length, x: part(from.x, 0, length), y: part(from.y, 0, length) };
}

/** What `dataset` made, or something like it. */
export function checkDataset(caller: string, from: unknown): asserts from is Dataset {
  const isColumn = (value: unknown) =>
    isRecord(value) && ArrayBuffer.isView(value.data) && Array.isArray(value.shape);
  const isDataset = (value: unknown) =>
    isRecord(value) && isColumn(value.x) && isColumn(value.y) && Number.isInteger(value.length);
  check(
    caller,
    "the examples",
    from,
    rule("a dataset", isDataset),
    "Make one by data.dataset({ x, y }).",
  );
}

/** The examples from one to before another, as views of the same memory. */
export function part(column: Column, from: number, to: number): Column {
  const shape = [to - from, ...column.shape.slice(1)];
  const rowSize = sizeOf(column.shape.slice(1));
  const [start, end] = [from * rowSize, to * rowSize];
  // Both arms of the union keep their own kind of array.
  return "scale" in column
    ? { ...column, shape, data: column.data.subarray(start, end) }
    : { ...column, shape, data: column.data.subarray(start, end) };
}

/** Examples `rows` of a column, in that order, as the values of a batch [rows.length, …]. */
export function gather(column: Column, rows: Uint32Array): Values {
  const shape = [rows.length, ...column.shape.slice(1)];
  const rowSize = sizeOf(column.shape.slice(1));
  const data = emptyLike(column, rows.length * rowSize);
  rows.forEach((row, i) => {
    const source = column.data.subarray(row * rowSize, (row + 1) * rowSize);
    if ("scale" in column) writeScaled(data, i * rowSize, source, column.scale, column.offset);
    else data.set(source, i * rowSize);
  });
  const values = { data, shape, dtype: column.dtype };
  return column.time === undefined ? values : { ...values, time: column.time };
}

/** Bytes become floats; everything else keeps its kind of array. */
function emptyLike({ data }: Column, length: number): HostArray {
  if (data instanceof Int32Array) return hostArray("i32", length);
  return hostArray(data instanceof Uint32Array ? "u32" : "f32", length);
}

function writeScaled(
  target: HostArray,
  at: number,
  source: ArrayLike<number>,
  scale: number,
  offset: number,
): void {
  for (let j = 0; j < source.length; j++) target[at + j] = (source[j] ?? 0) * scale + offset;
}
