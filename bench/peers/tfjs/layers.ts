/** A transformer's block, norms, transposed convolution and embedding in TensorFlow.js. */
import * as tf from "@tensorflow/tfjs-core";
import { numberOf } from "../../cases/inputs.ts";
import { checksum } from "../../cases/random.ts";
import type { BenchCase } from "../../contract.ts";
import { caseInputs, oneHot, permute, type Work } from "../support.ts";
import { crossEntropy, load, repeated, type Session, trainingStep } from "./library.ts";

const EPSILON = 1e-5;

function standardised(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  const scale = tf.rsqrt(tf.add(variance, EPSILON));
  return tf.add(tf.mul(tf.mul(tf.sub(x, mean), scale), weight), bias);
}

export function transformerTrain(session: Session, benchCase: BenchCase): Work {
  const { finish, product, batchedProduct } = session;
  const p = (name: string) => numberOf(benchCase, name);
  const [B, T, D, heads, classes] = [
    p("batch"),
    p("time"),
    p("features"),
    p("heads"),
    p("classes"),
  ];
  const { floats, integers } = caseInputs(benchCase);
  const vector = (name: string) => tf.variable(load<tf.Rank.R1>(floats(name)));
  const matrix = (name: string) => {
    const { shape } = floats(name);
    const data = permute(floats(name), [1, 0]);
    return tf.variable(load<tf.Rank.R2>({ data, shape: [...shape].reverse() }));
  };
  const layer = (name: string) => [matrix(`${name}weight`), vector(`${name}bias`)] as const;
  const norm = (name: string) => [vector(`${name}weight`), vector(`${name}bias`)] as const;
  const [inward, outward] = [layer("self_attn.in_proj_"), layer("self_attn.out_proj.")];
  const [up, down, head] = [layer("linear1."), layer("linear2."), layer("fc.")];
  const [norm1, norm2] = [norm("norm1."), norm("norm2.")];
  const parameters = [inward, outward, up, down, head, norm1, norm2].flat();
  const x = load<tf.Rank.R3>(floats("x"));
  const targets = load<tf.Rank.R2>({
    data: oneHot(integers("labels"), classes, 1 / B),
    shape: [B, classes],
  });
  const split = (z: tf.Tensor, axes: number[]) =>
    tf.transpose(tf.reshape(z, [T, B, heads, D / heads]), axes) as tf.Tensor4D;
  const lossOf = () => {
    const rows = tf.reshape<tf.Rank.R2>(x, [T * B, D]);
    const parts = tf.split(product(rows, ...inward), 3, 1) as [tf.Tensor, tf.Tensor, tf.Tensor];
    const [q, k, v] = [
      split(parts[0], [1, 2, 0, 3]),
      split(parts[1], [1, 2, 3, 0]),
      split(parts[2], [1, 2, 0, 3]),
    ];
    const scores = tf.mul(batchedProduct(q, k), 1 / Math.sqrt(D / heads));
    const attended = batchedProduct(tf.softmax(scores as tf.Tensor4D), v);
    const joined = tf.reshape<tf.Rank.R2>(tf.transpose(attended, [2, 0, 1, 3]), [T * B, D]);
    const h = standardised(tf.add(rows, product(joined, ...outward)), ...norm1) as tf.Tensor2D;
    const fed = product(tf.relu(product(h, ...up)), ...down);
    const out = tf.reshape(standardised(tf.add(h, fed), ...norm2), [T, B, D]);
    return crossEntropy(product(tf.mean(out, 0) as tf.Tensor2D, ...head), targets);
  };
  return trainingStep(lossOf, parameters, [x, targets], finish);
}

/** `forward` and the gradients of its arguments where g arrives. */
function withGradients(
  session: Session,
  of: readonly tf.Tensor[],
  g: tf.Tensor,
  forward: (...of: tf.Tensor[]) => tf.Tensor,
  held: readonly tf.Tensor[] = [],
): Work {
  const both = tf.valueAndGrads(forward);
  const compute = () => {
    const { value, grads } = both([...of], g);
    return [value, ...grads];
  };
  return repeated(session, compute, [...of, g, ...held], (outputs) =>
    outputs.flatMap((output) => checksum(output)),
  );
}

export function batchNorm(session: Session, benchCase: BenchCase): Work {
  const { floats } = caseInputs(benchCase);
  const of = [load(floats("x")), load(floats("weight")), load(floats("bias"))];
  return withGradients(session, of, load(floats("g")), (x, weight, bias) => {
    const { mean, variance } = tf.moments(x as tf.Tensor, [0, 1, 2]);
    return tf.batchNorm(
      x as tf.Tensor4D,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      bias as tf.Tensor1D,
      weight as tf.Tensor1D,
      EPSILON,
    );
  });
}

export function layerNorm(session: Session, benchCase: BenchCase): Work {
  const { floats } = caseInputs(benchCase);
  const of = [load(floats("x")), load(floats("weight")), load(floats("bias"))];
  return withGradients(session, of, load(floats("g")), (x, weight, bias) =>
    standardised(x as tf.Tensor, weight as tf.Tensor, bias as tf.Tensor),
  );
}

export function convTranspose(session: Session, benchCase: BenchCase): Work {
  const { floats } = caseInputs(benchCase);
  const shape = [...floats("g").shape] as [number, number, number, number];
  const [stride, pad] = [numberOf(benchCase, "stride"), numberOf(benchCase, "padding")];
  const of = [load(floats("x")), load(floats("w"))];
  return withGradients(session, of, load(floats("g")), (x, w) =>
    tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, shape, stride, pad),
  );
}

export function embedding(session: Session, benchCase: BenchCase): Work {
  const { floats, integers } = caseInputs(benchCase);
  const ids = tf.tensor1d(integers("ids"), "int32");
  const of = [load(floats("table"))];
  const gather = (table: tf.Tensor | undefined) => tf.gather(table as tf.Tensor, ids);
  return withGradients(session, of, load(floats("g")), gather, [ids]);
}
