/**
 * The layers that a model file may name. How many weights a layer makes is known before it is made: a file cannot ask for
 * more than it brings.
 */
import { isRecord, shown } from "../../arguments.ts";
import * as nn from "../../nn/index.ts";
import type { AnyModule, Module } from "../../nn/module.ts";
import type { MakeLayer } from "./description.ts";

/** A layer by its arguments, which come from a file: each layer checks its own. */
type Make = (...args: readonly unknown[]) => AnyModule;
/** How many weights it makes, as far as they matter. NaN where the arguments are none. */
type Count = (...args: readonly number[]) => number;

/** Makers take what they check; the types of a file's arguments are not known. */
const made = (make: (...args: never[]) => AnyModule) => make as Make;

/** Without weights. */
const PLAIN: Readonly<Record<string, Make>> = {
  relu: made(nn.relu),
  relu6: made(nn.relu6),
  tanh: made(nn.tanh),
  sigmoid: made(nn.sigmoid),
  softplus: made(nn.softplus),
  softsign: made(nn.softsign),
  logSigmoid: made(nn.logSigmoid),
  gelu: made(nn.gelu),
  silu: made(nn.silu),
  mish: made(nn.mish),
  leakyRelu: made(nn.leakyRelu),
  elu: made(nn.elu),
  selu: made(nn.selu),
  hardSigmoid: made(nn.hardSigmoid),
  hardSwish: made(nn.hardSwish),
  hardTanh: made(nn.hardTanh),
  softmax: made(nn.softmax),
  logSoftmax: made(nn.logSoftmax),
  dropout: made(nn.dropout),
  dropout1d: made(nn.dropout1d),
  dropout2d: made(nn.dropout2d),
  flatten: made(nn.flatten),
  lastStep: made(nn.lastStep),
  residual: made(nn.residual),
  weightNorm: made(nn.weightNorm),
  spectralNorm: made(nn.spectralNorm),
  sequential: made(nn.sequential),
  maxPool2d: made(nn.maxPool2d),
  avgPool2d: made(nn.avgPool2d),
  maxPool1d: made(nn.maxPool1d),
  avgPool1d: made(nn.avgPool1d),
  globalAvgPool2d: made(nn.globalAvgPool2d),
  globalMaxPool2d: made(nn.globalMaxPool2d),
  upsample2d: made(nn.upsample2d),
  pixelShuffle: made(nn.pixelShuffle),
  pad1d: made(nn.pad1d),
  pad2d: made(nn.pad2d),
  adaptiveAvgPool2d: made(nn.adaptiveAvgPool2d),
  adaptiveMaxPool2d: made(nn.adaptiveMaxPool2d),
  randomAffine: made(nn.randomAffine),
  randomCrop: made(nn.randomCrop),
  randomFlip: made(nn.randomFlip),
  cutout: made(nn.cutout),
  gaussianNoise: made(nn.gaussianNoise),
  inverseNormalisation: (normalise) => {
    const { inverse } = Object(normalise) as Partial<nn.NormalisationModule>;
    if (inverse !== undefined) return inverse;
    throw new Error(`an inverse of ${shown(normalise)}, which is no normalisation`);
  },
};

const product: Count = (...sizes) => sizes.flat().reduce((area, n) => area * Number(n), 1);
const planes: Count = (inputs, outputs, kernel) =>
  product(
    inputs ?? 0,
    outputs ?? 0,
    ...(typeof kernel === "number" ? [kernel, kernel] : [kernel ?? 0]),
  );
const size: Count = (n) => product(n ?? 0);
const area: Count = (rows, columns) => product(rows ?? 0, columns ?? 0);
const heads: Count = (features) => 4 * area(features ?? 0, features ?? 0);
const walks: Count = (inputs, units, options) => {
  const { layers = 1, bidirectional = false } = Object(options) as nn.RecurrentOptions;
  const [I, H, walked] = [Number(inputs), Number(units), layers * (bidirectional ? 2 : 1)];
  return (I + H) * H + (walked - 1) * 2 * H * H;
};
const block: Count = (features, _, options) => {
  const { hidden = 2048 } = Object(options) as nn.TransformerOptions;
  return heads(features ?? 0) + 2 * area(features ?? 0, hidden);
};

const BOTH = ["initialise", "initialiseBias"] as const;
type Start = (typeof BOTH)[number];

/** With weights: how many, and by which options they start. */
const WEIGHTED: Readonly<Record<string, readonly [Make, Count, ...Start[]]>> = {
  linear: [made(nn.linear), area, ...BOTH],
  conv2d: [made(nn.conv2d), grouped(planes), ...BOTH],
  conv1d: [made(nn.conv1d), grouped(product), ...BOTH],
  conv2dTranspose: [made(nn.conv2dTranspose), grouped(planes), ...BOTH],
  conv1dTranspose: [made(nn.conv1dTranspose), grouped(product), ...BOTH],
  embedding: [made(nn.embedding), area, "initialise"],
  positionEmbedding: [made(nn.positionEmbedding), area, "initialise"],
  positionalEncoding: [made(nn.positionalEncoding), area],
  multiHeadAttention: [made(nn.multiHeadAttention), heads, "initialise"],
  transformerBlock: [made(nn.transformerBlock), block, "initialise"],
  lstm: [made(nn.lstm), walks, ...BOTH],
  gru: [made(nn.gru), walks, ...BOTH],
  rnn: [made(nn.rnn), walks, ...BOTH],
  recurrent: [made(nn.recurrent), (_, ...sizes) => walks(...sizes), ...BOTH],
  batchNorm1d: [made(nn.batchNorm1d), size],
  batchNorm2d: [made(nn.batchNorm2d), size],
  groupNorm: [made(nn.groupNorm), (_, channels) => product(channels ?? 0)],
  instanceNorm2d: [made(nn.instanceNorm2d), size],
  layerNorm: [made(nn.layerNorm), size],
  rmsNorm: [made(nn.rmsNorm), size],
  prelu: [made(nn.prelu), size],
  normalisation: [made(nn.normalisation), size],
};

/** A convolution's of which every output sees one group of the inputs. */
function grouped(count: Count): Count {
  return (inputs, outputs, kernel, options) => {
    const { groups = 1 } = Object(options) as nn.Conv2dLayerOptions;
    return count(inputs ?? 0, outputs ?? 0, kernel ?? 0) / groups;
  };
}

/** Layers of one's own by name, which files may then name as well. */
export type OwnLayers = Readonly<Record<string, (...args: never[]) => Module>>;

/**
 * Makes the layers of a file that has `room` weights; a few more may be made and not be stored, such as those of norms.
 */
export function layerMaker(room: number, own: OwnLayers): MakeLayer {
  let left = room + SLACK;
  return (name, args) => {
    if (Object.hasOwn(own, name)) return made(own[name] ?? nn.sequential)(...args);
    const plain = Object.hasOwn(PLAIN, name) ? PLAIN[name] : undefined;
    if (plain !== undefined) return plain(...args);
    const weighted = Object.hasOwn(WEIGHTED, name) ? WEIGHTED[name] : undefined;
    if (weighted === undefined) {
      throw new Error(
        `an unknown layer ${shown(name)}; layers of one's own are given: loadModel(from, { layers })`,
      );
    }
    const [make, count, ...starts] = weighted;
    left -= count(...(args as number[]));
    if (!(left >= 0)) throw new Error(`${name} with more weights than the file`);
    return make(...startingAtZero(args, starts));
  };
}

const SLACK = 2 ** 16;

/** Nothing is drawn that a file's weights take the place of. */
function startingAtZero(args: readonly unknown[], starts: readonly Start[]): readonly unknown[] {
  if (starts.length === 0) return args;
  const last = args.at(-1);
  const hasOptions = isRecord(last) && !("states" in last);
  const zeros = Object.fromEntries(starts.map((name) => [name, nn.initialise.zeros]));
  const options = { ...(hasOptions && last), ...zeros, seed: 0 };
  return [...(hasOptions ? args.slice(0, -1) : args), options];
}
