/**
 * The one way in for data of the host: whatever arrives becomes elements of a dtype in the array that they are stored
 * in, or is refused. Nothing is ever read as the bits of another type.
 */
import { shown } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { checkDTypeName, type DType, type HostArray, hostArray, isHostArray } from "./dtype.ts";
import { checkedShape, describe, sizeOf, type TensorType } from "./shape.ts";

/** Float16Array, where the host has it. */
interface HalfArray extends ArrayBufferView, ArrayLike<number> {
  readonly [Symbol.toStringTag]: "Float16Array";
}

/** Typed arrays that can be handed in; they are converted where they are not stored as they are. */
export type TypedArray =
  | HostArray
  | Float64Array
  | HalfArray
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | BigInt64Array
  | BigUint64Array;

/** A number, or lists of lists of them, as deep as the tensor has dimensions; the innermost may be typed arrays. */
export type Nested = number | boolean | bigint | readonly Nested[] | TypedArray;

/** Elements, row-major, with their type. */
export interface HostValues {
  readonly type: TensorType;
  readonly data: HostArray;
}

export interface HostOptions {
  /** As the caller was given it; that of the data where it is undefined. */
  readonly shape?: unknown;
  /** As the caller was given it; that of the data where it is undefined: f32 for lists and floats, or an integer type. */
  readonly dtype?: unknown;
  /** What integers of 8 and 16 bits become where no dtype is asked for; i32. */
  readonly narrow?: DType;
}

/** Typed array → what its numbers become where nothing is said. */
const DTYPES: Readonly<Record<string, DType | "narrow">> = {
  Float32Array: "f32",
  Float64Array: "f32",
  Float16Array: "f32",
  Int32Array: "i32",
  Uint32Array: "u32",
  BigInt64Array: "i32",
  BigUint64Array: "u32",
  Int8Array: "narrow",
  Uint8Array: "narrow",
  Uint8ClampedArray: "narrow",
  Int16Array: "narrow",
  Uint16Array: "narrow",
};

/**
 * `data` as elements of a tensor: a number, nested lists, or a typed array. An array that elements of the dtype are
 * stored in anyway is handed on as it is, not copied; everything else is converted number by number: floats are
 * rounded to f32, integers must be whole and fit, and for bool every number but 0 is 1. `caller` begins the messages.
 * @throws ShapeError for ragged lists, for a shape that is none or that the data does not fill; DTypeError for an
 *   unknown dtype; ArgumentError for anything that is no number, or that the dtype cannot hold
 */
export function hostValues(
  caller: string,
  data: unknown,
  { shape, dtype, narrow = "i32" }: HostOptions = {},
): HostValues {
  if (dtype !== undefined) checkDTypeName(caller, dtype);
  const whole = shape === undefined ? undefined : checkedShape(caller, shape);
  if (isTypedArray(data)) {
    const own = dtype ?? dtypeOf(data, narrow);
    const type = { dtype: own, shape: whole ?? [data.length] };
    checkFills(caller, type, data.length);
    return { type, data: converted(caller, data, own) };
  }
  const nested = shapeOf(caller, data);
  const type = { dtype: dtype ?? dtypeOfLists(data, narrow) ?? "f32", shape: whole ?? nested };
  checkFills(caller, type, sizeOf(nested));
  const target = hostArray(type.dtype, sizeOf(nested));
  fillFrom(caller, data, nested, { target, at: 0, dtype: type.dtype });
  return { type, data: target };
}

function isTypedArray(data: unknown): data is TypedArray {
  return ArrayBuffer.isView(data) && !(data instanceof DataView);
}

function dtypeOf(data: TypedArray, narrow: DType): DType {
  const found = DTYPES[data[Symbol.toStringTag]] ?? "f32";
  return found === "narrow" ? narrow : found;
}

/** That of the typed arrays in lists, where they agree. */
function dtypeOfLists(data: unknown, narrow: DType): DType | undefined {
  if (isTypedArray(data)) return dtypeOf(data, narrow);
  if (!Array.isArray(data)) return undefined;
  const first = dtypeOfLists(data[0], narrow);
  if (first === undefined) return undefined;
  return data.every((row) => dtypeOfLists(row, narrow) === first) ? first : undefined;
}

function checkFills(caller: string, type: TensorType, length: number): void {
  if (length === sizeOf(type.shape)) return;
  throw new ShapeError(
    `${caller}: the data must have one element for each of the shape's; got ${length} elements for ${describe(type)}. Change the shape, or what the data holds.`,
  );
}

function converted(caller: string, data: TypedArray, dtype: DType): HostArray {
  const isStored = isHostArray(data, dtype) && keepsItsSize(data.buffer);
  if (isStored && (dtype !== "bool" || data.every((x) => x <= 1))) return data;
  const target = hostArray(dtype, data.length);
  fill(caller, data, { target, at: 0, dtype });
  return target;
}

/** Neither shared with a worker nor resizable, which a GPU does not take. */
function keepsItsSize(buffer: ArrayBufferLike & { readonly resizable?: boolean }): boolean {
  return buffer instanceof ArrayBuffer && buffer.resizable !== true;
}

interface Target {
  readonly target: HostArray;
  readonly at: number;
  readonly dtype: DType;
}

const RANGES = {
  i32: [-(2 ** 31), 2 ** 31 - 1],
  u32: [0, 2 ** 32 - 1],
} as const;

/** Writes numbers that follow each other, checked one by one where not all of their kind fit. */
function fill(caller: string, from: ArrayLike<unknown>, { target, at, dtype }: Target): void {
  // A detached array is one of none; it could not be read.
  if (from.length === 0) return;
  const isTyped = isTypedArray(from);
  if (isTyped && dtype === "f32" && !from[Symbol.toStringTag].startsWith("Big")) {
    target.set(from as ArrayLike<number>, at);
    return;
  }
  const isInteger = dtype === "i32" || dtype === "u32";
  for (let i = 0; i < from.length; i++) {
    const given = from[i];
    if (!isTyped && !isNumeric(given)) throw notANumber(caller, given, at + i);
    const x = Number(given);
    if (isInteger) checkInteger(caller, x, dtype, at + i);
    target[at + i] = dtype === "bool" ? (x === 0 ? 0 : 1) : x;
  }
}

function isNumeric(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean" || typeof value === "bigint";
}

/** Lists may be this deep; one that holds itself would go on for ever. */
const DEEPEST = 32;

/** The sizes of `data` along its first elements; `fillFrom` compares the others. */
function shapeOf(caller: string, data: unknown): number[] {
  const shape: number[] = [];
  let inner = data;
  while (Array.isArray(inner) && shape.length < DEEPEST) {
    shape.push(inner.length);
    if (inner.length === 0) return shape;
    inner = inner[0];
  }
  if (isTypedArray(inner)) shape.push(inner.length);
  else if (!isNumeric(inner)) throw notANumber(caller, inner, shape.length === 0 ? undefined : 0);
  return checkedShape(caller, shape);
}

/** Writes the lists of `data`, which must have `shape`, one behind the other. */
function fillFrom(caller: string, data: unknown, shape: readonly number[], to: Target): void {
  const [length, ...rest] = shape;
  if (length === undefined) {
    fill(caller, [data], to);
    return;
  }
  if (!isList(data) || data.length !== length || (isTypedArray(data) && rest.length > 0)) {
    throw isList(data) || isNumeric(data)
      ? ragged(caller, data, length)
      : notANumber(caller, data, to.at);
  }
  const list: ArrayLike<unknown> = data;
  if (rest.length === 0) {
    fill(caller, list, to);
    return;
  }
  const size = sizeOf(rest);
  for (let i = 0; i < length; i++) fillFrom(caller, list[i], rest, { ...to, at: to.at + i * size });
}

function isList(data: unknown): data is readonly unknown[] | TypedArray {
  return Array.isArray(data) || isTypedArray(data);
}

function ragged(caller: string, got: unknown, length: number | undefined): ShapeError {
  const like = length === undefined ? "a number" : `a list of ${length}`;
  return new ShapeError(
    `${caller}: lists at the same depth must have the same length; got ${shown(got)} where the first has ${like}. Pad the shorter lists: data.padSequences does it.`,
  );
}

/** @throws ArgumentError unless `x` is whole and `dtype` can hold it */
export function checkInteger(caller: string, x: number, dtype: "i32" | "u32", index?: number) {
  const [least, most] = RANGES[dtype];
  if (Number.isInteger(x) && x >= least && x <= most) return;
  const place = index === undefined ? "" : ` as element ${index}`;
  throw new ArgumentError(
    `${caller}: numbers of ${dtype} must be whole, from ${least} to ${most}; got ${x}${place}. Round it first (Math.round, Math.trunc), or compute in f32: cast(x, "f32").`,
  );
}

const REMEDIES: Readonly<Record<string, string>> = {
  ArrayBuffer: "View it as what it holds: new Float32Array(buffer).",
  SharedArrayBuffer: "View it as what it holds: new Float32Array(buffer).",
  DataView: "View it as what it holds: new Float32Array(view.buffer).",
  Promise: "Await it first.",
  String: "Convert it first: Number(text), or data.TextVocabulary for ids.",
  Tensor: "It is a tensor already.",
  Variable: "It is a tensor already.",
};

function notANumber(
  caller: string,
  value: unknown,
  index: number | undefined,
): ArgumentError | ShapeError {
  if (isList(value) && index !== undefined) return ragged(caller, value, undefined);
  const name = value === undefined || value === null ? "" : Object(value).constructor?.name;
  const place = index === undefined ? "" : ` as element ${index}`;
  return new ArgumentError(
    `${caller}: data must be numbers, lists of them or a typed array; got ${shown(value)}${place}. ${REMEDIES[name] ?? "Convert it first."}`,
  );
}
