/** Values of the types that have names, as a caller of gradgpu makes them. */
import * as gradgpu from "../../../src/index.ts";
import { type Arg, fields, leaf, list, made, plain } from "./argument.ts";
import type { Dice } from "./dice.ts";
import { Mine } from "./mine.ts";
import { models, recurrent, tensors } from "./models.ts";
import type { World } from "./world.ts";

export interface Context {
  readonly dice: Dice;
  readonly world: World;
}

const { data, losses, nn, optim, tensor, variable } = gradgpu;

const SHAPES = [
  [],
  [1],
  [3],
  [2, 3],
  [3, 2],
  [2, 3],
  [3, 3],
  [2, 1],
  [0, 3],
  [2, 3, 4],
  [3, 2, 2],
  [1, 4, 4, 2],
];
export const DTYPES = ["f32", "i32", "u32", "bool"] as const;

export function someShape(dice: Dice): number[] {
  return [...dice.pick(SHAPES)];
}

export function someTensor(context: Context, dtype = "f32", shape = someShape(context.dice)): Arg {
  const { dice, world } = context;
  const size = shape.reduce((a, b) => a * b, 1);
  const dims = `[${shape.join(", ")}]`;
  const kind = dice.below(dtype === "f32" && shape.length > 0 ? 8 : 3);
  const floats = () => Float32Array.from({ length: size }, (_, i) => ((i * 5) % 7) - 3);
  const text = `Float32Array.from({ length: ${size} }, (_, i) => ((i * 5) % 7) - 3)`;
  if (dtype === "f32") {
    if (kind === 0)
      return leaf(`neg(tensor(${text}, ${dims}))`, () => gradgpu.neg(tensor(floats(), shape)));
    if (kind === 1) return leaf(`variable(${text}, ${dims})`, () => variable(floats(), shape));
    if (kind === 2 && shape.join() === "2,3")
      return leaf("/* on the device, f32[2, 3] */ x", () => world.onDevice[0]);
    return leaf(`tensor(${text}, ${dims})`, () => tensor(floats(), shape));
  }
  // The types are those of DTYPES.
  const own = dtype as gradgpu.DType;
  return leaf(
    `tensor(Int32Array.from({ length: ${size} }, (_, i) => i % 3), ${dims}, "${dtype}")`,
    () =>
      tensor(
        Int32Array.from({ length: size }, (_, i) => (dtype === "bool" ? i % 2 : i % 3)),
        shape,
        own,
      ),
  );
}

export function f32(...shape: number[]): Arg {
  return leaf(tensors.floats(...shape).text, tensors.floats(...shape).make);
}
export function ids(...shape: number[]): Arg {
  return leaf(tensors.ids(...shape).text, tensors.ids(...shape).make);
}
export function parameter(...shape: number[]): Arg {
  const size = shape.reduce((a, b) => a * b, 1);
  return leaf(`variable(new Float32Array(${size}).fill(0.5), [${shape.join(", ")}])`, () =>
    variable(new Float32Array(size).fill(0.5), shape),
  );
}
export function typed(name: TypedName, length: number): Arg {
  const Elements = typedArrays[name];
  const isBig = name.startsWith("Big");
  return leaf(`new ${name}(${length})${isBig ? "" : ".fill(1)"}`, () => {
    const array = new Elements(length);
    return isBig ? array : (array as Float32Array).fill(1);
  });
}

export const typedArrays = {
  Float32Array,
  Float64Array,
  Int8Array,
  Int16Array,
  Int32Array,
  Uint8Array,
  Uint8ClampedArray,
  Uint16Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
} as const;
export type TypedName = keyof typeof typedArrays;

const modelArg = ({ dice }: Context): Arg => {
  const { text, make } = dice.pick([...Object.values(models), ...Object.values(recurrent)]);
  return leaf(text, make);
};

const optimizerArg = ({ dice }: Context): Arg => {
  if (dice.chance(0.2)) {
    const options = fields({ learningRate: plain(0.1), average: plain(0.9), accumulate: plain(2) });
    return made("optim.muon", [options], (o) => optim.muon(o as never));
  }
  return dice.chance(0.5)
    ? made("optim.sgd", [fields({ learningRate: plain(0.1), momentum: plain(0.9) })], (o) =>
        optim.sgd(o as never),
      )
    : made("optim.adam", [fields({ learningRate: plain(0.01) })], (o) => optim.adam(o as never));
};

/** Examples that the model of that name is trained on. */
export function datasetFor(name: string): Arg {
  const { x, y } = models[name] ?? models.linear ?? { x: tensors.floats(4, 2), y: tensors.ids(4) };
  if (name === "text")
    return leaf("Int32Array.from({ length: 25 }, (_, i) => i % 3)", () =>
      Int32Array.from({ length: 25 }, (_, i) => i % 3),
    );
  const shape = (text: string) => text.slice(text.lastIndexOf("[")).replace(")", "");
  const column = ({ text }: { readonly text: string }, dtype: string) =>
    `{ data: new ${dtype === "f32" ? "Float32Array" : "Int32Array"}(${shape(text)}.reduce((a, b) => a * b)), shape: ${shape(text)}, dtype: "${dtype}" }`;
  return leaf(`data.dataset({ x: ${column(x, "f32")}, y: ${column(y, "i32")} })`, () => {
    const [inputs, targets] = [x.make(), y.make()];
    return data.dataset({
      x: { data: new Float32Array(inputs.size).fill(0.5), shape: inputs.shape, dtype: "f32" },
      y: { data: new Int32Array(targets.size), shape: targets.shape, dtype: "i32" },
    });
  });
}

export function trainerFor(name: string): Arg {
  const { text, make } = models[name] ??
    Object.values(models)[0] ?? { text: "", make: () => nn.linear(2, 3) };
  const window = name === "text" ? ", window: 3" : "";
  return leaf(
    `new Trainer(${text}, { loss: losses.crossEntropy, optimizer: optim.sgd({ learningRate: 0.1 })${window} })`,
    () =>
      new gradgpu.Trainer(make(), {
        loss: losses.crossEntropy,
        optimizer: optim.sgd({ learningRate: 0.1 }),
        ...(name === "text" ? { window: 3 } : {}),
      }),
  );
}

export function callback(text: string, fn: unknown): Arg {
  return leaf(text, () => fn);
}

export type Instance = (context: Context) => Arg;

/** By the name of the type. What is missing here is made part by part, as its declaration says. */
export const instances: Readonly<Record<string, Instance>> = {
  Tensor: (context) =>
    someTensor(context, context.dice.chance(0.75) ? "f32" : context.dice.pick(DTYPES)),
  Variable: ({ dice }) => parameter(...someShape(dice)),
  Module: modelArg,
  RecurrentModule: ({ dice }) => {
    const { text, make } = dice.pick(Object.values(recurrent));
    return leaf(text, make);
  },
  AttentionModule: () => leaf("nn.multiHeadAttention(4, 2)", () => nn.multiHeadAttention(4, 2)),
  NormalisationModule: () => leaf("nn.normalisation(3)", () => nn.normalisation(3)),
  TransformerModule: () =>
    leaf("nn.transformerBlock(4, 2, { hidden: 4 })", () =>
      nn.transformerBlock(4, 2, { hidden: 4 }),
    ),
  Optimizer: optimizerArg,
  Schedule: ({ dice }) =>
    dice.pick([
      leaf("optim.cosine({ from: 1, steps: 9 })", () => optim.cosine({ from: 1, steps: 9 })),
      leaf(
        "(step) => div(1, add(step, 1))",
        () => (step: gradgpu.Tensor) => gradgpu.div(1, gradgpu.add(step, 1)),
      ),
    ]),
  Metric: ({ dice }) =>
    dice.pick([
      leaf("metrics.f1()", () => gradgpu.metrics.f1()),
      leaf("metrics.topK(2)", () => gradgpu.metrics.topK(2)),
      leaf("metrics.mae()", () => gradgpu.metrics.mae()),
      leaf("metrics.rocAuc()", () => gradgpu.metrics.rocAuc()),
    ]),
  Plateau: (context) =>
    made("optim.reduceOnPlateau", [optimizerArg(context)], (o) =>
      optim.reduceOnPlateau(o as gradgpu.optim.Optimizer),
    ),
  Trainer: ({ dice }) => trainerFor(dice.pick(Object.keys(models))),
  Fit: ({ dice }) => {
    const name = dice.pick(Object.keys(models));
    const [trainer, data] = [trainerFor(name), datasetFor(name)];
    return made("$1.fit($2, { batchSize: 2 })", [trainer, data], (one, from) =>
      (one as gradgpu.Trainer).fit(from as gradgpu.data.Dataset, { batchSize: 2 }),
    );
  },
  StatefulSession: ({ dice }) => {
    const { text, make } = dice.pick([...Object.values(models), recurrent.lstm]);
    return leaf(`nn.stateful(${text})`, () => nn.stateful(make()));
  },
  Compiled: ({ dice }) =>
    dice.chance(0.7)
      ? leaf("compile((x, y) => add(x, y))", () =>
          gradgpu.compile((x, y) => gradgpu.add(x ?? 0, y ?? 0)),
        )
      : leaf("compile((x) => ({ a: sum(x), b: [neg(x)] }))", () =>
          gradgpu.compile((x) => ({
            a: gradgpu.sum(x as gradgpu.Tensor),
            b: [gradgpu.neg(x as gradgpu.Tensor)],
          })),
        ),
  Cell: ({ dice }) => {
    const name = dice.pick(["gru", "minGru", "peepholeLstm", "resetBeforeGru"] as const);
    return leaf(`cells.${name}`, () => gradgpu.cells[name]);
  },
  Runtime: ({ world }) => leaf("/* a runtime of its own */ spare", () => world.spare),
  BytePairs: () =>
    leaf('data.BytePairs.of("abab", { size: 257 })', () =>
      data.BytePairs.of("abab", { size: 257 }),
    ),
  WordVocabulary: () =>
    leaf('data.WordVocabulary.of("low lower", { padding: "_" })', () =>
      data.WordVocabulary.of("low lower", { padding: "_" }),
    ),
  Vocabulary: ({ dice }) =>
    dice.pick([
      leaf('data.TextVocabulary.of("abc")', () => data.TextVocabulary.of("abc")),
      leaf('data.WordVocabulary.of("ab c")', () => data.WordVocabulary.of("ab c")),
      leaf('data.BytePairs.of("abc", { size: 256 })', () =>
        data.BytePairs.of("abc", { size: 256 }),
      ),
    ]),
  TextVocabulary: () =>
    leaf('data.TextVocabulary.of("abc", { unknown: "?" })', () =>
      data.TextVocabulary.of("abc", { unknown: "?" }),
    ),
  Shape: ({ dice }) => list(someShape(dice).map(plain)),
  DType: ({ dice }) => plain(dice.pick(DTYPES)),
  Key: ({ dice }) => leaf(`keyOf(${dice.below(9)})`, () => gradgpu.keyOf(3)),
  Initialiser: ({ dice }) =>
    dice.pick([
      leaf("nn.initialise.zeros", () => nn.initialise.zeros),
      leaf("nn.initialise.uniform(0.5)", () => nn.initialise.uniform(0.5)),
      leaf("nn.initialise.remember(1)", () => nn.initialise.remember(1)),
      leaf("nn.initialise.kaimingUniform", () => nn.initialise.kaimingUniform),
    ]),
  Nested: ({ dice }) =>
    dice.pick([
      plain(3),
      list([plain(1), plain(2), plain(3)]),
      list([list([plain(1), plain(true)]), list([plain(0), plain(-1)])]),
      list([]),
    ]),
  HostArray: ({ dice }) =>
    typed(dice.pick(["Float32Array", "Int32Array", "Uint32Array"]), dice.pick([0, 1, 3, 6])),
  Gradients: () =>
    leaf("gradientsOf(sum(w), [w])", () => {
      const w = variable([1, 2, 3]);
      return gradgpu.gradientsOf(gradgpu.sum(w), [w]);
    }),
  Dataset: ({ dice }) => datasetFor(dice.pick(["linear", "convolutional"])),
  TrainingData: ({ dice }) => datasetFor(dice.pick(Object.keys(models))),
  LossFunction: ({ dice }) =>
    dice.pick([
      leaf("losses.crossEntropy", () => losses.crossEntropy),
      leaf("losses.meanSquaredError", () => losses.meanSquaredError),
      leaf("losses.accuracy", () => losses.accuracy),
    ]),
  StateDict: ({ dice, world }) => savedArg([...world.stateDicts], dice),
  AbortSignal: ({ dice }) =>
    dice.chance(0.5)
      ? leaf("new AbortController().signal", () => new AbortController().signal)
      : leaf("AbortSignal.abort()", () => AbortSignal.abort()),
  GPUDevice: () => leaf("{} as GPUDevice", () => ({})),
  Promise: () => leaf("Promise.resolve(1)", () => Promise.resolve(1)),
  PromiseLike: () => leaf("Promise.resolve(2)", () => Promise.resolve(2)),
  Source: () => leaf("[{ x: 1, y: 2 }]", () => [{ x: 1, y: 2 }]),
  Sequences: () => leaf('["abcabc", "cab"]', () => ["abcabc", "cab"]),
  Iterable: () => leaf("[1, 2, 3]", () => [1, 2, 3]),
  AsyncIterable: () =>
    leaf("(async function* () { yield 1; })()", () =>
      (async function* () {
        yield 1;
      })(),
    ),
  Error: () => leaf('new Error("mine")', () => new Mine()),
  ...Object.fromEntries(
    (Object.keys(typedArrays) as TypedName[]).map((name) => [
      name,
      ({ dice }: Context) => typed(name, dice.pick([0, 1, 3, 6, 24])),
    ]),
  ),
};

/** A state that was saved, as plain records, so that parts of it can be changed. */
function savedArg(all: readonly (readonly [string, gradgpu.nn.StateDict])[], dice: Dice): Arg {
  const [, dict] = dice.pick(all);
  return savedRecord(dict);
}

export function savedRecord(value: unknown): Arg {
  if (ArrayBuffer.isView(value)) {
    const array = value as Float32Array;
    const text = `${array.constructor.name}.of(${[...array].map((n) => Number(n.toPrecision(3))).join(", ")})`;
    return leaf(text, () => array.slice());
  }
  if (Array.isArray(value)) return list(value.map(savedRecord));
  if (typeof value === "object" && value !== null) {
    return fields(
      Object.fromEntries(Object.entries(value).map(([name, part]) => [name, savedRecord(part)])),
    );
  }
  return plain(value as number);
}
