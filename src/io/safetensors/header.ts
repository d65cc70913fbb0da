/**
 * The head of a safetensors file: eight bytes that say how long it is, and JSON of what lies where behind it.
 * github.com/huggingface/safetensors#format; the rules are those of its Rust implementation, and names must differ.
 */

import type { Shape } from "../../functions.ts";
import { utf8 } from "../../host.ts";
import { quoted, type Refuse } from "../format.ts";
import { JsonReader } from "../json-reader.ts";
import { isStoredType, type StoredType, sizeOfStored, storedTypes } from "../numbers.ts";
import type { ReadOptions, Source } from "../place.ts";

/** A tensor of a file, and where it lies. */
export interface SafetensorsEntry {
  /** Each name is there once. */
  readonly name: string;
  /** As it is stored; docs/files.md says what each becomes. */
  readonly type: StoredType;
  /** As many elements as its bytes hold. */
  readonly shape: Shape;
  /** Bytes of the file. */
  readonly start: number;
  /** The byte behind the last. */
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order in which they lie. */
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

const METADATA = "__metadata__";
/** As the Rust implementation has it. */
const LONGEST = 100_000_000;
/** No tensor has more dimensions. */
const MOST_DIMENSIONS = 32;

/** Reads the head and nothing else. @throws FormatError, FileError */
export async function readHeader(
  source: Source,
  size: number,
  refuse: Refuse,
  options: Pick<ReadOptions, "signal">,
): Promise<SafetensorsHeader> {
  if (size < 8) return refuse("a safetensors file must have 8 bytes or more", `${size}`, 0);
  const first = await source.read({ start: 0, end: 8 }, options);
  const length = Number(new DataView(first.buffer).getBigUint64(0, true));
  const most = Math.min(LONGEST, size - 8);
  if (length > most) {
    return refuse(`the header must have at most ${most} bytes`, `${length}`, 0, NOT_THIS);
  }
  const bytes = await source.read({ start: 8, end: 8 + length }, options);
  if (bytes[0] !== 0x7b) return refuse("the header must begin with {", `${bytes[0]}`, 8, NOT_THIS);
  return parseHeader(bytes, size, refuse);
}
const NOT_THIS = "It may be no safetensors file.";

/** @throws FormatError */
function parseHeader(bytes: Uint8Array, size: number, refuse: Refuse): SafetensorsHeader {
  const json = new JsonReader(bytes, 8, refuse);
  const first = 8 + bytes.length;
  const found: (SafetensorsEntry & { readonly at: number })[] = [];
  let metadata: Readonly<Record<string, string>> = Object.create(null);
  json.object((name) => {
    const { at } = json;
    if (name === METADATA) metadata = readMetadata(json);
    else found.push({ ...readEntry(json, name, first), at });
  });
  json.end();
  found.sort((a, b) => a.start - b.start || a.end - b.end);
  let end = first;
  for (const { name, start, at, ...entry } of found) {
    if (start !== end) {
      const rule = `${quoted(name)} must begin where the one before it ends, ${end - first}`;
      json.refuse(rule, `${start - first}`, at);
    }
    end = entry.end;
  }
  if (end !== size) {
    return refuse(
      `tensors must end where the file does, at byte ${size}`,
      `${end}`,
      Math.min(end, size),
      end > size ? "It is cut off: get the file anew." : undefined,
    );
  }
  const entries = found.map(({ name, type, shape, start, end }) => ({
    name,
    type,
    shape,
    start,
    end,
  }));
  return { entries, metadata };
}

function readMetadata(json: JsonReader): Readonly<Record<string, string>> {
  const metadata: Record<string, string> = Object.create(null);
  json.object((name) => {
    metadata[name] = json.string();
  });
  return metadata;
}

function readEntry(json: JsonReader, name: string, first: number): SafetensorsEntry {
  const { at } = json;
  let type: StoredType | undefined;
  let shape: readonly number[] | undefined;
  let offsets: readonly number[] | undefined;
  json.object((field) => {
    if (field === "dtype") type = readType(json, name);
    else if (field === "shape") shape = readCounts(json, MOST_DIMENSIONS, "a shape");
    else if (field === "data_offsets") offsets = readCounts(json, 2, "data_offsets");
    else json.skip();
  });
  const [start, end] = offsets ?? [];
  if (type === undefined || shape === undefined || start === undefined || end === undefined) {
    return json.refuse(`${quoted(name)} must have dtype, shape and data_offsets`, "fewer", at);
  }
  const bytes = shape.reduce((product, n) => product * n, 1) * sizeOfStored(type);
  if (end - start !== bytes) {
    const rule = `${quoted(name)} must have the bytes of ${type} [${shape.join(", ")}], ${bytes}`;
    return json.refuse(rule, `${end - start}`, at);
  }
  return { name, type, shape, start: first + start, end: first + end };
}

function readType(json: JsonReader, name: string): StoredType {
  const { at } = json;
  const given = json.string();
  if (isStoredType(given)) return given;
  const rule = `the dtype of ${quoted(name)} must be one of ${storedTypes.join(", ")}`;
  return json.refuse(rule, quoted(given), at, "Convert it where it is written: tensor.float().");
}

function readCounts(json: JsonReader, most: number, what: string): number[] {
  const { at } = json;
  const counts: number[] = [];
  json.array((index) => {
    if (index >= most) json.refuse(`${what} must have at most ${most} numbers`, "more", at);
    counts.push(json.count());
  });
  return counts;
}

/** What a header is made of. */
export type EntryToWrite = Pick<SafetensorsEntry, "name" | "type" | "shape"> & {
  readonly sizeBytes: number;
};

/** The head of a file of `entries`, which lie one behind the other; a multiple of 8 bytes, so that numbers lie right. */
export function headerOf(
  entries: readonly EntryToWrite[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const parts: string[] = [];
  // By hand: an object of JavaScript would put names that are numbers first.
  if (Object.keys(metadata).length > 0) parts.push(`"${METADATA}":${JSON.stringify(metadata)}`);
  let start = 0;
  for (const { name, type, shape, sizeBytes } of entries) {
    const end = start + sizeBytes;
    const entry = { dtype: type, shape, data_offsets: [start, end] };
    parts.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
    start = end;
  }
  const text = utf8(`{${parts.join(",")}}`);
  const length = Math.ceil(text.length / 8) * 8;
  const head = new Uint8Array(8 + length).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(text, 8);
  return head;
}
