/** The networks in jax-js: convolutional, and recurrent unrolled over time, as there is no scan. */
import { CNN_CLASSES, numberOf } from "../../cases/inputs.ts";
import { checksum } from "../../cases/random.ts";
import type { BenchCase } from "../../contract.ts";
import { caseInputs, oneHot, permute, type Work } from "../support.ts";
import {
  crossEntropy,
  type Jax,
  type JaxArray,
  repeated,
  type Session,
  trainingStep,
} from "./library.ts";

export function cnnTrain(session: Session, benchCase: BenchCase): Work {
  const { jax } = session;
  const { floats, integers } = caseInputs(benchCase);
  const batch = numberOf(benchCase, "batch");
  const load = (name: string, shape?: number[]) => {
    const { data, shape: own } = floats(name);
    return session.array(data, shape ?? own);
  };
  // Its convolutions are NCHW, so it flattens in the order (c, h, w).
  const fc = floats("fc.weight").data;
  const parameters = [
    load("conv1.weight"),
    load("conv1.bias", [16, 1, 1]),
    load("conv2.weight"),
    load("conv2.bias", [32, 1, 1]),
    session.array(permute({ data: fc, shape: [10, 7, 7, 32] }, [3, 1, 2, 0]), [1568, 10]),
    load("fc.bias"),
  ];
  const { data: images } = floats("x");
  const targets = oneHot(integers("labels"), CNN_CLASSES, 1 / batch);
  return trainingStep(
    session,
    ([w1, b1, w2, b2, w3, b3] = [], [x, y] = []) =>
      crossEntropy(
        jax,
        linear(
          jax,
          block(jax, block(jax, given(x), w1, b1), w2, b2).reshape([batch, 1568]),
          w3,
          b3,
        ),
        given(y),
      ),
    parameters,
    [session.array(images, [batch, 1, 28, 28]), session.array(targets, [batch, CNN_CLASSES])],
  );
}

/** Convolution "same", bias, relu, max pool 2. */
function block({ lax, nn, numpy: np }: Jax, x: JaxArray, w?: JaxArray, b?: JaxArray): JaxArray {
  const y = nn.relu(lax.conv(x, given(w), [1, 1], "SAME").add(given(b)));
  const [n = 0, c = 0, h = 0, width = 0] = y.shape;
  return np.max(y.reshape([n, c, h / 2, 2, width / 2, 2]), [3, 5]);
}

export function linear({ numpy: np }: Jax, x: JaxArray, w?: JaxArray, b?: JaxArray): JaxArray {
  return np.matmul(x, given(w)).add(given(b));
}

function given(array: JaxArray | undefined): JaxArray {
  if (array === undefined) throw new Error("An array is missing.");
  return array;
}

/** Weights of a layer: input [I, G·H], recurrent [H, G·H], bias [G·H]. */
interface Layer {
  readonly input: JaxArray;
  readonly recurrent: JaxArray;
  readonly bias: JaxArray;
}

/** One step: consumes the inputs' part of the gates and the state, keeps the weights; returns the new state. */
type Cell = (jax: Jax, gates: JaxArray, state: JaxArray[], recurrent: JaxArray) => JaxArray[];

/** Views, where np.split makes copies: 257 dispatches of an LSTM's forward pass over 32 steps become about half. */
function columns(x: JaxArray, count: number): JaxArray[] {
  const width = (x.shape[1] ?? 0) / count;
  const parts = Array.from({ length: count }, (_, i) =>
    x.ref.slice([], [i * width, (i + 1) * width]),
  );
  x.dispose();
  return parts;
}

export const lstmCell: Cell = ({ nn, numpy: np }, gates, [h, c], recurrent) => {
  const [i, f, g, o] = columns(gates.add(np.matmul(given(h), recurrent)), 4);
  const next = nn
    .sigmoid(given(f))
    .mul(given(c))
    .add(nn.sigmoid(given(i)).mul(np.tanh(given(g))));
  return [nn.sigmoid(given(o)).mul(np.tanh(next.ref)), next];
};

const gruCell: Cell = ({ nn, numpy: np }, gates, [h], recurrent) => {
  const old = given(h);
  const [xr, xz, xn] = columns(gates, 3);
  const [hr, hz, hn] = columns(np.matmul(old.ref, recurrent), 3);
  const reset = nn.sigmoid(given(xr).add(given(hr)));
  const update = nn.sigmoid(given(xz).add(given(hz)));
  const fresh = np.tanh(given(xn).add(reset.mul(given(hn))));
  // (1 − z)·n + z·h
  return [fresh.ref.add(update.mul(old.sub(fresh)))];
};

const rnnCell: Cell = ({ numpy: np }, gates, [h], recurrent) => [
  np.tanh(gates.add(np.matmul(given(h), recurrent))),
];

interface Kind {
  readonly cell: Cell;
  readonly gates: number;
  readonly states: number;
}

const KINDS: Readonly<Record<string, Kind>> = {
  "lstm-train": { cell: lstmCell, gates: 4, states: 2 },
  "lstm-forward": { cell: lstmCell, gates: 4, states: 2 },
  "gru-train": { cell: gruCell, gates: 3, states: 1 },
  "rnn-train": { cell: rnnCell, gates: 1, states: 1 },
};

export function recurrent(session: Session, benchCase: BenchCase): Work {
  const { jax } = session;
  const kind = KINDS[benchCase.kind];
  if (kind === undefined) throw new Error(`${benchCase.kind} is no recurrent network.`);
  const { floats, integers } = caseInputs(benchCase);
  const [batch, hidden, layers, classes] = [
    numberOf(benchCase, "batch"),
    numberOf(benchCase, "hidden"),
    numberOf(benchCase, "layers"),
    numberOf(benchCase, "classes"),
  ];
  const parameters = recurrentParameters(session, benchCase, layers);
  const x = floats("x");
  const steps = session.array(x.data, x.shape);
  const zero = session.array(new Float32Array(batch * hidden), [batch, hidden]);
  const logits = (weights: JaxArray[], [input, start]: JaxArray[]) => {
    const stack = Array.from({ length: layers }, (_, l) => layerOf(weights, l));
    const zeros = given(start);
    const last = unrolled(jax, kind, stack, given(input), zeros);
    return linear(jax, last, weights.at(-2), weights.at(-1));
  };
  if (benchCase.kind === "lstm-forward") {
    return repeated(
      session,
      (...args) => [logits(args.slice(2), args)],
      [steps, zero, ...parameters],
      ([output]) => checksum(output ?? []),
    );
  }
  const targets = oneHot(integers("labels"), classes, 1 / batch);
  return trainingStep(
    session,
    (weights, data) => crossEntropy(jax, logits(weights, data), given(data[2])),
    parameters,
    [steps, zero, session.array(targets, [batch, classes])],
  );
}

/** input, recurrent and bias of every layer, then the linear layer's two; matrices ready to multiply from the right. */
function recurrentParameters(session: Session, benchCase: BenchCase, layers: number): JaxArray[] {
  const { floats } = caseInputs(benchCase);
  const matrix = (name: string) => {
    const weight = floats(name);
    const [rows = 0, columns = 0] = weight.shape;
    return session.array(permute(weight, [1, 0]), [columns, rows]);
  };
  const vector = (name: string) => session.array(floats(name).data, floats(name).shape);
  const stack = Array.from({ length: layers }, (_, l) => [
    matrix(`weight_ih_l${l}`),
    matrix(`weight_hh_l${l}`),
    vector(`bias_l${l}`),
  ]);
  return [...stack.flat(), matrix("fc.weight"), vector("fc.bias")];
}

function layerOf(weights: readonly JaxArray[], layer: number): Layer {
  const [input, recurrentWeight, bias] = weights.slice(3 * layer, 3 * layer + 3);
  return { input: given(input), recurrent: given(recurrentWeight), bias: given(bias) };
}

/**
 * The last layer's hidden state after the last step; consumes all it is given. The first layer's inputs are
 * multiplied in one product over all steps, the others' step by step.
 */
function unrolled(
  { numpy: np, ...jax }: Jax,
  { cell, gates, states }: Kind,
  stack: readonly Layer[],
  x: JaxArray,
  zeros: JaxArray,
): JaxArray {
  const [time = 0, batch = 0, inputs = 0] = x.shape;
  const library = { numpy: np, ...jax };
  let sequence: JaxArray[] = [];
  stack.forEach((layer, l) => {
    const width = layer.bias.shape[0] ?? 0;
    let projected: JaxArray[];
    if (l === 0) {
      const flat = np.matmul(x.reshape([time * batch, inputs]), layer.input).add(layer.bias);
      projected = np.split(flat, time, 0);
    } else {
      projected = sequence.map((h) => np.matmul(h, layer.input.ref).add(layer.bias.ref));
      layer.input.dispose();
      layer.bias.dispose();
    }
    if (width % gates !== 0) throw new Error("The gates must be of equal width.");
    let state = Array.from({ length: states }, () => zeros.ref);
    const isLast = l === stack.length - 1;
    sequence = [];
    for (const part of projected) {
      state = cell(library, part, state, layer.recurrent.ref);
      if (!isLast) sequence.push(given(state[0]).ref);
    }
    layer.recurrent.dispose();
    for (const other of state.slice(1)) other.dispose();
    if (isLast) sequence = [given(state[0])];
    else state[0]?.dispose();
  });
  zeros.dispose();
  return given(sequence[0]);
}
