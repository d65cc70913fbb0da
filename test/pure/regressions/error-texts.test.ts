/** Texts of errors, whole: what was given, what was expected, what to do. Others stand beside the tests of what they are about. */
import { gzipSync } from "node:zlib";
import { beforeAll, expect, it } from "vitest";
import { GradgpuError } from "../../../src/errors.ts";
import { add, tensor, zeros } from "../../../src/functions.ts";
import { data, nn } from "../../../src/index.ts";
import * as io from "../../../src/io/index.ts";
import { seeded } from "../../../src/testing/seeded.ts";
import { trainInWorker } from "../../../src/worker/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting();
});

/** An IDX file of these bytes of header, and so many behind it. */
const idx = (header: readonly number[], behind = 0) =>
  Uint8Array.of(...header, ...new Array(behind).fill(0));
const place = () => io.memory().place("file");
const asAny = (given: unknown) => given as never;

it.each<[text: string, call: () => unknown]>([
  [
    "readIdx: labels must start with 4 bytes of header; got 3 bytes. Fetch the file again.",
    () => data.readIdx(idx([0, 0, 8]), "labels"),
  ],
  [
    "readIdx: labels must be an uncompressed IDX file; got gzip at byte 0. Pass it through gunzip() first.",
    () => data.readIdx(gzipSync(idx([0, 0, 8, 1])), "labels"),
  ],
  [
    "readIdx: labels must start with two zero bytes; got 01 00 08 01 at byte 0. It is no IDX file.",
    () => data.readIdx(idx([1, 0, 8, 1]), "labels"),
  ],
  [
    "readIdx: labels must have a type code 08, 09, 0b, 0c, 0d or 0e at byte 2; got 00 00 07 01. It is no IDX file.",
    () => data.readIdx(idx([0, 0, 7, 1]), "labels"),
  ],
  [
    "readIdx: labels must have 1 to 8 dimensions at byte 3; got 0. It is no IDX file.",
    () => data.readIdx(idx([0, 0, 8, 0]), "labels"),
  ],
  [
    "readIdx: labels must have 8 bytes of header for 1 dimensions; got 5 bytes. Fetch the file again.",
    () => data.readIdx(idx([0, 0, 8, 1, 0]), "labels"),
  ],
  [
    "readIdx: labels must have 11 bytes for u8[3]; got 10 bytes, so it is cut short at byte 10. Fetch the file again.",
    () => data.readIdx(idx([0, 0, 8, 1, 0, 0, 0, 3], 2), "labels"),
  ],
  [
    "readIdxBytes: labels must hold u8 at byte 2; got i8. Is it another dataset's file?",
    () => data.readIdxBytes(idx([0, 0, 9, 1, 0, 0, 0, 1], 1), "labels", 1),
  ],
  [
    "readIdxBytes: labels must have 3 dimensions at byte 3; got [1]. Are the pictures' and the labels' files exchanged?",
    () => data.readIdxBytes(idx([0, 0, 8, 1, 0, 0, 0, 1], 1), "labels", 3),
  ],
  [
    "BytePairs.fromJSON: the byte pairs must be { merges: [[id, id], …] }, different pairs of ids from before; got something else. Save it with JSON.stringify(bytePairs).",
    () => data.BytePairs.fromJSON({ merges: [[1, 2], [1]] }),
  ],
  [
    "TextVocabulary.fromJSON: the vocabulary must be { characters: [single, different characters], unknown?: one of them }; got something else. Save it with JSON.stringify(vocabulary).",
    () => data.TextVocabulary.fromJSON({ characters: ["a", "a"] }),
  ],
  [
    "padSequences: sequences must be a list of lists of numbers or of rows, or of typed arrays; got 1. One alone is [sequence].",
    () => data.padSequences(asAny([1, 2])),
  ],
  [
    "padSequences: steps must be a whole number and at least the longest sequence's; got 1 for one of 2. Cut the sequence, or leave steps out.",
    () => data.padSequences([[1, 2]], { steps: 1 }),
  ],
  [
    "writeSafetensors: tensors must be a record of { shape, data } by name; got 3. Give what stateDict() returned.",
    () => io.writeSafetensors(place(), asAny(3)),
  ],
  [
    'writeSafetensors: names of tensors must be whole Unicode and none of __metadata__ and __proto__; got "__metadata__". Rename it.',
    () => io.writeSafetensors(place(), { __metadata__: { shape: [1], data: new Float32Array(1) } }),
  ],
  [
    'writeSafetensors: every tensor must be { shape, data }; got 3 for "w". Give what stateDict() returned.',
    () => io.writeSafetensors(place(), asAny({ w: 3 })),
  ],
  [
    'writeSafetensors: data must fill its shape; got 1 elements for "w" [2]. Change the shape, or what the data holds.',
    () => io.writeSafetensors(place(), { w: { shape: [2], data: new Float32Array(1) } }),
  ],
  [
    'saveModel: names of metadata must not begin with gradgpu., which is the format\'s; got "gradgpu.model". Rename it.',
    () => io.saveModel(nn.linear(1, 1), place(), { metadata: { "gradgpu.model": "mine" } }),
  ],
  [
    "myLayer: a module must have either forward(x) or step(x, state); got neither. Give step where it carries state.",
    () => nn.module("myLayer", asAny({})),
  ],
  [
    "mixup: x and y must have the same examples along their first dimension; got x f32[2, 3], y i32[1]. Give it one batch of both.",
    () => nn.mixup(zeros([2, 3]), tensor(Int32Array.of(1)), { classes: 2 }),
  ],
  [
    'trainInWorker: the worker must be a Worker or the address of its module; got number. Write new URL("./training.ts", import.meta.url).',
    () => trainInWorker(asAny(3)),
  ],
  [
    "tensor: operators compute with numbers, not with tensors; got f32[2]. Write add(a, b), greater(a, b), and await x.item() or x.data() for values.",
    () => Number(tensor([1, 2])),
  ],
  [
    "item: the tensor must have exactly one element; got f32[2]. Use data(), or reduce it first.",
    () => tensor([1, 2]).item(),
  ],
  [
    'add: numbers of i32 must be whole, from -2147483648 to 2147483647; got 1.5. Round it first (Math.round, Math.trunc), or compute in f32: cast(x, "f32").',
    () => add(tensor(Int32Array.of(1)), 1.5),
  ],
  [
    "indexedDb: the host must have IndexedDB; got one without. Take file(path) in Node.",
    () => io.indexedDb("models").names(),
  ],
  [
    "integer: the bounds must be whole, the lower one first; got 3 and 1. Exchange or round them.",
    () => seeded(1)[0]?.integer(3, 1),
  ],
])("%s", async (text, call) => {
  const thrown = await (async () => await call())().then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(GradgpuError);
  expect((thrown as Error).message).toBe(text);
});
