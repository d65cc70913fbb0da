/** What surrounds the ops that walk the steps of recurrent layers. */
import { check, record } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { emit } from "../graph/graph.ts";
import { after } from "../ops/tapes.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe, sizeOf } from "../tensor/shape.ts";
import { checkTensor, wrap } from "./apply.ts";
import { add, greater, where } from "./elementwise.ts";
import { matmul } from "./matmul.ts";
import { reshape, slice } from "./movement.ts";

interface Weights {
  readonly input: Tensor;
  readonly recurrent: Tensor;
  readonly bias: Tensor;
}

/** The weights of a layer must be tensors; how they fit each other is checked by the op. */
export function checkWeights(cell: string, weights: Weights, hasCandidate: boolean): void {
  check(cell, "the weights", weights, record);
  const { input, recurrent, bias, candidateBias } = weights as Weights & {
    readonly candidateBias?: unknown;
  };
  for (const [name, one] of Object.entries({ input, recurrent, bias }))
    checkTensor(cell, one, name);
  if (hasCandidate) checkTensor(cell, candidateBias, "candidateBias");
}

/** x [T, B, I] and the weights [I, H, …] of a layer. @throws ArgumentError, or ShapeError where they do not fit */
export function checkSequence(
  cell: string,
  x: Tensor,
  weights: Weights,
  hasCandidate: boolean,
): void {
  checkTensor(cell, x);
  checkWeights(cell, weights, hasCandidate);
  const { input } = weights;
  if (x.shape.length === 3 && x.shape[2] === input.shape[0]) return;
  throw new ShapeError(
    `${cell}: x must be a sequence [T, B, I] and the input weights [I, H, …]; got x ${describe(x.type)}, input ${describe(input.type)}. The last dimension of x is the features of one step.`,
  );
}

/** h, and c of an lstm: as an earlier walk returned them. */
export function checkState(cell: string, state: unknown, hasCell: boolean): void {
  check(cell, "the state", state, record, "Give the state that a walk returned, or none.");
  const { h, c } = state as Readonly<Record<string, unknown>>;
  checkTensor(cell, h, "h");
  if (hasCell) checkTensor(cell, c, "c");
}

/** x·W + b for every step: one product for the whole sequence, in the shape of the gates. */
export function project(x: Tensor, input: Tensor, bias: Tensor): Tensor {
  const [T = 0, B = 0, I = 0] = x.shape;
  const columns = sizeOf(input.shape.slice(1));
  const flat = matmul(reshape(x, [T * B, I]), reshape(input, [I, columns]));
  return reshape(add(flat, reshape(bias, [columns])), [T, B, ...input.shape.slice(1)]);
}

/** Of the tape of states what every step computed: [T, B, H], 0 where a sequence has ended. */
export function outputs(states: Tensor, reverse: boolean, lengths: Tensor | undefined): Tensor {
  const y = wrap(after(emit, states.value, reverse));
  if (lengths === undefined) return y;
  const [T = 0, B = 0] = y.shape;
  const step = reshape(wrap(emit("iota", {}, { length: T, dtype: "i32" }).out), [T, 1, 1]);
  return where(greater(reshape(lengths, [1, B, 1]), step), y, 0);
}

/** Of a tape the last row of the walk: [B, H]. */
export function final(tape: Tensor, reverse: boolean): Tensor {
  const [rows = 1, B = 0, H = 0] = tape.shape;
  return reshape(slice(tape, [reverse ? 0 : rows - 1, 0, 0], [1, B, H]), [B, H]);
}
