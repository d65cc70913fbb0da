/** Verbs, losses and layers. */
import * as gradgpu from "../../../../src/index.ts";
import { fields, leaf, list, plain } from "../argument.ts";
import { type Context, callback, f32, ids, parameter, someTensor } from "../instances.ts";
import { args, bools, type Cook, model, numbers, type Recipes } from "./recipe.ts";

const { nn } = gradgpu;

const likeShapes: Cook = ({ dice }) => {
  const shape = dice.pick([[3], [2, 3], [2, 1]]);
  return args(f32(...shape), f32(...shape));
};
const f32Unary: Cook = (context) => args(someTensor(context, "f32"));
const boolBinary: Cook = () => args(bools(2, 3), bools(3));
const lossOptions = ({ dice }: Context) =>
  fields({ reduction: plain(dice.pick(["mean", "sum", "none"])) });

const key = () => leaf("keyOf(3)", () => gradgpu.keyOf(3));

export function verbs(): Recipes {
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
    roll: () => args(f32(2, 3), numbers(1, -1), numbers(0, 1)),
    normalise: () => args(f32(2, 3), fields({ axis: plain(0), p: plain(1) })),
    pixelShuffle: () => args(f32(1, 2, 2, 8), plain(2)),
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
    "losses.crossEntropy": (context) => args(f32(4, 3), ids(4), lossOptions(context)),
    "losses.negativeLogLikelihood": (context) => args(f32(4, 3), ids(4), lossOptions(context)),
    "losses.accuracy": () => args(f32(4, 3), ids(4)),
    "losses.meanSquaredError": (context) => args(f32(4), f32(4), lossOptions(context)),
    "losses.meanAbsoluteError": (context) => args(f32(4), f32(4), lossOptions(context)),
    "losses.binaryCrossEntropyWithLogits": (context) => args(f32(4), f32(4), lossOptions(context)),
    ...Object.fromEntries(
      ["huber", "logCosh", "hinge", "squaredHinge", "poissonNll", "binaryCrossEntropy"].map(
        (name) => [
          `losses.${name}`,
          (context: Context) => args(f32(4), f32(4), lossOptions(context)),
        ],
      ),
    ),
    "losses.binaryFocal": (context) => args(f32(4), f32(4), lossOptions(context)),
    "losses.klDivergence": (context) => args(f32(4, 3), f32(4, 3), lossOptions(context)),
    "losses.gaussianNll": (context) => args(f32(4), f32(4), f32(4), lossOptions(context)),
    "losses.focal": (context) => args(f32(4, 3), ids(4), lossOptions(context)),
    "losses.cosineSimilarity": () => args(f32(4, 3), f32(4, 3)),
    "losses.cosineEmbedding": (context) => args(f32(4, 3), f32(4, 3), f32(4), lossOptions(context)),
    "losses.contrastive": (context) => args(f32(4, 3), f32(4, 3), f32(4), lossOptions(context)),
    "losses.tripletMargin": (context) =>
      args(f32(4, 3), f32(4, 3), f32(4, 3), lossOptions(context)),
    "losses.infoNce": (context) => args(f32(4, 3), f32(4, 3), lossOptions(context)),
    "losses.ctc": () => args(f32(5, 2, 3), ids(2, 2), fields({ lengths: ids(2), blank: plain(0) })),
    "optim.globalNorm": ({ dice: _ }) =>
      args(
        leaf("gradientsOf(sum(w), [w])", () => {
          const w = gradgpu.variable([1, 2, 3]);
          return gradgpu.gradientsOf(gradgpu.sum(w), [w]);
        }),
      ),
    attention: () =>
      args(f32(2, 3, 4), f32(2, 5, 4), f32(2, 5, 3), fields({ causal: plain(true) })),
    "nn.multiHeadAttention": () => args(plain(4), plain(2), fields({ causal: plain(true) })),
    "nn.transformerBlock": () => args(plain(4), plain(2), fields({ hidden: plain(4) })),
    "nn.positionalEncoding": () => args(plain(4), plain(2)),
    "nn.positionEmbedding": () => args(plain(4), plain(2), fields({ batchFirst: plain(true) })),
    "nn.conv1d": () => args(plain(2), plain(4), plain(2), fields({ padding: plain("same") })),
    "nn.conv1dTranspose": () => args(plain(2), plain(4), plain(2), fields({ stride: plain(2) })),
    "nn.conv2dTranspose": () =>
      args(plain(2), plain(4), numbers(2, 1), fields({ stride: plain(2) })),
    "nn.functionalCall": () => args(model("linear"), fields({ weight: f32(2, 3) }), f32(4, 2)),
    "nn.residual": () => args(model("linear")),
    "nn.weightNorm": () => args(model("linear"), fields({ dim: plain("all") })),
    "nn.spectralNorm": () => args(model("linear"), fields({ powerIterations: plain(2) })),
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
    ...Object.fromEntries(
      [
        "kaimingUniform",
        "xavierUniform",
        "heNormal",
        "heUniform",
        "xavierNormal",
        "lecunNormal",
        "dirac",
        "ones",
        "zeros",
      ].map((name) => [
        `nn.initialise.${name}`,
        () => args(numbers(2, 3), fields({ in: plain(2), out: plain(3) }), key()),
      ]),
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

const binaries = [
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
const unaries = [
  "exp",
  "log",
  "sqrt",
  "sin",
  "cos",
  "tanh",
  "sigmoid",
  "erf",
  "softplus",
  "finite",
  "reciprocal",
  "floor",
  "ceil",
  "mean",
];

/** Those that take any tensors of one shape. */
export function elementwise(): Recipes {
  return {
    ...Object.fromEntries(binaries.map((name) => [name, likeShapes])),
    ...Object.fromEntries(unaries.map((name) => [name, f32Unary])),
  };
}
