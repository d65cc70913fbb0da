import { emit } from "../graph/graph.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { sizeOf } from "../tensor/shape.ts";
import { wrap } from "./apply.ts";
import { zeros } from "./creation.ts";
import { add, asTensor } from "./elementwise.ts";
import { matmul } from "./linear.ts";
import { reshape, slice } from "./movement.ts";

/** Weights of one LSTM layer, gates interleaved innermost in the order i, f, g, o. I inputs, H hidden units. */
export interface LstmWeights {
  /** [I, H, 4] */
  readonly input: Tensor;
  /** [H, H, 4], as [previous unit][unit][gate] */
  readonly recurrent: Tensor;
  /** [H, 4] */
  readonly bias: Tensor;
}

export interface LstmState {
  /** [B, H] */
  readonly h: Tensor;
  /** [B, H] */
  readonly c: Tensor;
}

/**
 * One LSTM layer over a whole sequence. x f32[T, B, I] → y f32[T, B, H] (h at every step) and the final state.
 * a_t = x_t·W + h_{t−1}·R + b; i, f, o = σ(a), g = tanh(a); c_t = f∘c_{t−1} + i∘g; h_t = o∘tanh(c_t).
 * The input projection is one product for the whole sequence. Hochreiter & Schmidhuber 1997, with forget gates.
 */
export function lstm(
  x: Tensor,
  weights: LstmWeights,
  initial?: LstmState,
): { readonly y: Tensor; readonly state: LstmState } {
  const [T = 0, B = 0, I = 0] = x.shape;
  const H = weights.recurrent.shape[0] ?? 0;
  const flat = matmul(
    reshape(x, [T * B, I]),
    reshape(weights.input, [I, sizeOf(weights.input.shape) / Math.max(I, 1)]),
  );
  const projected = reshape(add(flat, reshape(weights.bias, [4 * H])), [T, B, H, 4]);
  const { h, c } = initial ?? { h: zeros([B, H]), c: zeros([B, H]) };
  const outs = emit(
    "lstm",
    { projected: projected.value, recurrent: weights.recurrent.value, h0: h.value, c0: c.value },
    {},
  );
  const [y, cells] = [wrap(outs.y), wrap(outs.cells)];
  const last = (steps: Tensor, start: Tensor) =>
    T === 0 ? asTensor(start) : reshape(slice(steps, [T - 1, 0, 0], [1, B, H]), [B, H]);
  return { y, state: { h: last(y, h), c: last(cells, c) } };
}
