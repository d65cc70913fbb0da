/** The two forms of PyTorch's files: a zip of a pickle and storages, and, before 1.6, one pickle behind the other. */
import type { Refuse } from "../format.ts";
import { sizeOfStored } from "../numbers.ts";
import type { ReadOptions, Source } from "../place.ts";
import { type Storage, torchGlobals } from "./globals.ts";
import { unpickle } from "./pickle.ts";
import { readDirectory, readEntry } from "./zip.ts";

/** What a file holds, and how to read the numbers of a storage. */
export interface TorchFile {
  readonly value: unknown;
  /** Of the pickle. */
  readonly sizeBytes: number;
  /** Whether numbers have their low byte first. */
  readonly isLittleEndian: boolean;
  /** The bytes of a storage, and where they lie. @throws FormatError, FileError */
  read(storage: Storage, options: ReadOptions): Promise<StorageBytes>;
}

interface StorageBytes {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly byteOffset: number;
}

interface Opening {
  readonly source: Source;
  readonly size: number;
  readonly refuse: Refuse;
  readonly options: Pick<ReadOptions, "signal">;
  /** Is told of a file that is read as a whole. */
  readonly onProgress: ReadOptions["onProgress"];
}

/** Larger than that of any model; a pickle is read as a whole. */
const LONGEST_PICKLE = 64 * 2 ** 20;

/** @throws FormatError, FileError */
export async function openTorch(opening: Opening): Promise<TorchFile> {
  const { source, size, refuse, options } = opening;
  if (size < 4) return refuse("a PyTorch file must have 4 bytes or more", `${size}`, 0);
  const first = await source.read({ start: 0, end: 4 }, options);
  if (first[0] === 0x50 && first[1] === 0x4b) return openZip(opening);
  // A pickle of protocol 2, or of another that was asked for.
  if (first[0] === 0x80 && first[1] !== undefined && first[1] >= 2 && first[1] <= 5)
    return openLegacy(opening);
  const got = [...first.subarray(0, 2)].join(", ");
  return refuse(
    "a PyTorch file must begin as a zip or as a pickle of protocol 2 to 5",
    got,
    0,
    "It may be no file of torch.save.",
  );
}

async function openZip(opening: Opening): Promise<TorchFile> {
  const { source, refuse, options } = opening;
  const entries = await readDirectory(opening);
  const path = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name)) ?? "";
  const pickle = entries.get(path);
  if (pickle === undefined) {
    return refuse(
      "a PyTorch file must hold archive/data.pkl",
      [...entries.keys()].slice(0, 5).join(", ") || "nothing",
      0,
      "It may be another zip file.",
    );
  }
  if (pickle.sizeBytes > LONGEST_PICKLE)
    return refuse(
      `a pickle must have at most ${LONGEST_PICKLE} bytes`,
      `${pickle.sizeBytes}`,
      pickle.start,
    );
  const folder = path.slice(0, -"data.pkl".length);
  const order = entries.get(`${folder}byteorder`);
  const { bytes, byteOffset } = await readEntry(opening, pickle, options);
  const globals = torchGlobals(new Map());
  const { value } = unpickle(bytes, 0, { byteOffset, refuse, globals });
  return {
    value,
    sizeBytes: bytes.length,
    isLittleEndian: order === undefined || (await isLittle(order)),
    async read(storage, own) {
      const entry = entries.get(`${folder}data/${storage.key}`);
      const expected = storage.length * sizeOfStored(storage.type);
      if (entry?.sizeBytes !== expected)
        return refuse(
          `storage ${storage.key.slice(0, 40)} must have ${expected} bytes`,
          `${entry?.sizeBytes ?? "none"}`,
          entry?.start ?? byteOffset,
        );
      return readEntry({ source, refuse }, entry, own);
    },
  };

  async function isLittle(entry: NonNullable<typeof order>): Promise<boolean> {
    const { bytes: text, byteOffset: at } = await readEntry(opening, entry, options);
    const word = String.fromCharCode(...text.subarray(0, 10));
    if (word === "little" || word === "big") return word === "little";
    return refuse("the byte order must be little or big", JSON.stringify(word), at);
  }
}

/** 0x1950a86a20f9469cfc6c */
const MAGIC = 119547037146038801333356n;

/** Magic number, version and system, then the value, the keys of its storages, and these one behind the other. */
async function openLegacy(opening: Opening): Promise<TorchFile> {
  const { source, size, refuse, options, onProgress } = opening;
  const bytes = await source.read({ start: 0, end: size }, { ...options, onProgress });
  const storages = new Map<string, Storage>();
  const globals = torchGlobals(storages);
  let at = 0;
  const next = () => {
    const { value, end } = unpickle(bytes, at, { byteOffset: 0, refuse, globals });
    at = end;
    return value;
  };
  if (next() !== MAGIC)
    return refuse(
      "a PyTorch file of before 1.6 must begin with its magic number",
      "another",
      0,
      "It may be a pickle of something else: nothing of it is evaluated.",
    );
  next();
  const system = next();
  const start = at;
  const value = next();
  const sizeBytes = at - start;
  const keys = next();
  const places = placesOf(keys, { bytes, at, storages, refuse });
  return {
    value,
    sizeBytes,
    isLittleEndian: !(system instanceof Map) || system.get("little_endian") !== false,
    async read({ key }) {
      const place = places.get(key);
      if (place === undefined)
        return refuse(`storage ${key.slice(0, 40)} must be there`, "none", at);
      return { bytes: bytes.subarray(place.start, place.end), byteOffset: place.start };
    },
  };
}

/** Each storage begins with how many numbers it has. */
function placesOf(
  keys: unknown,
  {
    bytes,
    at: first,
    storages,
    refuse,
  }: {
    readonly bytes: Uint8Array;
    readonly at: number;
    readonly storages: ReadonlyMap<string, Storage>;
    readonly refuse: Refuse;
  },
) {
  const places = new Map<string, { readonly start: number; readonly end: number }>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = first;
  for (const key of Array.isArray(keys) ? keys : []) {
    const storage = storages.get(String(key));
    if (storage === undefined)
      return refuse("storages must be those of the tensors", String(key).slice(0, 40), at);
    const start = at + 8;
    const end = start + storage.length * sizeOfStored(storage.type);
    const length = start <= bytes.length ? Number(view.getBigInt64(at, true)) : undefined;
    if (length !== storage.length)
      return refuse(
        `storage ${storage.key.slice(0, 40)} must have ${storage.length} numbers`,
        `${length ?? "the end"}`,
        at,
      );
    if (end > bytes.length)
      return refuse(
        `the file must go on to byte ${end}`,
        `${bytes.length}`,
        at,
        "It is cut off: get the file anew.",
      );
    places.set(storage.key, { start, end });
    at = end;
  }
  return places;
}
