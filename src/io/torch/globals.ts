/** What a file of tensors may name: dicts, storages, and the functions that make tensors of these. */
import type { Shape } from "../../functions.ts";
import { type StoredType, sizeOfStored } from "../numbers.ts";
import { type Globals, Tuple, type Wrong } from "./pickle.ts";

/** Numbers that lie apart, in the file. */
export class Storage {
  readonly key: string;
  readonly type: StoredType;
  /** How many numbers. */
  readonly length: number;

  constructor(key: string, type: StoredType, length: number) {
    this.key = key;
    this.type = type;
    this.length = length;
  }
}

/** Numbers of a storage, `strides` apart from one another. */
export class StridedTensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];

  constructor(storage: Storage, offset: number, shape: Shape, strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }

  /** The last number's place in the storage, and one more; 0 where there is none. */
  get end(): number {
    if (this.shape.includes(0)) return 0;
    return this.shape.reduce((at, n, d) => at + (n - 1) * (this.strides[d] ?? 0), this.offset) + 1;
  }
}

class StorageType {
  readonly type: StoredType;
  constructor(type: StoredType) {
    this.type = type;
  }
}

const STORAGES: Readonly<Record<string, StoredType>> = {
  FloatStorage: "F32",
  DoubleStorage: "F64",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
};

/** What PyTorch makes of other tensors: sparse, quantised, complex, of eight bits and less. */
const OTHER_TENSORS = /^torch(?:\.storage)?\.\w+Storage$|^torch\._(?:utils|tensor)\._rebuild_/;

type Call = (args: readonly unknown[], wrong: Wrong) => unknown;

/** By module and name. */
const CALLS: Readonly<Record<string, Call>> = {
  "collections.OrderedDict": (args, wrong) =>
    args.length === 0 ? new Map() : wrong("an OrderedDict must be made empty", "arguments"),
  "torch.Size": ([sizes], wrong) =>
    sizes instanceof Tuple ? sizes : wrong("sizes must be a tuple", "something else"),
  // How bytes are written in protocol 2.
  "_codecs.encode": ([text, coding], wrong) =>
    typeof text === "string" && coding === "latin1"
      ? Uint8Array.from(text, (letter) => letter.charCodeAt(0))
      : wrong("bytes must be made of a text in latin1", "something else"),
  "torch._utils._rebuild_tensor_v2": rebuild,
  "torch._utils._rebuild_tensor": rebuild,
  "torch._utils._rebuild_parameter": ([tensor], wrong) =>
    tensor instanceof StridedTensor
      ? tensor
      : wrong("a parameter must be made of a tensor", "something else"),
};

class Callee {
  readonly call: Call;
  constructor(call: Call) {
    this.call = call;
  }
}

/** Those of torch. Every storage must be of one kind, wherever it is named; `storages` has them by their keys. */
export function torchGlobals(storages: Map<string, Storage>): Globals {
  return {
    global(module, name, wrong) {
      const path = `${module}.${name}`;
      if (Object.hasOwn(CALLS, path)) return new Callee(CALLS[path] ?? rebuild);
      const type = module === "torch" && Object.hasOwn(STORAGES, name) ? STORAGES[name] : undefined;
      if (type === undefined && OTHER_TENSORS.test(path)) {
        return wrong(
          `tensors must be dense, of ${Object.values(STORAGES).join(", ")}`,
          path.slice(0, 120),
          "Convert them where they are written: tensor.to_dense(), tensor.dequantize(), torch.view_as_real(tensor), tensor.float().",
        );
      }
      return type && new StorageType(type);
    },
    call: (callee, args, wrong) =>
      callee instanceof Callee
        ? callee.call(args, wrong)
        : wrong("nothing may be called but what makes tensors", "something else"),
    outside(id, wrong) {
      const storage = storageOf(id, wrong);
      const known = storages.get(storage.key) ?? storage;
      if (known.type !== storage.type || known.length !== storage.length)
        return wrong(
          `storage ${storage.key} must be the same everywhere`,
          `${storage.type}[${storage.length}] and ${known.type}[${known.length}]`,
        );
      storages.set(storage.key, known);
      return known;
    },
  };
}

/** ("storage", type, key, device, length), and in old files what it is a view of: None. */
function storageOf(id: unknown, wrong: Wrong): Storage {
  const [what, kind, key, , length, view = null] = id instanceof Tuple ? id.items : [];
  if (
    what !== "storage" ||
    !(kind instanceof StorageType) ||
    typeof key !== "string" ||
    view !== null
  )
    return wrong("what lies outside must be a storage of known numbers", "something else");
  if (!isCount(length)) return wrong("a storage must say how many numbers it has", String(length));
  return new Storage(key, kind.type, length);
}

/** storage, offset, shape, strides, and what only a training needs. */
function rebuild(
  [storage, offset, shape, strides]: readonly unknown[],
  wrong: Wrong,
): StridedTensor {
  if (!(storage instanceof Storage))
    return wrong("a tensor must be made of a storage", "something else");
  const [sizes, steps] = [countsOf(shape), countsOf(strides)];
  if (!isCount(offset) || sizes === undefined || steps?.length !== sizes.length)
    return wrong(
      "offset, sizes and strides of a tensor must be whole numbers of 0 or more, as many of each",
      "others",
    );
  const tensor = new StridedTensor(storage, offset, sizes, steps);
  if (tensor.end <= storage.length) return tensor;
  return wrong(
    `a tensor must end within its storage of ${storage.length} ${storage.type}`,
    `${tensor.end}`,
  );
}

/** No tensor has more dimensions. */
const MOST_DIMENSIONS = 32;

function countsOf(value: unknown): readonly number[] | undefined {
  if (!(value instanceof Tuple) || value.items.length > MOST_DIMENSIONS) return undefined;
  return value.items.every(isCount) ? value.items : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Bytes of a tensor as it was stored. */
export function storedBytes({ shape, storage }: StridedTensor): number {
  return shape.reduce((product, n) => product * n, 1) * sizeOfStored(storage.type);
}
