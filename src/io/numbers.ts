/** Numbers as files hold them, and what they become: the four dtypes that tensors have. */
import { float16 } from "../data/float16.ts";
import type { DType, HostArray } from "../functions.ts";
import { quoted, type Refuse } from "./format.ts";

/** Types of numbers in files, by the names that safetensors has for them. */
export type StoredType =
  | "BOOL"
  | "U8"
  | "I8"
  | "U16"
  | "I16"
  | "U32"
  | "I32"
  | "U64"
  | "I64"
  | "F16"
  | "BF16"
  | "F32"
  | "F64";

interface Stored {
  readonly sizeBytes: number;
  readonly dtype: DType;
  /** `refuse` is told the index of a number that does not fit. */
  read(bytes: Uint8Array<ArrayBuffer>, refuse: (index: number, value: bigint) => never): HostArray;
}

type Buffer = Uint8Array<ArrayBuffer>;

/** Views need a beginning that their elements can have. */
function aligned<T>(
  { buffer, byteOffset, byteLength }: Buffer,
  View: {
    new (buffer: ArrayBuffer, offset: number, length: number): T;
    readonly BYTES_PER_ELEMENT: number;
  },
): T {
  const size = View.BYTES_PER_ELEMENT;
  if (byteOffset % size === 0) return new View(buffer, byteOffset, byteLength / size);
  return new View(buffer.slice(byteOffset, byteOffset + byteLength), 0, byteLength / size);
}

/** The low words of numbers of 64 bits, where the high ones say no more than `highOf` them. Big integers take 50 times as long. */
function narrow<T extends Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer>>(
  bytes: Buffer,
  out: T,
  refuse: (index: number, value: bigint) => never,
  highOf: (low: number) => number,
): T {
  const words = aligned(bytes, Int32Array);
  for (let i = 0; i < out.length; i++) {
    const low = words[2 * i] ?? 0;
    const high = words[2 * i + 1] ?? 0;
    if (high !== highOf(low)) {
      const value = (BigInt(high) << 32n) | BigInt(low >>> 0);
      refuse(i, out instanceof Uint32Array ? BigInt.asUintN(64, value) : value);
    }
    out[i] = low;
  }
  return out;
}

const STORED: Readonly<Record<StoredType, Stored>> = {
  BOOL: {
    sizeBytes: 1,
    dtype: "bool",
    read(bytes) {
      const out = new Uint32Array(bytes.length);
      for (let i = 0; i < out.length; i++) out[i] = bytes[i] === 0 ? 0 : 1;
      return out;
    },
  },
  U8: { sizeBytes: 1, dtype: "i32", read: (bytes) => new Int32Array(bytes) },
  I8: { sizeBytes: 1, dtype: "i32", read: (bytes) => new Int32Array(aligned(bytes, Int8Array)) },
  U16: { sizeBytes: 2, dtype: "i32", read: (bytes) => new Int32Array(aligned(bytes, Uint16Array)) },
  I16: { sizeBytes: 2, dtype: "i32", read: (bytes) => new Int32Array(aligned(bytes, Int16Array)) },
  U32: { sizeBytes: 4, dtype: "u32", read: (bytes) => aligned(bytes, Uint32Array) },
  I32: { sizeBytes: 4, dtype: "i32", read: (bytes) => aligned(bytes, Int32Array) },
  U64: {
    sizeBytes: 8,
    dtype: "u32",
    read: (bytes, refuse) => narrow(bytes, new Uint32Array(bytes.length / 8), refuse, () => 0),
  },
  I64: {
    sizeBytes: 8,
    dtype: "i32",
    read: (bytes, refuse) =>
      narrow(bytes, new Int32Array(bytes.length / 8), refuse, (low) => low >> 31),
  },
  F16: { sizeBytes: 2, dtype: "f32", read: (bytes) => float16(aligned(bytes, Uint16Array)) },
  BF16: {
    sizeBytes: 2,
    dtype: "f32",
    read(bytes) {
      const halves = aligned(bytes, Uint16Array);
      const words = new Uint32Array(halves.length);
      for (let i = 0; i < words.length; i++) words[i] = (halves[i] ?? 0) << 16;
      return new Float32Array(words.buffer);
    },
  },
  F32: { sizeBytes: 4, dtype: "f32", read: (bytes) => aligned(bytes, Float32Array) },
  F64: {
    sizeBytes: 8,
    dtype: "f32",
    read: (bytes) => new Float32Array(aligned(bytes, Float64Array)),
  },
};

export function isStoredType(name: string): name is StoredType {
  return Object.hasOwn(STORED, name);
}

export const storedTypes = Object.keys(STORED) as readonly StoredType[];

export function sizeOfStored(type: StoredType): number {
  return STORED[type].sizeBytes;
}

/** Elements of a tensor, as devices take them. */
export interface ReadNumbers {
  readonly dtype: DType;
  readonly data: HostArray;
}

/**
 * The numbers that `bytes` hold, which become those of a tensor: floats f32 (f64 rounded, f16 and bf16 as they are),
 * whole numbers i32 (u32 and u64: u32), bool. f32, i32 and u32 are views of the bytes, where these lie right.
 * @throws FormatError for a number of 64 bits that 32 do not hold
 */
export function readNumbers(
  bytes: Uint8Array<ArrayBuffer>,
  type: StoredType,
  {
    name,
    byteOffset,
    refuse,
  }: { readonly name: string; readonly byteOffset: number; readonly refuse: Refuse },
): ReadNumbers {
  const { dtype, sizeBytes, read } = STORED[type];
  const data = read(bytes, (index, value) =>
    refuse(
      `whole numbers must fit ${dtype}`,
      `${value} as element ${index} of ${quoted(name)}`,
      byteOffset + index * sizeBytes,
      "Tensors have 32 bits: save smaller numbers, or save it as float.",
    ),
  );
  return { dtype, data };
}
