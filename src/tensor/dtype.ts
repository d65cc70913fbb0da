import { shown } from "../arguments.ts";
import { DTypeError, OutOfMemoryError } from "../errors.ts";

/** Element types. Every element takes four bytes on every device; a bool is stored as the u32 0 or 1. */
export type DType = "f32" | "i32" | "u32" | "bool";

export const BYTES_PER_ELEMENT = 4;

/** What values of a dtype are stored in on the host. */
export type HostArray = Float32Array | Int32Array | Uint32Array;

interface HostArrayConstructor {
  new (length: number): HostArray;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): HostArray;
}

const constructors: Readonly<Record<DType, HostArrayConstructor>> = {
  f32: Float32Array,
  i32: Int32Array,
  u32: Uint32Array,
  bool: Uint32Array,
};

/** @throws DTypeError unless `dtype` is one: what comes from outside may be any text */
export function checkDTypeName(caller: string, dtype: unknown): asserts dtype is DType {
  const known = Object.keys(constructors);
  if (known.includes(dtype as string)) return;
  throw new DTypeError(
    `${caller}: the dtype must be one of ${known.join(", ")}; got ${shown(dtype)}. All have four bytes; other data is converted where it comes in.`,
  );
}

/** Whether `data` is an array that elements of `dtype` are stored in. */
export function isHostArray(data: unknown, dtype: DType): data is HostArray {
  return data instanceof constructors[dtype];
}

/** 4 GiB: no device addresses more, and a host that promised it would have to find the pages one by one. */
const MOST_ELEMENTS = 2 ** 30;

/** A zero-filled host array for `length` elements of `dtype`. @throws OutOfMemoryError */
export function hostArray(dtype: "i32", length: number): Int32Array;
export function hostArray(dtype: "f32", length: number): Float32Array;
export function hostArray(dtype: DType, length: number): HostArray;
export function hostArray(dtype: DType, length: number): HostArray {
  try {
    if (length < MOST_ELEMENTS) return new constructors[dtype](length);
  } catch {
    // Told below.
  }
  throw new OutOfMemoryError(
    `memory: the host must have room for the elements; got ${length} of ${dtype}. Use smaller pieces.`,
  );
}

/** The bytes of `buffer` seen as elements of `dtype`, without a copy. */
export function viewAs(
  dtype: DType,
  buffer: ArrayBufferLike,
  byteOffset = 0,
  length = (buffer.byteLength - byteOffset) / BYTES_PER_ELEMENT,
): HostArray {
  return new constructors[dtype](buffer, byteOffset, length);
}
