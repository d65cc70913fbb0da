/**
 * Zip as PyTorch writes it: entries that are stored as they are, of any size (zip64). What the directory at the end says is
 * checked against the file before anything of it is believed. pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */

import { hosted } from "../../host.ts";
import { crc32 } from "../crc32.ts";
import { quoted, type Refuse } from "../format.ts";
import type { ReadOptions, Source } from "../place.ts";

export interface ZipEntry {
  readonly name: string;
  readonly sizeBytes: number;
  readonly crc: number;
  /** Whether it is neither packed nor encrypted. */
  readonly isPlain: boolean;
  /** Of what stands before its data. */
  readonly start: number;
  /** Where the next entry begins, or the directory. */
  readonly end: number;
}

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
/** Lies behind the directory: 22 bytes and a comment. */
const LONGEST_END = 22 + 0xffff;
/** Stands for a number that has 64 bits, elsewhere. */
const ELSEWHERE = 0xffffffff;

interface Reader {
  readonly source: Source;
  readonly size: number;
  readonly refuse: Refuse;
  readonly options: Pick<ReadOptions, "signal">;
}

/** The entries of a zip file by name. @throws FormatError, FileError */
export async function readDirectory(reader: Reader): Promise<ReadonlyMap<string, ZipEntry>> {
  const { start, end } = await findDirectory(reader);
  const bytes = await reader.source.read({ start, end }, reader.options);
  return entriesOf(bytes, start, reader.refuse);
}

/** Where the directory lies. */
async function findDirectory({ source, size, refuse, options }: Reader) {
  const from = Math.max(0, size - LONGEST_END - 20);
  const tail = viewOf(await source.read({ start: from, end: size }, options));
  let at = tail.byteLength - 22;
  while (at >= 0 && !(tail.getUint32(at, true) === END && endsAt(tail, at))) at--;
  if (at < 0) {
    return refuse("a zip file must end with its directory", "none", size, "It may be cut off.");
  }
  const before = from + at;
  const hasLocator = at >= 20 && tail.getUint32(at - 20, true) === LOCATOR_64;
  const [length, start] = hasLocator
    ? await findDirectory64({ source, size, refuse, options }, wide(tail, at - 12), before - 20)
    : [tail.getUint32(at + 12, true), tail.getUint32(at + 16, true)];
  const end = start + length;
  if (end <= before) return { start, end };
  return refuse(`the directory must lie before byte ${before}`, `${start} to ${end}`, before);
}

/** The comment ends where the file does. */
function endsAt(tail: DataView, at: number): boolean {
  return at + 22 + tail.getUint16(at + 20, true) === tail.byteLength;
}

async function findDirectory64(
  { source, refuse, options }: Reader,
  start: number,
  before: number,
): Promise<readonly [length: number, start: number]> {
  if (start + 56 > before) {
    return refuse(`the directory's end must lie before byte ${before}`, `${start}`, before);
  }
  const view = viewOf(await source.read({ start, end: start + 56 }, options));
  if (view.getUint32(0, true) !== END_64) {
    return refuse("the directory's end must begin with PK 6 6", hex(view, 0), start);
  }
  return [wide(view, 40), wide(view, 48)];
}

function entriesOf(
  bytes: Uint8Array,
  start: number,
  refuse: Refuse,
): ReadonlyMap<string, ZipEntry> {
  const view = viewOf(bytes);
  const found: (Omit<ZipEntry, "end"> & { readonly least: number })[] = [];
  for (let at = 0; at < bytes.length; ) {
    const byte = start + at;
    if (at + 46 > bytes.length || view.getUint32(at, true) !== CENTRAL) {
      const got = at + 4 > bytes.length ? "the end" : hex(view, at);
      return refuse("an entry of the directory must begin with PK 1 2", got, byte);
    }
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((d) =>
      view.getUint16(at + d, true),
    ) as [number, number, number];
    const [behindName, next] = [
      at + 46 + nameLength,
      at + 46 + nameLength + extraLength + commentLength,
    ];
    if (next > bytes.length)
      return refuse("the directory must hold its entries", "a cut one", byte);
    const name = nameIn(bytes.subarray(at + 46, behindName), byte + 46, refuse);
    const fields = fieldsOf(view, at, viewOf(bytes.subarray(behindName, behindName + extraLength)));
    const { packedBytes, sizeBytes, start: own } = fields;
    const isEncrypted = (view.getUint16(at + 8, true) & 1) === 1;
    const isPlain =
      !isEncrypted && view.getUint16(at + 10, true) === 0 && packedBytes === sizeBytes;
    found.push({
      name,
      sizeBytes,
      crc: view.getUint32(at + 16, true),
      isPlain,
      start: own,
      least: own + 30 + nameLength + packedBytes,
    });
    at = next;
  }
  found.sort((a, b) => a.start - b.start);
  const entries = new Map<string, ZipEntry>();
  for (const [i, { least, ...entry }] of found.entries()) {
    const { name, start: own } = entry;
    const end = found[i + 1]?.start ?? start;
    if (least > end)
      return refuse(`${quoted(name)} must end before byte ${end}`, `${least}`, Math.min(own, end));
    if (entries.has(name))
      return refuse("names must be different from each other", quoted(name), own);
    entries.set(name, { ...entry, end });
  }
  return entries;
}

/** Sizes and place, which stand in the extra fields where they are large. */
function fieldsOf(view: DataView, at: number, extra: DataView) {
  let [packedBytes, sizeBytes, start] = [20, 24, 42].map((d) => view.getUint32(at + d, true)) as [
    number,
    number,
    number,
  ];
  for (let e = 0; e + 4 <= extra.byteLength; e += 4 + extra.getUint16(e + 2, true)) {
    if (extra.getUint16(e, true) !== 1) continue;
    const end = Math.min(extra.byteLength, e + 4 + extra.getUint16(e + 2, true));
    let from = e + 4;
    const next = (own: number) => {
      if (own !== ELSEWHERE || from + 8 > end) return own;
      from += 8;
      return wide(extra, from - 8);
    };
    sizeBytes = next(sizeBytes);
    packedBytes = next(packedBytes);
    start = next(start);
  }
  return { packedBytes, sizeBytes, start };
}

/** The data of an entry. @throws FormatError where it is not what the directory says, FileError */
export async function readEntry(
  { source, refuse }: Pick<Reader, "source" | "refuse">,
  { name, sizeBytes, crc, isPlain, start, end }: ZipEntry,
  options: ReadOptions,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly byteOffset: number }> {
  if (!isPlain) {
    return refuse(
      `${quoted(name)} must be stored as it is`,
      "a packed or encrypted entry",
      start,
      "torch.save packs nothing: zip it anew without compression (zip -0).",
    );
  }
  // At once with what stands before it, of which only it itself says how long it is.
  const whole = await source.read({ start, end }, options);
  const view = viewOf(whole);
  if (whole.length < 30 || view.getUint32(0, true) !== LOCAL) {
    return refuse(
      `${quoted(name)} must begin with PK 3 4`,
      whole.length < 4 ? "the end" : hex(view, 0),
      start,
    );
  }
  const [nameLength, extraLength] = [view.getUint16(26, true), view.getUint16(28, true)];
  const from = 30 + nameLength + extraLength;
  if (nameIn(whole.subarray(30, 30 + nameLength), start + 30, refuse) !== name) {
    return refuse(
      "an entry must have the name that the directory has for it",
      "another",
      start + 30,
    );
  }
  if (from + sizeBytes > whole.length) {
    return refuse(
      `${quoted(name)} must end before byte ${end}`,
      `${start + from + sizeBytes}`,
      start,
    );
  }
  const bytes = whole.subarray(from, from + sizeBytes);
  const byteOffset = start + from;
  if (crc32(bytes) === crc) return { bytes, byteOffset };
  return refuse(
    `${quoted(name)} must have the checksum ${crc}`,
    `${crc32(bytes)}`,
    byteOffset,
    "It is damaged: get the file anew.",
  );
}

function nameIn(bytes: Uint8Array, byteOffset: number, refuse: Refuse): string {
  const decoder = new (hosted("TextDecoder"))("utf-8", { fatal: true });
  try {
    return decoder.decode(bytes);
  } catch {
    return refuse("names must be UTF-8", "other bytes", byteOffset);
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** 64 bits; what a double does not hold is beyond every file anyway. */
function wide(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

function hex(view: DataView, at: number): string {
  return `0x${view.getUint32(at).toString(16).padStart(8, "0")}`;
}
