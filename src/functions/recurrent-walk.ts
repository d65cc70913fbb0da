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
import { reshape } from "./movement.ts";

interface Weights {
  readonly input: Tensor;
  readonly recurrent?: Tensor | undefined;
  readonly bias: Tensor;
}

/** x [T, B, I] and the weights [I, H, …] of a layer. @throws ArgumentError, or ShapeError where they do not fit */
export function checkSequence(cell: string, x: Tensor, weights: Weights): void {
  checkTensor(cell, x);
  check(cell, "the weights", weights, record);
  const { input, bias } = weights;
  for (const [name, one] of Object.entries({ input, bias })) checkTensor(cell, one, name);
  if (x.shape.length === 3 && x.shape[2] === input.shape[0]) return;
  throw new ShapeError(
    `${cell}: x must be a sequence [T, B, I] and the input weights [I, H, …]; got x ${describe(x.type)}, input ${describe(input.type)}. The last dimension of x is the features of one step.`,
  );
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
