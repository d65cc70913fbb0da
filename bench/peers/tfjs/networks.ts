/** The networks in TensorFlow.js. */
import * as tf from "@tensorflow/tfjs-core";
import { CNN_CLASSES, numberOf } from "../../cases/inputs.ts";
import { checksum } from "../../cases/random.ts";
import type { BenchCase } from "../../contract.ts";
import { caseInputs, oneHot, permute, type Work } from "../support.ts";
import {
  crossEntropy,
  load,
  type Product,
  repeated,
  type Session,
  trainingStep,
} from "./library.ts";

function variableOf<R extends tf.Rank>(data: Float32Array, shape: readonly number[]) {
  return tf.variable(load<R>({ data, shape }));
}

function turned<R extends tf.Rank>(
  input: { readonly data: Float32Array; readonly shape: readonly number[] },
  axes: readonly number[],
): tf.Variable<R> {
  return variableOf<R>(
    permute(input, axes),
    axes.map((axis) => input.shape[axis] ?? 0),
  );
}

export function cnnTrain({ finish, product }: Session, benchCase: BenchCase): Work {
  const { floats, integers } = caseInputs(benchCase);
  const batch = numberOf(benchCase, "batch");
  const vector = (name: string) => variableOf<tf.Rank.R1>(floats(name).data, floats(name).shape);
  // Filters are [KH, KW, IC, OC].
  const filter = (name: string) => turned<tf.Rank.R4>(floats(name), [2, 3, 1, 0]);
  const [w1, b1] = [filter("conv1.weight"), vector("conv1.bias")];
  const [w2, b2] = [filter("conv2.weight"), vector("conv2.bias")];
  const [w3, b3] = [turned<tf.Rank.R2>(floats("fc.weight"), [1, 0]), vector("fc.bias")];
  const x = load<tf.Rank.R4>(floats("x"));
  const labels = oneHot(integers("labels"), CNN_CLASSES, 1 / batch);
  const targets = load<tf.Rank.R2>({ data: labels, shape: [batch, CNN_CLASSES] });
  const lossOf = () => {
    const features = tf.reshape<tf.Rank.R2>(block(block(x, w1, b1), w2, b2), [batch, 1568]);
    return crossEntropy(product(features, w3, b3), targets);
  };
  return trainingStep(lossOf, [w1, b1, w2, b2, w3, b3], [x, targets], finish);
}

/** Convolution "same", bias and relu in one op, then max pool 2. */
function block(x: tf.Tensor4D, filter: tf.Tensor4D, bias: tf.Tensor1D): tf.Tensor4D {
  const y = tf.fused.conv2d({ x, filter, bias, strides: 1, pad: "same", activation: "relu" });
  return tf.maxPool(y as tf.Tensor4D, 2, 2, "valid");
}

interface Layer {
  readonly input: tf.Variable<tf.Rank.R2>;
  readonly recurrent: tf.Variable<tf.Rank.R2>;
  readonly bias: tf.Variable<tf.Rank.R1>;
}

export type State = readonly tf.Tensor2D[];
/** The next state from the inputs' part of the gates and h·R. */
type Cell = (gates: tf.Tensor2D, product: tf.Tensor2D, state: State) => State;

export const lstmCell: Cell = (gates, product, state) => {
  const [i, f, g, o] = tf.split(tf.add(gates, product), 4, 1);
  const c = tf.add(
    tf.mul(tf.sigmoid(given(f)), given(state[1])),
    tf.mul(tf.sigmoid(given(i)), tf.tanh(given(g))),
  ) as tf.Tensor2D;
  return [tf.mul(tf.sigmoid(given(o)), tf.tanh(c)), c];
};

const gruCell: Cell = (gates, product, [h]) => {
  const old = given(h);
  const [xr, xz, xn] = tf.split(gates, 3, 1);
  const [hr, hz, hn] = tf.split(product, 3, 1);
  const reset = tf.sigmoid(tf.add(given(xr), given(hr)));
  const update = tf.sigmoid(tf.add(given(xz), given(hz)));
  const fresh = tf.tanh(tf.add(given(xn), tf.mul(reset, given(hn)))) as tf.Tensor2D;
  return [tf.add(fresh, tf.mul(update, tf.sub(old, fresh)))];
};

const rnnCell: Cell = (gates, product) => [tf.tanh(tf.add(gates, product) as tf.Tensor2D)];

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("A tensor is missing.");
  return value;
}

interface Kind {
  readonly cell: Cell;
  readonly states: number;
}

const KINDS: Readonly<Record<string, Kind>> = {
  "lstm-train": { cell: lstmCell, states: 2 },
  "lstm-forward": { cell: lstmCell, states: 2 },
  "gru-train": { cell: gruCell, states: 1 },
  "rnn-train": { cell: rnnCell, states: 1 },
};

export function recurrent(session: Session, benchCase: BenchCase): Work {
  const kind = KINDS[benchCase.kind];
  if (kind === undefined) throw new Error(`${benchCase.kind} is no recurrent network.`);
  const { floats, integers } = caseInputs(benchCase);
  const p = (name: string) => numberOf(benchCase, name);
  const stack = Array.from({ length: p("layers") }, (_, l) => layerOf(benchCase, l));
  const [weight, bias] = headOf(benchCase);
  const x = load<tf.Rank.R3>(floats("x"));
  const zeros = tf.zeros<tf.Rank.R2>([p("batch"), p("hidden")]);
  const logits = () => {
    const start = Array.from({ length: kind.states }, () => zeros);
    const steps = unroll(session.product, kind.cell, stack, x, start);
    return session.product(given(steps.at(-1)), weight, bias);
  };
  const parameters = [
    ...stack.flatMap((layer) => [layer.input, layer.recurrent, layer.bias]),
    weight,
    bias,
  ];
  if (benchCase.kind === "lstm-forward") {
    return repeated(
      session,
      () => [logits()],
      [...parameters, x, zeros],
      ([output = new Float32Array()]) => checksum(output),
    );
  }
  const labels = oneHot(integers("labels"), p("classes"), 1 / p("batch"));
  const targets = load<tf.Rank.R2>({ data: labels, shape: [p("batch"), p("classes")] });
  return trainingStep(
    () => crossEntropy(logits(), targets),
    parameters,
    [x, zeros, targets],
    session.finish,
  );
}

export function layerOf(benchCase: BenchCase, layer: number): Layer {
  const { floats } = caseInputs(benchCase);
  const bias = floats(`bias_l${layer}`);
  return {
    input: turned<tf.Rank.R2>(floats(`weight_ih_l${layer}`), [1, 0]),
    recurrent: turned<tf.Rank.R2>(floats(`weight_hh_l${layer}`), [1, 0]),
    bias: variableOf<tf.Rank.R1>(bias.data, bias.shape),
  };
}

export function headOf(
  benchCase: BenchCase,
): [weight: tf.Variable<tf.Rank.R2>, bias: tf.Variable<tf.Rank.R1>] {
  const { floats } = caseInputs(benchCase);
  const bias = floats("fc.bias");
  return [turned<tf.Rank.R2>(floats("fc.weight"), [1, 0]), variableOf(bias.data, bias.shape)];
}

/**
 * The hidden states of the last layer, a step each. Each layer's inputs are multiplied in one product over all
 * steps. `state` is where every layer starts.
 */
function unroll(
  product: Product,
  cell: Cell,
  stack: readonly Layer[],
  x: tf.Tensor3D,
  state: State,
): tf.Tensor2D[] {
  const [time, batch, inputs] = x.shape;
  let flat = tf.reshape<tf.Rank.R2>(x, [time * batch, inputs]);
  let steps: tf.Tensor2D[] = [];
  stack.forEach((layer, l) => {
    steps = runLayer(product, cell, layer, flat, time, state).steps;
    if (l < stack.length - 1) flat = tf.concat<tf.Tensor2D>(steps, 0);
  });
  return steps;
}

export function runLayer(
  product: Product,
  cell: Cell,
  { input, recurrent: weight, bias }: Layer,
  flat: tf.Tensor2D,
  time: number,
  start: State,
): { readonly steps: tf.Tensor2D[]; readonly state: State } {
  const projected = product(flat, input, bias);
  const steps: tf.Tensor2D[] = [];
  let state = start;
  for (const part of tf.split<tf.Tensor2D>(projected, time, 0)) {
    state = cell(part, product(given(state[0]), weight), state);
    steps.push(given(state[0]));
  }
  return { steps, state };
}
