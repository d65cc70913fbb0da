import { beforeAll, describe, expect, test } from "vitest";
import { ArgumentError, FormatError } from "../../../src/errors.ts";
import { add, cell, cells, mul, type Tensor, tensor, variable } from "../../../src/functions.ts";
import { data } from "../../../src/index.ts";
import {
  loadModel,
  memory,
  readModel,
  readSafetensors,
  saveModel,
  writeSafetensors,
} from "../../../src/io/index.ts";
import * as nn from "../../../src/nn/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting();
});

/** Numbers that are all different, both signs. */
function input(...shape: number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7) * 2),
    shape,
  );
}
const ids = (...shape: number[]) =>
  tensor(
    Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i % 5),
    shape,
  );
const image = () => input(2, 5, 6, 4);
const sequence = () => input(5, 2, 4);
const rows = () => input(6, 4);

/** Every layer, with other options than those where nothing is said; by the name of the function that makes it. */
const layers: Readonly<
  Record<string, readonly (readonly [make: () => nn.Module, x: () => Tensor])[]>
> = {
  ...Object.fromEntries(
    [
      nn.relu,
      nn.relu6,
      nn.tanh,
      nn.sigmoid,
      nn.softplus,
      nn.softsign,
      nn.logSigmoid,
      nn.silu,
      nn.mish,
      nn.selu,
      nn.hardSigmoid,
      nn.hardSwish,
      nn.hardTanh,
    ].map((make) => [make().kind, [[make, rows]]] as const),
  ),
  gelu: [
    [() => nn.gelu(), rows],
    [() => nn.gelu({ approximate: "tanh" }), rows],
  ],
  leakyRelu: [[() => nn.leakyRelu(0.3), rows]],
  elu: [[() => nn.elu(0.3), rows]],
  softmax: [[() => nn.softmax(0), rows]],
  logSoftmax: [[() => nn.logSoftmax(0), rows]],
  weightNorm: [
    [() => nn.weightNorm(nn.linear(4, 3)), rows],
    [() => nn.weightNorm(nn.conv2d(4, 2, 3), { dim: "all" }), image],
  ],
  spectralNorm: [[() => nn.spectralNorm(nn.linear(4, 3), { powerIterations: 2 }), rows]],
  prelu: [[() => nn.prelu(4, { initial: 0.1 }), rows]],
  dropout: [[() => nn.dropout(0.2), rows]],
  dropout1d: [[() => nn.dropout1d(0.2), sequence]],
  dropout2d: [[() => nn.dropout2d(0.2), image]],
  gaussianNoise: [[() => nn.gaussianNoise(0.5), rows]],
  flatten: [[() => nn.flatten(), image]],
  lastStep: [
    [() => nn.lastStep(), sequence],
    [() => nn.lastStep({ batchFirst: true }), sequence],
  ],
  linear: [
    [() => nn.linear(4, 3), rows],
    [() => nn.linear(4, 3, { bias: false, initialise: nn.initialise.orthogonal(), seed: 3 }), rows],
  ],
  embedding: [
    [() => nn.embedding(5, 3, { initialise: nn.initialise.normal(2) }), () => ids(3, 2)],
    [() => nn.embedding(5, 3, { paddingIndex: 2 }), () => ids(3, 2)],
  ],
  conv2d: [
    [
      () => nn.conv2d(4, 6, [3, 2], { stride: [2, 1], padding: "same", groups: 2, bias: false }),
      image,
    ],
    [() => nn.conv2d(4, 3, 2, { dilation: 2, padding: [1, 0] }), image],
  ],
  conv1d: [[() => nn.conv1d(4, 6, 2, { padding: 1, stride: 2, dilation: 2 }), sequence]],
  conv2dTranspose: [[() => nn.conv2dTranspose(4, 2, 3, { stride: 2, outputPadding: 1 }), image]],
  conv1dTranspose: [[() => nn.conv1dTranspose(4, 2, 3, { stride: 2 }), sequence]],
  maxPool2d: [[() => nn.maxPool2d([2, 3], { stride: 1, padding: 1 }), image]],
  avgPool2d: [[() => nn.avgPool2d(2, { padding: 1 }), image]],
  maxPool1d: [[() => nn.maxPool1d(2, { stride: 1 }), sequence]],
  avgPool1d: [[() => nn.avgPool1d(2), sequence]],
  globalAvgPool2d: [[() => nn.globalAvgPool2d(), image]],
  globalMaxPool2d: [[() => nn.globalMaxPool2d(), image]],
  adaptiveAvgPool2d: [[() => nn.adaptiveAvgPool2d([2, 3]), image]],
  adaptiveMaxPool2d: [[() => nn.adaptiveMaxPool2d(2), image]],
  pixelShuffle: [[() => nn.pixelShuffle(2), image]],
  pad1d: [[() => nn.pad1d([2, 0], { mode: "replicate" }), sequence]],
  pad2d: [
    [
      () =>
        nn.pad2d(
          [
            [1, 0],
            [0, 2],
          ],
          { value: 3 },
        ),
      image,
    ],
  ],
  upsample2d: [[() => nn.upsample2d(2, { mode: "bilinear" }), image]],
  batchNorm1d: [[() => nn.batchNorm1d(4, { momentum: "cumulative" }), rows]],
  batchNorm2d: [[() => nn.batchNorm2d(4, { epsilon: 0.1, affine: false }), image]],
  instanceNorm2d: [[() => nn.instanceNorm2d(4, { affine: true }), image]],
  groupNorm: [[() => nn.groupNorm(2, 4), image]],
  layerNorm: [[() => nn.layerNorm([6, 4], { bias: false, epsilon: 0.1 }), image]],
  rmsNorm: [[() => nn.rmsNorm(4, { epsilon: 0.1 }), rows]],
  normalisation: [
    [() => nn.normalisation({ mean: [1, 2, 3, 4], variance: [1, 0, 2, 4] }), rows],
    [() => nn.normalisation({ mean: [1, 2], variance: [1, 4] }, { axis: 1 }), sequence],
  ],
  positionalEncoding: [[() => nn.positionalEncoding(7, 4), sequence]],
  positionEmbedding: [[() => nn.positionEmbedding(7, 4, { batchFirst: true }), sequence]],
  multiHeadAttention: [
    [() => nn.multiHeadAttention(4, 2, { causal: true, bias: false }), sequence],
  ],
  transformerBlock: [
    [
      () =>
        nn.transformerBlock(4, 2, {
          hidden: 6,
          activation: "gelu",
          normFirst: true,
          batchFirst: true,
        }),
      sequence,
    ],
  ],
  rnn: [[() => nn.rnn(4, 3, { activation: "relu", layers: 2 }), sequence]],
  lstm: [
    [
      () => nn.lstm(4, 3, { layers: 2, bidirectional: true, batchFirst: true, dropout: 0.1 }),
      sequence,
    ],
    [() => nn.lstm(4, 3, { projection: 2, secondBias: true }), sequence],
  ],
  gru: [
    [() => nn.gru(4, 3, { checkpoint: true, initialiseBias: nn.initialise.remember(2) }), sequence],
  ],
  recurrent: [
    [() => nn.recurrent(cells.peepholeLstm, 4, 3, { layers: 2 }), sequence],
    [() => nn.recurrent(cells.rnn.relu, 4, 3), sequence],
  ],
  residual: [
    [() => nn.residual(nn.linear(4, 4)), rows],
    [() => nn.residual(nn.linear(4, 3), nn.linear(4, 3, { bias: false })), rows],
  ],
  sequential: [
    [() => nn.sequential(), rows],
    [
      () =>
        nn.sequential({
          up: nn.linear(4, 8),
          act: nn.relu(),
          down: nn.sequential(nn.linear(8, 2)),
        }),
      rows,
    ],
  ],
  randomAffine: [[() => nn.randomAffine({ shift: 0.1, rotate: 10, fill: "edge" }), image]],
  randomCrop: [[() => nn.randomCrop([3, 4], { padding: 1 }), image]],
  randomFlip: [[() => nn.randomFlip({ vertical: 0.5 }), image]],
  cutout: [[() => nn.cutout(2, 0.5), image]],
};

/** Functions of nn that give no module. */
const OTHERS = ["module", "functionalCall", "lengthsOf", "mixup", "stateful", "StatefulSession"];

const values = async (model: nn.Module, x: Tensor) => {
  const y = model(x);
  return { shape: y.shape, data: await y.data() };
};

/** Saved and loaded again, with weights that are none that a layer starts with. */
async function again(model: nn.Module) {
  for (const held of [...model.parameters(), ...model.buffers()])
    held.load(Float32Array.from({ length: held.size }, (_, i) => 0.5 + Math.cos(i * 0.7) / 3));
  const place = memory().place("model.safetensors");
  await saveModel(model, place);
  return loadModel(place);
}

test("every layer is tried", () => {
  const functions = Object.entries(nn).filter(([, own]) => typeof own === "function");
  const names = functions.map(([name]) => name).filter((name) => !OTHERS.includes(name));
  expect(names.sort()).toEqual(Object.keys(layers).sort());
});

describe.each(Object.entries(layers))("a file of nn.%s", (_, makers) => {
  test.each(makers)("%s gives it back, with the same outputs", async (make, x) => {
    const model = make();
    const loaded = await again(model);
    model.eval();
    expect(loaded.description).toBe(model.description);
    expect([...loaded.namedParameters().keys()]).toEqual([...model.namedParameters().keys()]);
    expect([...loaded.namedBuffers().keys()]).toEqual([...model.namedBuffers().keys()]);
    expect(loaded.inputDType).toEqual(model.inputDType);
    expect(loaded.timeAxis).toEqual(model.timeAxis);
    expect(loaded.stateShapes(3)).toEqual(model.stateShapes(3));
    expect(loaded.mode.isTraining).toBe(false);
    const input = x();
    expect(await values(loaded, input)).toEqual(await values(model, input));
  });
});

describe("a model file", () => {
  test("keeps what is one module in two places one", async () => {
    const shared = nn.linear(4, 4);
    const loaded = await again(nn.sequential({ a: shared, b: nn.relu(), c: shared }));
    expect(loaded.parameters().length).toBe(2);
    expect(loaded.children[0]?.[1]).toBe(loaded.children[2]?.[1]);
  });

  test("keeps the way back of a normalisation on its own buffers", async () => {
    const inputs = nn.normalisation({ mean: [1, 2], variance: [4, 9] });
    const model = nn.sequential(inputs, nn.linear(2, 2), inputs.inverse);
    const loaded = await again(model);
    model.eval();
    expect(loaded.buffers().length).toBe(2);
    expect(await values(loaded, input(3, 2))).toEqual(await values(model, input(3, 2)));
    const alone = nn.normalisation({ mean: [1, 2], variance: [4, 9] }).inverse;
    expect(await values(await again(alone), input(3, 2))).toEqual(await values(alone, input(3, 2)));
  });

  test.each([
    ["characters", data.TextVocabulary.of("hello", { unknown: "?" })],
    ["words", data.WordVocabulary.of("a b a c")],
    ["byte pairs", data.BytePairs.of("abab", { size: 258 })],
  ] as const)("keeps a vocabulary of %s, and metadata", async (_, vocabulary) => {
    const place = memory().place("a");
    const metadata = { licence: "MIT" };
    await saveModel(nn.linear(1, 1), place, { vocabulary, metadata });
    const read = await readModel(place);
    expect({ ...read.metadata }).toEqual(metadata);
    expect(read.vocabulary).toBeInstanceOf(vocabulary.constructor);
    expect(read.vocabulary?.toJSON()).toEqual(vocabulary.toJSON());
  });

  test("is a safetensors file of PyTorch's names, as other libraries want it", async () => {
    const place = memory().place("a");
    await saveModel(nn.sequential(nn.linear(2, 3)), place);
    const { tensors, metadata } = await readSafetensors(place);
    expect(Object.keys(tensors)).toEqual(["0.weight", "0.bias"]);
    expect(tensors["0.weight"]?.shape).toEqual([3, 2]);
    expect(metadata.format).toBe("pt");
  });

  test("draws no random numbers when it is loaded", async () => {
    const { runtime } = openCounting({ seed: 7 });
    const place = memory().place("a");
    await saveModel(nn.sequential(nn.lstm(2, 3), nn.transformerBlock(3, 1, { hidden: 2 })), place);
    const next = async () => (await nn.linear(2, 2).parameters()[0]?.data()) ?? [];
    openCounting({ seed: 7 });
    const expected = await next();
    openCounting({ seed: 7 });
    await loadModel(place);
    expect(await next()).toEqual(expected);
    await runtime.close();
  });
});

describe("layers of one's own", () => {
  const scale = (size: number): nn.Module => {
    const factor = variable(
      Float32Array.from({ length: size }, (_, i) => i + 1),
      [size],
    );
    return nn.module("scale", {
      made: ["scale", size],
      parameters: { factor },
      forward: (x) => mul(x, factor),
    });
  };

  test("are made by those who load them", async () => {
    const place = memory().place("a");
    const model = nn.sequential(scale(4), nn.relu());
    await saveModel(model, place);
    const loaded = await loadModel(place, { layers: { scale } });
    expect(await values(loaded, rows())).toEqual(await values(model, rows()));
    await expect(loadModel(place)).rejects.toThrow(
      /unknown layer "scale"; layers of one's own are given/,
    );
  });

  test("and what does not say how it is made is refused, naming where it is", async () => {
    const place = memory().place("a");
    const mine = nn.module("mine", { forward: (x) => add(x, 1) });
    const model = nn.sequential({ a: nn.residual(mine) });
    await expect(saveModel(model, place)).rejects.toThrow(ArgumentError);
    await expect(saveModel(model, place)).rejects.toThrow(
      /got mine, which is none within sequential.*Save the state dict/,
    );
    const own = cell({ name: "own", states: ["h"], sums: ["s"], step: (_, { s }) => ({ h: s }) });
    await expect(saveModel(nn.recurrent(own, 1, 1), place)).rejects.toThrow(/a cell of one's own/);
    expect(await place.size()).toBeUndefined();
  });
});

describe("a model file that is wrong is refused by one typed error:", () => {
  const withModel = async (description: string, version = "1") => {
    const place = memory().place("a");
    const metadata = { "gradgpu.version": version, "gradgpu.model": description };
    const tensors = { weight: { shape: [1, 2], data: [1, 2] }, bias: { shape: [1], data: [1] } };
    await writeSafetensors(place, tensors, { metadata });
    return place;
  };
  const described = (...args: unknown[]) => JSON.stringify({ $module: args });

  test("what is right is loaded", async () => {
    const model = await loadModel(await withModel(described("linear", 2, 1, {})));
    expect(await model.parameters()[1]?.data()).toEqual(Float32Array.of(1));
  });

  test.each([
    ["no JSON", "{", /must be right/],
    ["a list", "[]", /describes no module/],
    ["a number", "1", /describes no module/],
    ["a module without a name", '{"$module":[]}', /without a name/],
    ["an unknown layer", described("linearr", 1), /unknown layer "linearr"/],
    ["a name of Object's", described("constructor", 1), /unknown layer "constructor"/],
    ["nn.module itself", described("module", "x", {}), /unknown layer "module"/],
    ["options that are none", described("linear", 2, 1, { bia: false }), /Did you mean bias/],
    ["arguments that are none", described("linear", "2", 1), /more weights|must be/],
    [
      "more weights than there are",
      described("linear", 1e9, 1e9),
      /linear with more weights than the file/,
    ],
    ["a long list of channels", described("batchNorm2d", 1e9), /more weights/],
    ["many layers of units", described("lstm", 2, 1000, { layers: 1000 }), /more weights/],
    ["a large table of positions", described("positionalEncoding", 1e6, 1e6), /more weights/],
    ["sizes of an array", described("layerNorm", [1e6, 1e6]), /more weights/],
    ["a kernel of an array", described("conv2d", 1, 1, [1e5, 1e5]), /more weights/],
    ["other weights", described("linear", 3, 1, {}), /weight must be \[1, 3\]/],
    ["other names", described("sequential", {}), /unexpected: weight, bias/],
    ["a module that holds itself", '{"$module":["residual",{"$again":0}]}', /unknown \$again/],
    ["an unknown cell", described("recurrent", { $cell: "x" }, 1, 1), /unknown cell "x"/],
    ["depth", `${"[".repeat(500)}${"]".repeat(500)}`, /deep/],
    [
      "an inverse of something else",
      described("inverseNormalisation", 1),
      /an inverse of 1, which is no/,
    ],
  ])("%s", async (_, description, message) => {
    const place = await withModel(description);
    const error = await loadModel(place).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(FormatError);
    expect((error as Error).message).toMatch(message);
  });

  test("another version", async () => {
    const place = await withModel(described("linear", 2, 1), "2");
    await expect(loadModel(place)).rejects.toThrow(
      /version 1; got 2 at byte 8. Use a newer gradgpu/,
    );
  });

  test("weights alone", async () => {
    const place = memory().place("a");
    await writeSafetensors(place, { a: { shape: [1], data: [1] } });
    await expect(loadModel(place)).rejects.toThrow(/weights alone.*loadStateDict/);
  });

  test("a vocabulary with a regular expression of its own, unless somebody vouches for it", async () => {
    const place = memory().place("a");
    const vocabulary = data.WordVocabulary.of("a b", { pattern: /(a+)+b/ });
    await saveModel(nn.linear(1, 1), place, { vocabulary });
    await expect(readModel(place)).rejects.toThrow(/pattern of its own.*allowPattern/);
    const read = await readModel(place, { allowPattern: true });
    expect(read.vocabulary?.toJSON()).toEqual(vocabulary.toJSON());
  });

  test("a vocabulary that is none", async () => {
    const place = memory().place("a");
    await saveModel(nn.linear(1, 1), place, {
      vocabulary: { toJSON: () => ({ words: 1 }) } as never,
    });
    await expect(loadModel(place)).rejects.toThrow(/a vocabulary must be right.*WordVocabulary/);
  });
});
