/**
 * An lstm whose hidden state is projected to fewer numbers, h_t = (o ∘ tanh(c_t))·P (Sak et al. 2014; PyTorch's proj_size).
 * The walk is that of the usual cell over m = o ∘ tanh(c): h·R is m·(P·R), one product of weights in front of the walk, and
 * h of all steps one behind it. A step so multiplies as many numbers as without a projection.
 */
import {
  add,
  arange,
  cells,
  equal,
  greater,
  matmul,
  mul,
  reshape,
  type SequenceOptions,
  sub,
  type Tensor,
  where,
} from "../functions.ts";
import { bodyOfCell, project, walkProjected } from "../internals.ts";
import type { State, Stepped } from "./module.ts";

export interface ProjectedWeights {
  /** [I, H, 4] */
  readonly input: Tensor;
  /** [P, H, 4] */
  readonly recurrent: Tensor;
  /** [H, 4] */
  readonly bias: Tensor;
  /** [H, P] */
  readonly projection: Tensor;
}

/** x [T, B, I] and the state h [B, P], c [B, H] → y [T, B, P] and the state behind the walk. */
export function walkProjection(
  x: Tensor,
  { input, recurrent, bias, projection }: ProjectedWeights,
  state: State | undefined,
  options: SequenceOptions,
): Stepped {
  const [T = 0, B = 0] = x.shape;
  const [H = 0, P = 0] = projection.shape;
  const { lengths } = options;
  const flat = reshape(recurrent, [P, 4 * H]);
  const weights = { recurrent: reshape(matmul(projection, flat), [H, H, 4]) };
  const [h0, c0] = state ?? [];
  let sums = project(x, input, bias);
  // There is no m that h0 is the projection of: its part of the first step's sums is added to the input's.
  if (h0 !== undefined) {
    const first = mul(isFirst(T, B, options), reshape(matmul(h0, flat), [1, B, 4 * H]));
    sums = add(sums, reshape(first, [T, B, H, 4]));
  }
  const body = bodyOfCell(cells.lstm);
  const initial = c0 && { c: c0 };
  const { y, state: last } = walkProjected(body, sums, weights, initial, options);
  const { h: m = y, c = y } = last;
  const h = matmul(m, projection);
  // A sequence of no steps keeps what it began with.
  const isWalked = lengths && reshape(greater(lengths, 0), [B, 1]);
  return {
    y: reshape(matmul(reshape(y, [T * B, H]), projection), [T, B, P]),
    state: [isWalked && h0 ? where(isWalked, h, h0) : h, c],
  };
}

/** f32 [T, B, 1], or [T, 1, 1] where all rows do so at once: 1 where a row takes its first step. */
function isFirst(T: number, B: number, { reverse = false, lengths }: SequenceOptions): Tensor {
  const step = reshape(arange(T), [T, 1, 1]);
  const last = lengths === undefined ? T - 1 : reshape(sub(lengths, 1), [1, B, 1]);
  return where(equal(step, reverse ? last : 0), 1, 0);
}
