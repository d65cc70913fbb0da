/** What surrounds the ops that walk the steps of recurrent layers. */
import { emit } from "../graph/graph.ts";
import { after } from "../ops/recurrence.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { sizeOf } from "../tensor/shape.ts";
import { wrap } from "./apply.ts";
import { add, greater, where } from "./elementwise.ts";
import { matmul } from "./linear.ts";
import { reshape, slice } from "./movement.ts";

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
