/** What places have in common that hold a file as one: reading a part of it, and taking all that is to be written. */
import { concatenate } from "../../decompress.ts";
import type { ByteRange, Pieces, ReadOptions, WriteOptions } from "../place.ts";
import {
  asFileError,
  checkPiece,
  checkSignal,
  type Described,
  rangeIn,
  type Verb,
} from "./faults.ts";

/** A copy of the bytes in a range of `content`, of all where there is none. @throws FileError beyond its end */
export function readBytes(
  place: Described,
  content: Uint8Array,
  range: ByteRange | undefined,
  { onProgress }: ReadOptions,
): Uint8Array<ArrayBuffer> {
  const { start, end } = rangeIn(place, range, content.length);
  onProgress?.(end - start, end - start);
  return Uint8Array.from(content.subarray(start, end));
}

/** The same of a blob, which may lie on a disk. @throws FileError also where it cannot be read, and for an aborted signal */
export async function readBlob(
  place: Described,
  content: Blob,
  range: ByteRange | undefined,
  options: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { start, end } = rangeIn(place, range, content.size);
  const read = await done(place, "read", content.slice(start, end).arrayBuffer());
  checkSignal(place, options);
  options.onProgress?.(read.byteLength, read.byteLength);
  return new Uint8Array(read);
}

/** A copy of all pieces, one behind the other. @throws FileError for an aborted signal, ArgumentError for other pieces */
export async function allOf(
  place: Described,
  pieces: Pieces,
  options: WriteOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) {
    checkPiece(place, piece);
    checkSignal(place, options);
    parts.push(Uint8Array.from(piece));
  }
  checkSignal(place, options);
  return concatenate(parts);
}

/** What `doing` gives; what the system says is a FileError, what callers' own code throws stays what it is. */
export async function done<T>(place: Described, verb: Verb, doing: Promise<T>): Promise<T> {
  try {
    return await doing;
  } catch (cause) {
    throw asFileError(place, verb, cause);
  }
}
