import { isRecord, shown } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import {
  type DType,
  type HostArray,
  type SavedEntry,
  type Shape,
  sizeOf,
  type TypedArray,
} from "../functions.ts";
import { hostValues } from "../internals.ts";
import type { StoredType } from "./numbers.ts";

/** A tensor of a file: what `tensor(data, shape)` and `loadStateDict` take. */
export interface FileTensor {
  /** As many elements as there are. */
  readonly shape: Shape;
  /** What `tensor` makes of it. */
  readonly dtype: DType;
  /** Row-major. */
  readonly data: HostArray;
}

/** A tensor that is read when its turn to be written comes, so that not all are in memory at once. */
export interface LazyTensor {
  /** As many elements as there are. */
  readonly shape: Shape;
  /** What its elements are. */
  readonly dtype: DType;
  /** As many elements as the shape has, in the array that the dtype is stored in. */
  read(): Promise<HostArray>;
}

/** What can be written: data in any typed array, which is stored as it is; lists as F32; Uint32Array with dtype "bool" as BOOL. */
export type TensorToWrite = (SavedEntry & { readonly dtype?: DType }) | LazyTensor;

const OF_DTYPE: Readonly<Record<DType, StoredType>> = {
  f32: "F32",
  i32: "I32",
  u32: "U32",
  bool: "BOOL",
};

const OF_ARRAY: Readonly<Record<string, StoredType>> = {
  Float32Array: "F32",
  Float64Array: "F64",
  Float16Array: "F16",
  Int32Array: "I32",
  Uint32Array: "U32",
  BigInt64Array: "I64",
  BigUint64Array: "U64",
  Int16Array: "I16",
  Uint16Array: "U16",
  Int8Array: "I8",
  Uint8Array: "U8",
  Uint8ClampedArray: "U8",
};

/** A tensor, checked, with what it is stored as. */
export interface CheckedTensor {
  readonly name: string;
  readonly type: StoredType;
  readonly shape: Shape;
  /** @throws what reading from a device throws */
  bytes(): Promise<Uint8Array>;
}

/**
 * Tensors by name, as they can be written.
 * @throws ArgumentError for entries that are none and names that no file has, ShapeError where data does not fill a shape
 */
export function checkTensorsToWrite(
  caller: string,
  tensors: Readonly<Record<string, TensorToWrite>>,
): CheckedTensor[] {
  if (!isRecord(tensors)) {
    throw new ArgumentError(
      `${caller}: tensors must be a record of { shape, data } by name; got ${shown(tensors)}. Give what stateDict() returned.`,
    );
  }
  return Object.entries(tensors).map(([name, given]) => {
    checkName(caller, name);
    return checked(caller, name, given);
  });
}

function checkName(caller: string, name: string): void {
  if (name !== "__metadata__" && name !== "__proto__" && !/\p{Surrogate}/u.test(name)) return;
  throw new ArgumentError(
    `${caller}: names of tensors must be whole Unicode and none of __metadata__ and __proto__; got ${shown(name)}. Rename it.`,
  );
}

function checked(caller: string, name: string, given: TensorToWrite): CheckedTensor {
  const rule = `${caller}: every tensor must be { shape, data }`;
  if (!isRecord(given) || !Array.isArray(given.shape)) {
    throw new ArgumentError(
      `${rule}; got ${shown(given)} for ${shown(name)}. Give what stateDict() returned.`,
    );
  }
  if (isLazy(given)) return lazy(caller, name, given);
  const { shape, data, dtype } = given;
  if (!ArrayBuffer.isView(data)) {
    const values = hostValues(caller, data, { shape, dtype: dtype ?? "f32" });
    return known(name, OF_DTYPE[values.type.dtype], values.type.shape, values.data);
  }
  const own = OF_ARRAY[data[Symbol.toStringTag]];
  if (own === undefined) {
    throw new ArgumentError(
      `${rule}; got ${shown(data)} for ${shown(name)}. Give typed arrays or lists of numbers.`,
    );
  }
  checkFills(caller, name, shape, data.length);
  return known(name, dtype === "bool" && own === "U32" ? "BOOL" : own, shape, data);
}

function isLazy(given: TensorToWrite): given is LazyTensor {
  return (
    "read" in given && typeof given.read === "function" && Object.hasOwn(OF_DTYPE, given.dtype)
  );
}

function lazy(caller: string, name: string, { shape, dtype, read }: LazyTensor): CheckedTensor {
  const type = OF_DTYPE[dtype];
  return {
    name,
    type,
    shape,
    async bytes() {
      const data = await read();
      checkFills(caller, name, shape, data.length);
      return stored(type, data);
    },
  };
}

function known(name: string, type: StoredType, shape: Shape, data: TypedArray): CheckedTensor {
  return { name, type, shape: [...shape], bytes: async () => stored(type, data) };
}

/** @throws ShapeError */
function checkFills(caller: string, name: string, shape: Shape, length: number): void {
  if (length === sizeOf(shape)) return;
  throw new ShapeError(
    `${caller}: data must fill its shape; got ${length} elements for ${shown(name)} [${shape.join(", ")}]. Change the shape, or what the data holds.`,
  );
}

/** The bytes of an array where they lie; a bool takes one. */
function stored(type: StoredType, data: TypedArray): Uint8Array {
  if (type === "BOOL") return Uint8Array.from(data as Uint32Array, (x) => +(x !== 0));
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
