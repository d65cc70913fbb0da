/** A loss made of gradients, for second derivatives of every recurrent op: in reverse, with sequences of all lengths. */
import {
  add,
  grad,
  gru,
  lstm,
  mul,
  reshape,
  rnn,
  type Shape,
  slice,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
} from "../../src/functions.ts";

export const sequenceCells = ["rnn", "gru", "lstm"] as const;

export type SequenceCell = (typeof sequenceCells)[number];

const gatesOf: Readonly<Record<SequenceCell, Shape>> = { rnn: [], gru: [3], lstm: [4] };

/** x [T, B, I], the weights and a state [B, H]. */
export function gradientInputs(cell: SequenceCell, steps: number): Shape[] {
  const gates = gatesOf[cell];
  return [
    [steps, 3, 2],
    [2, 3, ...gates],
    [3, 3, ...gates],
    [3, ...gates],
    [3, 3],
  ];
}

/** Σ (g − 1)² over the gradients with respect to every input. */
export function gradientLoss(cell: SequenceCell, inputs: readonly Tensor[]): Tensor {
  return grad((...given) => sum(tanh(walk(cell, given))), ...inputs)
    .map((g) => sum(square(sub(g, 1))))
    .reduce((a, b) => add(a, b));
}

function walk(cell: SequenceCell, inputs: readonly Tensor[]): Tensor {
  const [x, input, recurrent, bias, h] = inputs as [Tensor, Tensor, Tensor, Tensor, Tensor];
  const weights = { input, recurrent, bias };
  const steps = x.shape[0] ?? 0;
  const options = { reverse: true, lengths: tensor(Int32Array.of(steps, 1, steps >> 1)) };
  if (cell === "rnn") return rnn(x, weights, { h }, options).y;
  if (cell === "lstm") return lstm(x, weights, { h, c: mul(h, 0.5) }, options).y;
  const candidateBias = reshape(slice(bias, [0, 0], [-1, 1]), [3]);
  return gru(x, { ...weights, candidateBias }, { h }, options).y;
}
