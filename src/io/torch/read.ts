import { checkOptions, text } from "../../arguments.ts";
import type { HostArray } from "../../functions.ts";
import { strided } from "../../nn/strided.ts";
import type { Refuse } from "../format.ts";
import { readNumbers, sizeOfStored } from "../numbers.ts";
import { READ_TENSORS_RULES, type ReadTensorsOptions } from "../safetensors/read.ts";
import { type From, fileOf } from "../source.ts";
import type { FileTensor } from "../tensors.ts";
import { openTorch, type TorchFile } from "./file.ts";
import { flatten, type TorchValue } from "./flatten.ts";
import { type Storage, type StridedTensor, storedBytes } from "./globals.ts";

/** Which tensors are read. */
export interface ReadTorchOptions extends ReadTensorsOptions {
  /** The part of the file that is wanted, by its path: "model" of { model, optimizer, epoch }. Names then begin there. */
  readonly at?: string | undefined;
}

/** What a file of PyTorch held. */
export interface ReadTorch {
  /** By path (`0.weight`), without a prototype. Tensors that are one in the file share their data. */
  readonly tensors: Readonly<Record<string, FileTensor>>;
  /** Numbers, texts and the like beside them: an epoch, the settings of an optimizer. */
  readonly values: Readonly<Record<string, TorchValue>>;
}

/**
 * The tensors of a file of torch.save (`.pt`, `.pth`): a state dict, or dicts of such. Nothing in the file is evaluated:
 * numbers, texts, lists, dicts and tensors are known, and whatever else it names is refused. Floats become f32, whole
 * numbers i32, BOOL bool, as in readSafetensors. One storage is in memory at a time; files of before PyTorch 1.6 are read
 * as a whole.
 *
 * ```ts
 * model.loadStateDict((await io.readTorch("resnet18.pth")).tensors);
 * ```
 *
 * @throws FormatError for a file that is none, damaged, or holds more than tensors, and for whole numbers that 32 bits do
 *   not hold; FileError where it cannot be read; ArgumentError for options
 */
export async function readTorch(from: From, options: ReadTorchOptions = {}): Promise<ReadTorch> {
  checkOptions<ReadTorchOptions>("readTorch", options, { ...READ_TENSORS_RULES, at: text });
  const { only = () => true, signal, onProgress, at } = options;
  const { opened, size, refuse } = await fileOf("readTorch", from, { signal, onProgress });
  const file = await openTorch({ source: opened, size, refuse, options: { signal }, onProgress });
  const flat = flatten(file.value, at, file.sizeBytes, refuse);
  const wanted = [...flat.tensors].filter(([name]) => only(name));
  const total = checkRoom(wanted, size, refuse);
  const tensors: Record<string, FileTensor> = Object.create(null);
  for (const [name] of wanted) tensors[name] = NONE;
  let done = 0;
  for (const [storage, own] of byStorage(wanted)) {
    const sizeBytes = storage.length * sizeOfStored(storage.type);
    const progress =
      onProgress && ((read: number) => onProgress(done + Math.min(read, sizeBytes), total));
    const reading = { signal, onProgress: progress };
    for (const [name, tensor] of await readStorage(file, storage, own, refuse, reading))
      tensors[name] = tensor;
    done += sizeBytes;
  }
  return { tensors, values: Object.assign(Object.create(null), Object.fromEntries(flat.values)) };
}

/** Holds a name's place, so that names keep the file's order. */
const NONE: FileTensor = { shape: [0], dtype: "f32", data: new Float32Array(0) };

type Named = readonly [name: string, tensor: StridedTensor];

/** Overlapping tensors can be larger than all memory: no more than twice the file is made. Gives the bytes that are read. */
function checkRoom(tensors: readonly Named[], size: number, refuse: Refuse): number {
  const distinct = new Map(tensors.map(([, tensor]) => [placeOf(tensor), tensor]));
  const bytes = [...distinct.values()].reduce((sum, tensor) => sum + storedBytes(tensor), 0);
  if (bytes > 2 * size) {
    refuse(
      "tensors must take no more than twice the bytes of their file",
      `${bytes}`,
      0,
      "Save copies instead of expanded views: tensor.contiguous().",
    );
  }
  const storages = new Set(tensors.map(([, { storage }]) => storage));
  return [...storages].reduce((sum, { length, type }) => sum + length * sizeOfStored(type), 0);
}

function placeOf({ storage, offset, shape, strides }: StridedTensor): string {
  return `${storage.key} ${offset} ${shape} ${strides}`;
}

function byStorage(tensors: readonly Named[]): Map<Storage, Named[]> {
  const groups = new Map<Storage, Named[]>();
  for (const named of tensors) {
    const group = groups.get(named[1].storage) ?? [];
    group.push(named);
    groups.set(named[1].storage, group);
  }
  return groups;
}

async function readStorage(
  file: TorchFile,
  storage: Storage,
  tensors: readonly Named[],
  refuse: Refuse,
  options: Parameters<TorchFile["read"]>[1],
): Promise<(readonly [name: string, tensor: FileTensor])[]> {
  const { bytes, byteOffset } = await file.read(storage, options);
  const ordered = file.isLittleEndian ? bytes : turned(bytes, sizeOfStored(storage.type));
  const name = tensors[0]?.[0] ?? "";
  const { dtype, data } = readNumbers(ordered, storage.type, { name, byteOffset, refuse });
  // What the bytes lie in is more than they: a view of it would keep all.
  const isOwn = data.byteLength === data.buffer.byteLength;
  const known = new Map<string, HostArray>();
  return tensors.map(([own, tensor]) => {
    const place = placeOf(tensor);
    const made = known.get(place) ?? strided(isOwn ? data : data.slice(), tensor);
    known.set(place, made);
    return [own, { shape: tensor.shape, dtype, data: made }];
  });
}

/** Each number's bytes the other way round. */
function turned(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const out = Uint8Array.from(bytes);
  for (let at = 0; at < out.length; at += size) out.subarray(at, at + size).reverse();
  return out;
}
