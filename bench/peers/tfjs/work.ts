/** The work of a case in TensorFlow.js. */
import * as tf from "@tensorflow/tfjs-core";
import { numberOf } from "../../cases/inputs.ts";
import { checksum } from "../../cases/random.ts";
import type { BenchCase, Cannot } from "../../contract.ts";
import { caseInputs, oneHot, type Work } from "../support.ts";
import { characters } from "./characters.ts";
import { batchNorm, convTranspose, embedding, layerNorm, transformerTrain } from "./layers.ts";
import { crossEntropy, load, adam as optimizer, repeated, type Session } from "./library.ts";
import { cnnTrain, recurrent } from "./networks.ts";

type Make = (session: Session, benchCase: BenchCase) => Work;

const MAKERS: Partial<Record<BenchCase["kind"], Make>> = {
  "cnn-train": cnnTrain,
  "lstm-train": recurrent,
  "lstm-forward": recurrent,
  "gru-train": recurrent,
  "rnn-train": recurrent,
  "transformer-train": transformerTrain,
  "batch-norm": batchNorm,
  "layer-norm": layerNorm,
  "conv-transpose": convTranspose,
  embedding,
  tbptt: characters,
  matmul,
  "conv-forward": convForward,
  "conv-input-grad": convInputGradient,
  "conv-filter-grad": convFilterGradient,
  "max-pool": maxPool,
  "softmax-cross-entropy": softmaxCrossEntropy,
  adam,
  "add-chain": addChain,
  copy,
};

export function workOf(session: Session, benchCase: BenchCase): Work | Cannot {
  const make = MAKERS[benchCase.kind];
  return make?.(session, benchCase) ?? { cannot: `not asked of TensorFlow.js: ${benchCase.kind}` };
}

const sums = (outputs: readonly Float32Array[]) => outputs.flatMap((output) => checksum(output));

function matmul(session: Session, benchCase: BenchCase): Work {
  const { floats } = caseInputs(benchCase);
  const { layout } = benchCase.params;
  const [a, b] = [load<tf.Rank.R2>(floats("a")), load<tf.Rank.R2>(floats("b"))];
  const product = () => [session.transposedProduct(a, b, layout === "tn", layout === "nt")];
  return repeated(session, product, [a, b], sums);
}

interface Convolution {
  readonly stride: number;
  readonly pad: number;
  readonly isDepthwise: boolean;
}

function convolutionOf(benchCase: BenchCase): Convolution {
  const p = (name: string) => numberOf(benchCase, name);
  const [groups, inputs, outputs] = [p("groups"), p("in"), p("out")];
  if (groups !== 1 && (groups !== inputs || outputs !== inputs)) {
    throw new Error("TensorFlow.js has plain and depthwise convolutions, no other groups.");
  }
  return { stride: p("stride"), pad: (p("kernel") - 1) >> 1, isDepthwise: groups !== 1 };
}

/** [KH, KW, IC / groups, OC], depthwise [KH, KW, C, 1]: the same numbers in the same order. */
function filterOf(benchCase: BenchCase, isDepthwise: boolean): tf.Tensor4D {
  const { data, shape } = caseInputs(benchCase).floats("w");
  const [kh = 0, kw = 0, , channels = 0] = shape;
  return load<tf.Rank.R4>({ data, shape: isDepthwise ? [kh, kw, channels, 1] : shape });
}

/** tf.conv2d's explicit padding, which keeps all sizes of ours. */
function convolve({ stride, pad, isDepthwise }: Convolution, x: tf.Tensor4D, w: tf.Tensor4D) {
  return isDepthwise
    ? tf.depthwiseConv2d(x, w, stride, pad)
    : tf.conv2d(x, w, stride, pad, "NHWC", 1, "floor");
}

function convForward(session: Session, benchCase: BenchCase): Work {
  const convolution = convolutionOf(benchCase);
  const x = load<tf.Rank.R4>(caseInputs(benchCase).floats("x"));
  const w = filterOf(benchCase, convolution.isDepthwise);
  return repeated(session, () => [convolve(convolution, x, w)], [x, w], sums);
}

/** tf.grad would compute the forward pass as well; the gradients are kernels that can be called by themselves. */
function convInputGradient(session: Session, benchCase: BenchCase): Work {
  const { floats } = caseInputs(benchCase);
  const { stride, pad, isDepthwise } = convolutionOf(benchCase);
  const [g, w] = [load<tf.Rank.R4>(floats("g")), filterOf(benchCase, isDepthwise)];
  const inputShape = [...floats("x").shape] as [number, number, number, number];
  const gradient = () =>
    isDepthwise
      ? kernel(
          tf.DepthwiseConv2dNativeBackpropInput,
          { dy: g, filter: w },
          {
            strides: [stride, stride],
            pad,
            dilations: [1, 1],
            inputShape,
          },
        )
      : kernel(
          tf.Conv2DBackpropInput,
          { dy: g, filter: w },
          {
            strides: stride,
            pad,
            dataFormat: "NHWC",
            dimRoundingMode: "floor",
            inputShape,
          },
        );
  return repeated(session, () => [gradient()], [g, w], sums);
}

function convFilterGradient(session: Session, benchCase: BenchCase): Work {
  const { floats } = caseInputs(benchCase);
  const { stride, pad, isDepthwise } = convolutionOf(benchCase);
  const [x, g] = [load<tf.Rank.R4>(floats("x")), load<tf.Rank.R4>(floats("g"))];
  const [kh = 0, kw = 0, ic = 0, oc = 0] = floats("w").shape;
  const gradient = () =>
    isDepthwise
      ? kernel(
          tf.DepthwiseConv2dNativeBackpropFilter,
          { x, dy: g },
          {
            strides: [stride, stride],
            pad,
            dilations: [1, 1],
            filterShape: [kh, kw, oc, 1],
          },
        )
      : kernel(
          tf.Conv2DBackpropFilter,
          { x, dy: g },
          {
            strides: stride,
            pad,
            dataFormat: "NHWC",
            dimRoundingMode: "floor",
            filterShape: [kh, kw, ic, oc],
          },
        );
  return repeated(session, () => [gradient()], [x, g], sums);
}

function kernel(name: string, inputs: tf.NamedTensorMap, attributes: tf.NamedAttrMap): tf.Tensor {
  return tf.engine().runKernel(name, inputs, attributes) as tf.Tensor;
}

function maxPool(session: Session, benchCase: BenchCase): Work {
  const x = load<tf.Rank.R4>(caseInputs(benchCase).floats("x"));
  const size = numberOf(benchCase, "window");
  return repeated(session, () => [tf.maxPool(x, size, size, "valid")], [x], sums);
}

function softmaxCrossEntropy(session: Session, benchCase: BenchCase): Work {
  const { floats, integers } = caseInputs(benchCase);
  const [rows, classes] = [numberOf(benchCase, "rows"), numberOf(benchCase, "classes")];
  const logits = load<tf.Rank.R2>(floats("logits"));
  const labels = oneHot(integers("labels"), classes, 1 / rows);
  const targets = load<tf.Rank.R2>({ data: labels, shape: [rows, classes] });
  const both = tf.valueAndGrad((z: tf.Tensor) => crossEntropy(z as tf.Tensor2D, targets));
  const compute = () => {
    const { value, grad } = both(logits);
    return [value, grad];
  };
  return repeated(session, compute, [logits, targets], sums);
}

/** One update after the other: each run is the next step. */
function adam({ finish }: Session, benchCase: BenchCase): Work {
  const { floats } = caseInputs(benchCase);
  const parameter = tf.variable(load(floats("parameter")));
  const gradient = load(floats("gradient"));
  const optimize = optimizer();
  const step = () => optimize.applyGradients({ [parameter.name]: gradient });
  return {
    async run() {
      step();
      await finish();
    },
    async runMany(times) {
      for (let i = 0; i < times; i++) step();
      await finish();
    },
    async result() {
      step();
      return checksum((await parameter.data()) as Float32Array);
    },
    dispose() {
      optimize.dispose();
      tf.dispose([parameter, gradient]);
    },
  };
}

function addChain(session: Session, benchCase: BenchCase): Work {
  const { floats } = caseInputs(benchCase);
  const length = numberOf(benchCase, "length");
  const [x, y] = [load(floats("x")), load(floats("y"))];
  const compute = () => {
    let sum: tf.Tensor = x;
    for (let i = 0; i < length; i++) sum = tf.add(sum, y);
    return [sum];
  };
  return repeated(session, compute, [x, y], sums);
}

/** tf.clone shares the data: only arithmetic makes new numbers. */
function copy(session: Session, benchCase: BenchCase): Work {
  const x = load(caseInputs(benchCase).floats("x"));
  const zero = tf.scalar(0);
  return repeated(session, () => [tf.add(x, zero)], [x, zero], sums);
}
