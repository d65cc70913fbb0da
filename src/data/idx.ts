/**
 * The IDX format of MNIST and its relatives: two zero bytes, a type code, the number of dimensions, one big-endian
 * u32 per dimension, then the elements, big-endian, the last dimension contiguous (Y. LeCun, "The MNIST database").
 */
import { check, count } from "../arguments.ts";
import { FormatError } from "../errors.ts";
import type { Shape } from "../functions.ts";
import { checkFile } from "./file.ts";

interface ArrayByType {
  u8: Uint8Array;
  i8: Int8Array;
  i16: Int16Array;
  i32: Int32Array;
  f32: Float32Array;
  f64: Float64Array;
}
/** What the elements of an IDX file are, by the type code in its head. */
export type IdxType = keyof ArrayByType;

/** The contents of an IDX file, told apart by `type`. */
export type IdxArray = {
  [K in IdxType]: { readonly type: K; readonly shape: Shape; readonly data: ArrayByType[K] };
}[IdxType];

interface Element {
  readonly type: IdxType;
  readonly sizeBytes: number;
}
const elements = new Map<number, Element>([
  [0x08, { type: "u8", sizeBytes: 1 }],
  [0x09, { type: "i8", sizeBytes: 1 }],
  [0x0b, { type: "i16", sizeBytes: 2 }],
  [0x0c, { type: "i32", sizeBytes: 4 }],
  [0x0d, { type: "f32", sizeBytes: 4 }],
  [0x0e, { type: "f64", sizeBytes: 8 }],
]);

const MAX_RANK = 8;

/**
 * The array in an IDX file. Bytes (u8, i8) are a view of `bytes`; wider elements are copied into the machine's order.
 * `name` is what errors call the file. Compressed files go through {@link gunzip} first.
 * @throws FormatError where the file is not IDX, is cut short, or is longer than its shape says; ArgumentError for what
 *   are no bytes
 */
export function readIdx(bytes: Uint8Array, name: string): IdxArray {
  checkFile("readIdx", bytes, name);
  const { element, shape, headerBytes } = readHeader(bytes, name);
  // The file decides the sizes: they may be any, and are counted before anything is believed.
  const expected = shape.reduce((bytes, n) => bytes * n, element.sizeBytes) + headerBytes;
  if (bytes.length !== expected) {
    throw new FormatError(
      `readIdx: ${name} must have ${expected} bytes for ${element.type}[${shape.join(", ")}]; got ${bytes.length} bytes, ` +
        `so it ${bytes.length < expected ? "is cut short" : "has something behind its end"} at byte ` +
        `${Math.min(bytes.length, expected)}. Fetch the file again.`,
      Math.min(bytes.length, expected),
    );
  }
  return decode(element.type, shape, bytes.subarray(headerBytes));
}

/**
 * The bytes of an IDX file with the labels 0 … classes − 1 or the pictures of a dataset.
 * @throws FormatError where the elements are not u8 or the number of dimensions is not `rank`; ArgumentError for what
 *   is no such array
 */
export function readIdxBytes(
  bytes: Uint8Array,
  name: string,
  rank: number,
): { readonly data: Uint8Array; readonly shape: Shape } {
  check("readIdxBytes", "the rank", rank, count);
  const array = readIdx(bytes, name);
  if (array.type !== "u8") {
    throw new FormatError(
      `readIdxBytes: ${name} must hold u8 at byte 2; got ${array.type}. Is it another dataset's file?`,
      2,
    );
  }
  if (array.shape.length !== rank) {
    throw new FormatError(
      `readIdxBytes: ${name} must have ${rank} dimensions at byte 3; got [${array.shape.join(", ")}]. ` +
        "Are the pictures' and the labels' files exchanged?",
      3,
    );
  }
  return array;
}

function readHeader(
  bytes: Uint8Array,
  name: string,
): { element: Element; shape: Shape; headerBytes: number } {
  if (bytes.length < 4) {
    throw new FormatError(
      `readIdx: ${name} must start with 4 bytes of header; got ${bytes.length} bytes. Fetch the file again.`,
      bytes.length,
    );
  }
  const [zero0 = 0, zero1 = 0, code = 0, rank = 0] = bytes;
  if (zero0 === 0x1f && zero1 === 0x8b) {
    throw new FormatError(
      `readIdx: ${name} must be an uncompressed IDX file; got gzip at byte 0. Pass it through gunzip() first.`,
      0,
    );
  }
  const element = elements.get(code);
  const magic = [zero0, zero1, code, rank]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join(" ");
  if (zero0 !== 0 || zero1 !== 0) {
    throw new FormatError(
      `readIdx: ${name} must start with two zero bytes; got ${magic} at byte 0. It is no IDX file.`,
      0,
    );
  }
  if (element === undefined) {
    throw new FormatError(
      `readIdx: ${name} must have a type code 08, 09, 0b, 0c, 0d or 0e at byte 2; got ${magic}. It is no IDX file.`,
      2,
    );
  }
  if (rank < 1 || rank > MAX_RANK) {
    throw new FormatError(
      `readIdx: ${name} must have 1 to ${MAX_RANK} dimensions at byte 3; got ${rank}. It is no IDX file.`,
      3,
    );
  }
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) {
    throw new FormatError(
      `readIdx: ${name} must have ${headerBytes} bytes of header for ${rank} dimensions; got ${bytes.length} bytes. ` +
        "Fetch the file again.",
      bytes.length,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const shape = Array.from({ length: rank }, (_, d) => view.getUint32(4 + 4 * d));
  return { element, shape, headerBytes };
}

function decode(type: IdxType, shape: Shape, body: Uint8Array): IdxArray {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  switch (type) {
    case "u8":
      return { type, shape, data: body };
    case "i8":
      return { type, shape, data: new Int8Array(body.buffer, body.byteOffset, body.byteLength) };
    case "i16": {
      const data = new Int16Array(body.byteLength / 2);
      for (let i = 0; i < data.length; i++) data[i] = view.getInt16(2 * i);
      return { type, shape, data };
    }
    case "i32": {
      const data = new Int32Array(body.byteLength / 4);
      for (let i = 0; i < data.length; i++) data[i] = view.getInt32(4 * i);
      return { type, shape, data };
    }
    case "f32": {
      const data = new Float32Array(body.byteLength / 4);
      for (let i = 0; i < data.length; i++) data[i] = view.getFloat32(4 * i);
      return { type, shape, data };
    }
    case "f64": {
      const data = new Float64Array(body.byteLength / 8);
      for (let i = 0; i < data.length; i++) data[i] = view.getFloat64(8 * i);
      return { type, shape, data };
    }
  }
}
