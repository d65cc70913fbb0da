/** Texts of errors, whole: what was given, what was expected, what to do. Others stand beside the tests of what they are about. */
import { gzipSync } from "node:zlib";
import { beforeAll, expect, it } from "vitest";
import { GradgpuError } from "../../../src/errors.ts";
import {
  add,
  cell,
  conv2dTranspose,
  describe,
  dropout,
  einsum,
  keyOf,
  pad,
  planRows,
  profile,
  reshape,
  tensor,
  tile,
  transpose,
  variable,
  zeros,
} from "../../../src/functions.ts";
import { data, nn, optim } from "../../../src/index.ts";
import * as io from "../../../src/io/index.ts";
import { seeded } from "../../../src/testing/seeded.ts";
import { trainInWorker, transfer } from "../../../src/worker/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting();
});

/** An IDX file of these bytes of header, and so many behind it. */
const idx = (header: readonly number[], behind = 0) =>
  Uint8Array.of(...header, ...new Array(behind).fill(0));
const place = () => io.memory().place("file");
const asAny = (given: unknown) => given as never;
const layer = nn.linear(2, 1);
const adam = (groups: unknown) => optim.adam({ learningRate: 0.1, groups: asAny(groups) });

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
    "myLayer: a list or record of modules must not hold itself; got it again as layers.0.inner. Leave that out.",
    () => {
      const layers: unknown[] = [];
      layers.push({ inner: layers });
      return nn.module("myLayer", { children: { layers: asAny(layers) }, forward: (x) => x });
    },
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
  [
    "adam, group head: a group must have parameters; got { head }. Write { parameters: layer.parameters() } and its settings beside them; groups lie in no groups.",
    () => adam({ head: { head: { parameters: layer.parameters() } } }),
  ],
  [
    "adam, group head: parameters must be a list of variables; got { weight }. Write layer.parameters(), or a list of some of them.",
    () => adam({ head: { parameters: { weight: layer.parameters()[0] } } }),
  ],
  [
    "adam, group head: parameters must be a list of variables; got the module linear(2, 1). Write layer.parameters(), or a list of some of them.",
    () => adam({ head: { parameters: layer } }),
  ],
  [
    "adam: groups must be groups by name, without dots; got […]. Write { head: { parameters: head.parameters() } }, a record of settings for each.",
    () => adam([{ parameters: layer.parameters() }]),
  ],
  [
    "pad: it puts zeros around x and takes no more than how many; got { mode }. Write padAs(x, padding, { mode, value }).",
    () => (pad as (...given: unknown[]) => unknown)(zeros([2]), [[1, 1]], { mode: "reflect" }),
  ],
  [
    "pad: padding must be a list of [before, after] in whole numbers of 0 or more; got [1, 2]. To take elements away, use slice.",
    () => pad(zeros([2]), asAny([1, 2])),
  ],
  [
    'reshape: the new shape must be a list; got "x". Write reshape(x, [2, -1]).',
    () => reshape(zeros([2]), asAny("x")),
  ],
  [
    'transpose: the permutation must be a list; got "x". Name every dimension once: [1, 0].',
    () => transpose(zeros([2, 2]), asAny("x")),
  ],
  [
    'tile: repeats must be a list; got "x". Give another repeats.',
    () => tile(zeros([2]), asAny("x")),
  ],
  [
    'summary: the shape must be a list; got "x". It is that of an input, with the batch: [1, 28, 28, 1].',
    () => layer.summary(asAny("x")),
  ],
  [
    "profile: what is looked at must be a function; got 3. Write profile(() => step(x)).",
    () => profile(asAny(3)),
  ],
  [
    "planRows: the plan must be a plan; got 3. A compiled step has some: step.plans.",
    () => planRows(asAny(3)),
  ],
  [
    'gunzip: its name must be a text; got undefined. It stands in messages: "train-images.gz".',
    () => data.gunzip(new Uint8Array(3), asAny(undefined)),
  ],
  [
    "gunzip: the file must be bytes, a Uint8Array; got 3. Take new Uint8Array(await response.arrayBuffer()).",
    () => data.gunzip(asAny(3), "a.gz"),
  ],
  [
    "float16: the bits must be a Uint16Array; got [1, 2]. Other arrays are numbers: hand them in as they are.",
    () => data.float16(asAny([1, 2])),
  ],
  [
    'einsum: the pattern must be a text; got 3. For example "ij,jk->ik".',
    () => einsum(asAny(3), zeros([2])),
  ],
  [
    "dropout: p must be at least 0 and less than 1; got 1. It is the share of elements that are set to 0.",
    () => dropout(zeros([2]), 1),
  ],
  [
    "describe: what is described must be { dtype, shape }; got 3. Give a tensor, or its type.",
    () => describe(asAny(3)),
  ],
  [
    "conv2dTranspose: w must have 4 dimensions; got f32[3, 3]. It is [KH, KW, OC / groups, C].",
    () => conv2dTranspose(zeros([1, 4, 4, 2]), zeros([3, 3])),
  ],
  [
    'softmax: the axis must be a whole number; got "x". -1 is the last one.',
    () => nn.softmax(asAny("x")),
  ],
  [
    'initialise.orthogonal: the gain must be a finite number; got "x". Give another gain.',
    () => nn.initialise.orthogonal(asAny("x")),
  ],
  [
    'initialise.constant: the value must be a finite number; got "x". Give another value.',
    () => nn.initialise.constant(asAny("x")),
  ],
  [
    'cutout: the size must be a whole number of 1 or more; got "x". It is the side of the square, in pixels.',
    () => nn.cutout(asAny("x")),
  ],
  [
    'freeze: the pattern must be a text; got 3. Write model.freeze("0.*").',
    () => layer.freeze(asAny(3)),
  ],
  [
    "recurrent: the cell must be a cell; got {  }. Make one with cell({ name, states, sums, step }).",
    () => nn.recurrent(asAny({}), 2, 3),
  ],
  [
    "weightNorm: the layer must be a linear layer, a convolution or a transposed one; got the module relu. Give another layer.",
    () => nn.weightNorm(nn.relu()),
  ],
  [
    "initialise.truncatedNormal: the limit must be 1 or more; got Symbol(x). Give another limit.",
    () => nn.initialise.truncatedNormal(2, asAny(Symbol("x"))),
  ],
  [
    "padSequences: sequences must be a list of lists of numbers or of rows, or of typed arrays; got undefined. One alone is [sequence].",
    () => data.padSequences(new Array(3)),
  ],
  [
    "positionalEncoding: steps × features must be 2^26 at most; got 1000000000 × 2. Make it for as many steps as the longest sequence has.",
    () => nn.positionalEncoding(1e9, 2),
  ],
  [
    "m: a must be a module; got 3. Make it by a layer, or by nn.module.",
    () => nn.module("m", asAny({ forward: (x: unknown) => x, children: { a: 3 } })),
  ],
  [
    "m: a.1 must be a module; got 3. Make it by a layer, or by nn.module.",
    () => nn.module("m", asAny({ forward: (x: unknown) => x, children: { a: [nn.relu(), 3] } })),
  ],
  [
    'm: names of children, parameters and buffers must be different from each other, not empty and free of dots; got "b.c". They make up the paths of the state dict.',
    () => nn.module("m", { children: { a: { "b.c": nn.relu() } }, forward: (x) => x }),
  ],
  [
    'keyOf: the seed must be a finite number; got "x". Any finite number will do.',
    () => keyOf(asAny("x")),
  ],
  [
    "assign: the new value must have the variable's type; got f32[3] for variable f32[2]. Cast or reshape it.",
    () => variable([1, 2]).assign(zeros([3])),
  ],
  [
    "cell: the description must be a record; got 3. Give { name, states, sums, step }.",
    () => cell(asAny(3)),
  ],
  [
    'x: a cell must have states; got none. Name what it carries: ["h"].',
    () => cell(asAny({ name: "x", states: [], sums: ["a"], step: () => ({}) })),
  ],
  [
    "x: the step must be a function; got 3. It is a function (m, x, before, vectors) => states.",
    () => cell(asAny({ name: "x", states: ["h"], sums: ["a"], step: 3 })),
  ],
  [
    'x: sums must be a list; got 3. Give their names: ["h"].',
    () => cell(asAny({ name: "x", states: ["h"], sums: 3, step: () => ({}) })),
  ],
  [
    "transfer: the value must be an object that has the parts; got number. Send it as it is.",
    () => transfer(asAny(3), asAny([])),
  ],
  [
    "openSafetensors: it must be read from a place, bytes, a Blob or File, a URL or a path; got 3. Take file(path), http(url), opfs().place(name), or new Uint8Array(buffer).",
    () => io.readSafetensors(asAny(3)),
  ],
  [
    "writeSafetensors: it must be written to a place; got 3. Take file(path), opfs().place(name), or memory().place(name).",
    () => io.writeSafetensors(asAny(3), { a: { shape: [1], data: [1] } }),
  ],
  [
    "file: the path must be a text, or a file: URL; got 3. Give it as text: ./models/mine.safetensors.",
    () => io.file(asAny(3)),
  ],
  ["http: the URL must be a URL; got 3. Give it as text or as a URL.", () => io.http(asAny(3))],
  [
    'memory: the name must be a text of up to 200 characters that neither begins with a dot nor has a slash; got "a/b". Folders within folders are places of their own.',
    () => io.memory().place("a/b"),
  ],
  [
    "saveModel: the model must be a module; got 3. Make it by a layer, or by nn.module.",
    () => io.saveModel(asAny(3), place()),
  ],
  [
    "toOnnx: the model must be a module; got 3. Make it by a layer, or by nn.sequential.",
    () => io.toOnnx(asAny(3), [1]),
  ],
  [
    'toOnnx: the shape must be a list of whole numbers of 1 or more, and of names; got 3. A name is a free size: ["N", 28, 28, 1].',
    () => io.toOnnx(layer, asAny(3)),
  ],
  [
    "bytes: a PyTorch file must have 4 bytes or more; got 3 at byte 0. Get the file anew, or write it again.",
    () => io.readTorch(new Uint8Array(3)),
  ],
  [
    "bytes: a zip file must end with its directory; got none at byte 8. It may be cut off.",
    () => io.readTorch(Uint8Array.of(80, 75, 3, 4, 0, 0, 0, 0)),
  ],
  [
    "bytes: the header must begin with {; got 91 at byte 8. It may be no safetensors file.",
    () => io.readSafetensors(Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 91, 93)),
  ],
  [
    "dataset: x with a scale must be bytes with a shape, a finite scale and an offset; got data Float32Array of 8 bytes, scale 2, offset undefined. data.images makes such columns.",
    () => data.dataset(asAny({ x: { data: new Float32Array(2), shape: [2], scale: 2 } })),
  ],
])("%s", async (text, call) => {
  const thrown = await (async () => await call())().then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(GradgpuError);
  expect((thrown as Error).message).toBe(text);
});
