/** Reads files that are almost right: each is read, or refused by a typed error that names a byte of it. */
import { FileError, FormatError } from "../../../src/errors.ts";
import {
  bytes,
  type FileTensor,
  loadModel,
  memory,
  readSafetensors,
  readTorch,
  type Source,
  saveModel,
} from "../../../src/io/index.ts";
import * as nn from "../../../src/nn/index.ts";
import { openCounting } from "../../pure/runtime/open.ts";
import { goldenBytes } from "./file-goldens.ts";
import { mutated, randomOf } from "./mutate.ts";

/** No file of a few kilobytes takes longer on a busy machine. */
const LONGEST_MS = 2_000;

export interface Fuzzed {
  readonly read: number;
  readonly refused: number;
  /** Case and what was wrong. */
  readonly failures: readonly string[];
  /** The largest share of its file that one reading took in reads, and in results. */
  readonly mostRead: number;
  readonly mostMade: number;
  readonly longestMs: number;
}

interface Kind {
  readonly name: string;
  readonly content: Uint8Array;
  read(source: Source): Promise<number>;
}

const sizeOf = (tensors: Readonly<Record<string, FileTensor>>) => {
  const buffers = new Set(Object.values(tensors).map(({ data }) => data.buffer));
  return [...buffers].reduce((sum, { byteLength }) => sum + byteLength, 0);
};

async function kinds(): Promise<Kind[]> {
  openCounting();
  const place = memory().place("model");
  const layers = { embedding: nn.embedding(5, 3), lstm: nn.lstm(3, 4), norm: nn.layerNorm(4) };
  await saveModel(nn.sequential({ ...layers, linear: nn.linear(4, 2) }), place);
  const safetensors = ["every.safetensors", "model.safetensors"].map((name) => ({
    name,
    content: goldenBytes(name),
    read: async (source: Source) => sizeOf((await readSafetensors(source)).tensors),
  }));
  const torch = [
    "every.pt",
    "model-2.pt",
    "model-4.pt",
    "views.pt",
    "nested.pt",
    "nested-legacy.pt",
  ].map((name) => ({
    name,
    content: goldenBytes(name),
    read: async (source: Source) => sizeOf((await readTorch(source)).tensors),
  }));
  const model = {
    name: "model",
    content: await place.read(),
    read: async (source: Source) => {
      const loaded = await loadModel(source, { allowNonFinite: true });
      const all = [...loaded.parameters(), ...loaded.buffers()];
      return all.reduce((sum, { size }) => sum + 4 * size, 0);
    },
  };
  return [...safetensors, ...torch, model];
}

/** Cases `first` … `first + count` − 1, all kinds in turn. */
export async function fuzzFiles(first: number, count: number): Promise<Fuzzed> {
  const all = await kinds();
  const failures: string[] = [];
  let [read, refused, mostRead, mostMade, longestMs] = [0, 0, 0, 0, 0];
  for (let seed = first; seed < first + count; seed++) {
    const kind = all[seed % all.length];
    if (kind === undefined) continue;
    const content = mutated(kind.content, randomOf(seed));
    const counted = counting(content);
    const started = performance.now();
    try {
      const made = await kind.read(counted.source);
      // Each tensor is a copy; bool and halves become four bytes.
      mostMade = Math.max(mostMade, made / Math.max(1, content.length));
      read++;
    } catch (error) {
      const wrong = complaint(error, content.length);
      if (wrong !== undefined) failures.push(`--seed ${seed} --count 1: ${kind.name}: ${wrong}`);
      refused++;
    }
    mostRead = Math.max(mostRead, counted.bytes() / Math.max(1_000, content.length));
    const elapsedMs = performance.now() - started;
    longestMs = Math.max(longestMs, elapsedMs);
    if (elapsedMs > LONGEST_MS)
      failures.push(`--seed ${seed} --count 1: ${kind.name}: took ${Math.round(elapsedMs)} ms`);
  }
  return { read, refused, failures, mostRead, mostMade, longestMs };
}

function complaint(error: unknown, length: number): string | undefined {
  if (error instanceof FormatError) {
    const { byteOffset, message } = error;
    const isThere = Number.isInteger(byteOffset) && byteOffset >= 0 && byteOffset <= length;
    return isThere && message.length < 1_500
      ? undefined
      : `byte ${byteOffset} of ${length}: ${message}`;
  }
  if (error instanceof FileError) return `a FileError of bytes that are there: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** How many bytes are asked for. */
function counting(content: Uint8Array) {
  const inner = bytes(content);
  let asked = 0;
  const source: Source = {
    ...inner,
    read(range, options) {
      asked += (range?.end ?? content.length) - (range?.start ?? 0);
      return inner.read(range, options);
    },
  };
  return { source, bytes: () => asked };
}
