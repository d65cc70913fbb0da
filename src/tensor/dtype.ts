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

/** A zero-filled host array for `length` elements of `dtype`. */
export function hostArray(dtype: DType, length: number): HostArray {
  return new constructors[dtype](length);
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
