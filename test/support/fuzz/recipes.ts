/**
 * Calls that are right as a whole, where arguments that are right each for itself seldom fit each other: shapes that
 * belong together, functions that give what is asked of them, states that were saved. By path.
 */
import * as gradgpu from "../../../src/index.ts";
import { type Arg, fields, leaf, list, made, plain } from "./argument.ts";
import {
  type Context,
  callback,
  datasetFor,
  f32,
  ids,
  parameter,
  savedRecord,
  someTensor,
  trainerFor,
} from "./instances.ts";
import { models, recurrent } from "./models.ts";

/** What is called on `self`, where it is a method, and the arguments. */
interface Recipe {
  readonly self?: Arg;
  readonly args: readonly Arg[];
}
type Cook = (context: Context) => Recipe;

const { nn, losses } = gradgpu;
const bools = (...shape: number[]) =>
  leaf(`cast(${print(shape)}, "bool")`, () => gradgpu.cast(gradgpu.ones(shape), "bool"));
const print = (shape: readonly number[]) => `ones([${shape.join(", ")}])`;
const numbers = (...of: number[]) => list(of.map((n) => plain(n)));
const args = (...of: readonly Arg[]): Recipe => ({ args: of });
const model = (name: keyof typeof models): Arg => {
  const found = models[name];
  return leaf(found?.text ?? "", () => found?.make());
};
const loss = callback("losses.crossEntropy", losses.crossEntropy);
const sgd = () =>
  leaf("optim.sgd({ learningRate: 0.1 })", () => gradgpu.optim.sgd({ learningRate: 0.1 }));

const likeShapes: Cook = ({ dice }) => {
  const shape = dice.pick([[3], [2, 3], [2, 1]]);
  return args(f32(...shape), f32(...shape));
};
const f32Unary: Cook = (context) => args(someTensor(context, "f32"));
const boolBinary: Cook = () => args(bools(2, 3), bools(3));
const lossOptions = ({ dice }: Context) =>
  fields({ reduction: plain(dice.pick(["mean", "sum", "none"])) });

function weightsOf(gates: number, extra: Record<string, Arg> = {}): Arg {
  const last = gates === 1 ? [] : [gates];
  return fields({
    input: parameter(2, 3, ...last),
    recurrent: parameter(3, 3, ...last),
    bias: parameter(3, ...last),
    ...extra,
  });
}
const cells = {
  rnn: () => weightsOf(1),
  gru: () => weightsOf(3, { candidateBias: parameter(3) }),
  lstm: () => weightsOf(4),
};
const stateOf = (cell: string) =>
  fields({ h: f32(2, 3), ...(cell === "lstm" ? { c: f32(2, 3) } : {}) });

function walks(): Record<string, Cook> {
  return Object.fromEntries(
    (["rnn", "gru", "lstm"] as const).flatMap((cell): [string, Cook][] => [
      [
        cell,
        ({ dice }) =>
          args(
            f32(4, 2, 2),
            cells[cell](),
            ...(dice.chance(0.5)
              ? [stateOf(cell), fields({ reverse: plain(dice.chance(0.5)), lengths: ids(2) })]
              : []),
          ),
      ],
      [
        `${cell}Layers`,
        () =>
          args(
            f32(4, 2, 2),
            list([cells[cell](), cells[cell]()]),
            plain(undefined),
            fields({ arrangement: plain("sides") }),
          ),
      ],
      [
        `nn.${cell}`,
        ({ dice }) =>
          args(
            plain(2),
            plain(3),
            fields({
              layers: plain(dice.pick([1, 2])),
              dropout: plain(0.25),
              batchFirst: plain(dice.chance(0.5)),
              bidirectional: plain(dice.chance(0.5)),
              checkpoint: plain(dice.chance(0.5)),
              seed: plain(1),
            }),
          ),
      ],
    ]),
  );
}

function moduleCalls(): Record<string, Cook> {
  const withInput: Cook = ({ dice }) => {
    const name = dice.pick(Object.keys(models));
    const x = models[name]?.x;
    return { self: model(name), args: [leaf(x?.text ?? "", () => x?.make())] };
  };
  const sequence = () => leaf("nn.lstm(2, 3, { layers: 2 })", recurrent.lstm.make);
  const states = () => list([0, 1, 2, 3].map(() => f32(2, 3)));
  return {
    "Module()": withInput,
    "Module.step": (context) => {
      if (context.dice.chance(0.5)) return { self: sequence(), args: [f32(3, 2, 2), states()] };
      const { self, args } = withInput(context);
      return { ...(self && { self }), args: [...args, plain(undefined)] };
    },
    "Module.loadStateDict": ({ dice, world }) => {
      const name = dice.pick(Object.keys(models));
      return { self: model(name), args: [savedRecord(world.stateDicts.get(name))] };
    },
    "Module.summary": ({ dice }) => {
      const name = dice.pick(Object.keys(models));
      return { self: model(name), args: [numbers(...(models[name]?.x.make().shape ?? []))] };
    },
    "RecurrentModule.run": () => ({
      self: sequence(),
      args: [f32(3, 2, 2), fields({ state: states(), lengths: numbers(3, 1) })],
    }),
    "StatefulSession.step": () => ({
      self: leaf(`nn.stateful(${models.text?.text}, { batchSize: 2 })`, () =>
        nn.stateful(models.text?.make() ?? nn.linear(1, 1), { batchSize: 2 }),
      ),
      args: [ids(2, 2)],
    }),
    "StatefulSession.loadState": () => ({
      self: leaf("nn.stateful(nn.lstm(2, 3), { batchSize: 2 })", () =>
        nn.stateful(nn.lstm(2, 3), { batchSize: 2 }),
      ),
      args: [savedRecord([0, 1].map(() => ({ shape: [2, 3], data: new Float32Array(6) })))],
    }),
    "Compiled()": ({ dice }) => ({
      self: leaf("compile((x, y) => mul(x, y))", () =>
        gradgpu.compile((x, y) => gradgpu.mul(x as gradgpu.Tensor, y as gradgpu.Tensor)),
      ),
      args: [f32(2, 3), dice.chance(0.5) ? plain(2) : f32(3)],
    }),
  };
}

function training(): Record<string, Cook> {
  const values = (record: object) => savedRecord(record);
  const x = { data: new Float32Array(8).fill(1), shape: [4, 2], dtype: "f32" };
  const y = { data: Int32Array.of(0, 1, 2, 0), shape: [4], dtype: "i32" };
  const options = (context: Context): Record<string, Arg> => {
    const { dice } = context;
    const onStep = callback("() => undefined", () => undefined);
    return {
      batchSize: plain(dice.pick([1, 2, 3])),
      ...(dice.chance(0.5) ? { epochs: plain(dice.pick([1, 2])), seed: plain(3) } : {}),
      ...(dice.chance(0.3) ? { onStep, onEpoch: onStep } : {}),
      ...(dice.chance(0.3) ? { shuffle: plain(false) } : {}),
    };
  };
  const parameters = (weight: Float32Array) => ({
    weight: { shape: [3, 2], data: weight },
    bias: { shape: [3], data: new Float32Array(3) },
  });
  const scalar = (n: number) => ({ shape: [], data: Float32Array.of(n) });
  return {
    Trainer: ({ dice }) =>
      args(
        model(dice.pick(["linear", "network", "text"])),
        fields({
          loss,
          optimizer: sgd(),
          ...(dice.chance(0.3) ? { window: plain(3), whenNotFinite: plain("skip") } : {}),
          ...(dice.chance(0.3)
            ? {
                gradientFlow: plain(true),
                metrics: fields({ accuracy: callback("losses.accuracy", losses.accuracy) }),
              }
            : {}),
        }),
      ),
    "Trainer.fit": (context) => {
      const name = context.dice.pick(Object.keys(models));
      if (context.dice.chance(0.3)) {
        const batch = { x, y, ...(context.dice.chance(0.2) ? { start: true } : {}) };
        const own = leaf(
          "function* () { yield batch; }",
          () =>
            function* () {
              yield batch;
            },
        );
        return { self: trainerFor("linear"), args: [own, fields(options(context))] };
      }
      return { self: trainerFor(name), args: [datasetFor(name), fields(options(context))] };
    },
    "Trainer.evaluate": ({ dice }) => {
      const name = dice.pick(Object.keys(models));
      return { self: trainerFor(name), args: [datasetFor(name), fields({ batchSize: plain(2) })] };
    },
    "Trainer.predict": () => ({ self: trainerFor("linear"), args: [values(x)] }),
    "Trainer.loadState": () => ({
      self: trainerFor("linear"),
      args: [
        values({
          step: 3,
          randomStream: 4,
          parameters: parameters(new Float32Array(6).fill(0.5)),
          optimizer: { learningRate: scalar(0.1), step: scalar(3) },
          sequences: [],
        }),
      ],
    }),
    "Optimizer.loadState": () => ({
      self: sgd(),
      args: [
        values({
          learningRate: scalar(0.1),
          step: scalar(3),
          velocity: { shape: [128], data: new Float32Array(128) },
        }),
      ],
    }),
    "Optimizer.update": ({ dice }) => ({
      self: sgd(),
      args: [
        leaf("gradientsOf(sum(w), [w])", () => {
          const w = gradgpu.variable([1, 2, 3]);
          return gradgpu.gradientsOf(gradgpu.sum(w), [w]);
        }),
        ...(dice.chance(0.5) ? [fields({ when: bools(), norm: f32() })] : []),
      ],
    }),
    "data.dataset": () => args(values({ x, y })),
    "data.images": () =>
      args(
        leaf("new Uint8Array(32)", () => new Uint8Array(32)),
        numbers(2, 4, 4, 1),
        fields({ mean: plain(0.5), deviation: plain(0.25) }),
      ),
    "data.take": () => args(datasetFor("linear"), plain(2)),
    "data.batches": () =>
      args(
        datasetFor("linear"),
        fields({ batchSize: plain(2), seed: plain(1), epoch: plain(1), dropLast: plain(true) }),
      ),
    "data.sequenceBatches": () =>
      args(
        datasetFor("text"),
        fields({ batchSize: plain(2), window: plain(3), remainder: plain("pad") }),
      ),
    "data.padSequences": () =>
      args(
        list([numbers(1, 2, 3), numbers(4)]),
        fields({ steps: plain(4), fill: plain(-1), batchFirst: plain(true) }),
      ),
    "data.streamWindows": () =>
      args(
        list([
          list([plain("abcab"), plain("cab")]),
          list([leaf("Uint8Array.of(1, 2, 0, 1)", () => Uint8Array.of(1, 2, 0, 1))]),
        ]),
        fields({
          window: plain(2),
          vocabulary: leaf('data.TextVocabulary.of("abc")', () =>
            gradgpu.data.TextVocabulary.of("abc"),
          ),
        }),
      ),
    "data.readIdx": () => args(idxFile(), plain("file")),
    "data.readIdxBytes": () => args(idxFile(), plain("file"), plain(1)),
    "data.gunzip": () => args(idxFile(), plain("file"), fields({ maxBytes: plain(1000) })),
    "data.TextVocabulary.fromJSON": () =>
      args(
        fields({ characters: list([plain("a"), plain("b")]), unknown: plain("b") }),
        plain("file"),
      ),
    "TextVocabulary.encode": () => ({
      self: leaf('data.TextVocabulary.of("abc")', () => gradgpu.data.TextVocabulary.of("abc")),
      args: [plain("cab")],
    }),
    "TextVocabulary.decode": () => ({
      self: leaf('data.TextVocabulary.of("abc")', () => gradgpu.data.TextVocabulary.of("abc")),
      args: [numbers(2, 0, 1)],
    }),
  };
}

const idxFile = () =>
  leaf("Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 5, 6)", () =>
    Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 5, 6),
  );

function differentiation(): Record<string, Cook> {
  const w = () => parameter(2, 3);
  const lossOf = () =>
    made(
      "(w) => () => sum(square(w))",
      [],
      () => () => gradgpu.sum(gradgpu.square(gradgpu.variable([1, 2]))),
    );
  const square = callback("(x) => sum(square(x))", (x: gradgpu.Tensor) =>
    gradgpu.sum(gradgpu.square(x)),
  );
  return {
    valueAndGrad: () => args(list([w()]), lossOf()),
    gradientFlow: () => args(list([w()]), lossOf()),
    gradientsOf: () =>
      args(
        leaf("sum(tensor([1, 2]))", () => gradgpu.sum(gradgpu.tensor([1, 2]))),
        list([w()]),
      ),
    gradients: () =>
      args(
        leaf("sum(tensor([1, 2]))", () => gradgpu.sum(gradgpu.tensor([1, 2]))),
        list([f32(2)]),
      ),
    grad: () => args(square, f32(2, 3)),
    vjp: () =>
      args(
        callback("(x) => neg(x)", (x: gradgpu.Tensor) => gradgpu.neg(x)),
        f32(2, 3),
      ),
    checkpoint: () =>
      args(callback("() => [neg(tensor([1, 2]))]", () => [gradgpu.neg(gradgpu.tensor([1, 2]))])),
    scan: ({ dice }) =>
      dice.chance(0.5)
        ? args(
            callback(
              "(h, x) => ({ carry: add(h, x), y: h })",
              (h: gradgpu.Tensor, x: gradgpu.Tensor) => ({ carry: gradgpu.add(h, x), y: h }),
            ),
            f32(3),
            f32(4, 3),
            fields({ reverse: plain(dice.chance(0.5)) }),
          )
        : args(
            callback(
              "({ h }) => ({ carry: { h: neg(h) }, y: undefined })",
              ({ h }: { h: gradgpu.Tensor }) => ({ carry: { h: gradgpu.neg(h) }, y: undefined }),
            ),
            fields({ h: f32(3) }),
            plain(undefined),
            fields({ length: plain(3) }),
          ),
    compile: () =>
      args(
        callback("(x) => neg(x)", (x: gradgpu.Tensor) => gradgpu.neg(x)),
        fields({}),
      ),
    planStep: ({ world }) =>
      args(
        callback("(x) => neg(x)", (x: gradgpu.Tensor) => gradgpu.neg(x)),
        list([fields({ dtype: plain("f32"), shape: numbers(2, 3) })]),
        leaf("currentRuntime().device.traits", () => world.runtime.device.traits),
      ),
    "Variable.assign": () => ({ self: parameter(2, 3), args: [f32(2, 3)] }),
    "Variable.load": () => ({
      self: parameter(3),
      args: [leaf("Float32Array.of(1, 2, 3)", () => Float32Array.of(1, 2, 3))],
    }),
    "Tensor.item": () => ({ self: f32(1), args: [] }),
  };
}

function verbs(): Record<string, Cook> {
  return {
    matmul: ({ dice }) =>
      dice.chance(0.5)
        ? args(f32(2, 3), f32(3, 2))
        : args(f32(3, 2), f32(3, 2), fields({ transposeA: plain(true) })),
    conv2d: ({ dice }) =>
      args(
        f32(1, 4, 4, 2),
        parameter(2, 2, 2, 3),
        fields({ stride: plain(dice.pick([1, 2])), padding: plain(dice.pick(["same", "valid"])) }),
      ),
    maxPool2d: () =>
      args(f32(1, 4, 4, 2), plain(2), fields({ stride: numbers(1, 2), padding: plain("same") })),
    avgPool2d: () =>
      args(f32(1, 4, 4, 2), numbers(2, 1), fields({ stride: plain(1), padding: plain("valid") })),
    crossEntropyLoss: () => args(f32(4, 3), ids(4)),
    embedding: () => args(f32(3, 2), ids(2, 2)),
    where: () => args(bools(2, 3), f32(2, 3), plain(0)),
    and: boolBinary,
    or: boolBinary,
    not: () => args(bools(2, 3)),
    reshape: () => args(f32(2, 3), numbers(3, -1)),
    transpose: () => args(f32(2, 3, 4), numbers(2, 0, 1)),
    broadcastTo: () => args(f32(1, 3), numbers(2, 2, 3)),
    slice: () => args(f32(3, 4), numbers(1, 0), numbers(2, -1)),
    pad: () => args(f32(2, 3), list([numbers(1, 0), numbers(0, 2)])),
    concat: () => args(list([f32(2, 3), f32(1, 3)]), plain(0)),
    squeeze: () => args(f32(2, 1), plain(-1)),
    unsqueeze: () => args(f32(2, 3), plain(1)),
    argmax: () => args(f32(2, 3), plain(-1)),
    softmax: () => args(f32(2, 3), plain(0)),
    logSoftmax: () => args(f32(2, 3), plain(-1)),
    categorical: () => args(f32(2, 3), fields({ temperature: plain(0.5), seed: plain(1) })),
    dropout: () => args(f32(2, 3), plain(0.5)),
    clip: () => args(f32(2, 3), plain(-1), plain(1)),
    cast: ({ dice }) => args(f32(2, 3), plain(dice.pick(["i32", "bool", "u32", "f32"]))),
    tensor: ({ dice }) =>
      args(
        leaf("Float32Array.of(1, 2, 3, 4)", () => Float32Array.of(1, 2, 3, 4)),
        numbers(2, 2),
        ...(dice.chance(0.5) ? [plain("i32")] : []),
      ),
    variable: () => args(list([numbers(1, 2), numbers(3, 4)]), plain(undefined), plain("w")),
    sumOfSquares: () => args(list([f32(2), f32(3, 1)])),
    packVariables: () => args(list([parameter(2), parameter(3, 1)])),
    "losses.crossEntropy": (context) => args(f32(4, 3), ids(4), lossOptions(context)),
    "losses.accuracy": () => args(f32(4, 3), ids(4)),
    "losses.meanSquaredError": (context) => args(f32(4), f32(4), lossOptions(context)),
    "losses.meanAbsoluteError": (context) => args(f32(4), f32(4), lossOptions(context)),
    "losses.binaryCrossEntropyWithLogits": (context) => args(f32(4), f32(4), lossOptions(context)),
    "optim.globalNorm": ({ dice: _ }) =>
      args(
        leaf("gradientsOf(sum(w), [w])", () => {
          const w = gradgpu.variable([1, 2, 3]);
          return gradgpu.gradientsOf(gradgpu.sum(w), [w]);
        }),
      ),
    "nn.conv2d": () =>
      args(
        plain(2),
        plain(4),
        numbers(2, 2),
        fields({
          stride: plain(1),
          padding: plain("same"),
          groups: plain(2),
          bias: plain(false),
          seed: plain(3),
        }),
      ),
    "nn.linear": () =>
      args(
        plain(2),
        plain(3),
        fields({
          bias: plain(true),
          seed: plain(3),
          initialise: callback("nn.initialise.heNormal", nn.initialise.heNormal),
        }),
      ),
    "nn.lengthsOf": () => args(ids(3, 2), fields({ batchFirst: plain(true) })),
    "nn.sequential": ({ dice }) =>
      dice.chance(0.5)
        ? args(model("linear"), model("network"))
        : args(fields({ a: model("linear"), b: model("network") })),
    "nn.stateful": () => args(model("text"), fields({ batchSize: plain(2) })),
    "nn.module": () =>
      args(
        plain("own"),
        fields({
          forward: callback("(x) => neg(x)", (x: gradgpu.Tensor) => gradgpu.neg(x)),
          parameters: fields({ w: parameter(3) }),
          children: fields({ inner: model("linear") }),
        }),
      ),
    init: ({ dice, world }) =>
      args(
        fields({
          device: plain(world.device === "cpu" || dice.chance(0.8) ? "cpu" : "webgpu"),
          threads: plain(1),
          seed: plain(1),
          ...(dice.chance(0.5) ? { memoryBudget: plain(2 ** 24) } : {}),
        }),
      ),
  };
}

const elementwise = [
  "add",
  "sub",
  "mul",
  "div",
  "pow",
  "maximum",
  "minimum",
  "less",
  "lessEqual",
  "greater",
  "greaterEqual",
  "equal",
  "notEqual",
];
const unary = [
  "exp",
  "log",
  "sqrt",
  "sin",
  "cos",
  "tanh",
  "sigmoid",
  "gelu",
  "erf",
  "softplus",
  "finite",
  "reciprocal",
  "floor",
  "ceil",
  "mean",
];

export const recipes: Readonly<Record<string, Cook>> = {
  ...Object.fromEntries(elementwise.map((name) => [name, likeShapes])),
  ...Object.fromEntries(unary.map((name) => [name, f32Unary])),
  ...verbs(),
  ...walks(),
  ...differentiation(),
  ...moduleCalls(),
  ...training(),
};
