/** Order: the op `argsort` says where elements are, and they are looked up there, which is what has a gradient. */
import { checkOptions, count, flag, shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { checkDType } from "../ops/check.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe, sizeOf } from "../tensor/shape.ts";
import { apply, checkTensor } from "./apply.ts";
import { wholeAxis } from "./axes.ts";
import { gather } from "./gather.ts";
import { reshape, stopGradient, transpose } from "./movement.ts";

/** Along which axis, and in which order. */
export interface SortOptions {
  /** The dimension that is put in order, −1 where nothing is said. */
  readonly axis?: number;
  /** The largest first. */
  readonly descending?: boolean;
}

/**
 * x in order along an axis, the smallest first; f32, i32 or u32. Equals keep their order. NaN counts as the largest, as
 * in PyTorch. The gradient of an element is that of its place. The last axis where nothing is said.
 * @throws DTypeError for bool; ArgumentError for an axis that x does not have, and for options that there are not
 */
export function sort(x: Tensor, options: SortOptions = {}): Tensor {
  const d = axisOf("sort", x, options);
  return gather(x, ordered("sort", x, d, options.descending ?? false), d);
}

/**
 * i32: where along an axis the elements of sort(x) are in x. The last axis where nothing is said.
 * @throws DTypeError for bool; ArgumentError for an axis that x does not have, and for options that there are not
 */
export function argsort(x: Tensor, options: SortOptions = {}): Tensor {
  return ordered("argsort", x, axisOf("argsort", x, options), options.descending ?? false);
}

/** Along which axis, and from which end. */
export interface TopKOptions {
  /** The dimension that is looked through, −1 where nothing is said. */
  readonly axis?: number;
  /** The smallest rather than the largest. */
  readonly smallest?: boolean;
}

/**
 * The k largest along an axis, the largest first, and where they are, i32. Of equals the first one; NaN is the largest.
 * The last axis where nothing is said.
 * @throws DTypeError for bool; ArgumentError for an axis that x does not have, a k beyond its size, and options that
 *   there are not
 */
export function topK(
  x: Tensor,
  k: number,
  options: TopKOptions = {},
): { readonly values: Tensor; readonly indices: Tensor } {
  checkTensor("topK", x);
  checkOptions("topK", options, { axis: { is: "an axis", holds: () => true }, smallest: flag });
  const d = wholeAxis("topK", options.axis ?? -1, x);
  const n = x.shape[d] ?? 0;
  if (!count.holds(k) || k > n) {
    throw new ArgumentError(
      `topK: k must be a whole number from 1 to the size of the axis; got ${shown(k)} for axis ${d} of ${describe(x.type)}. Choose a smaller one.`,
    );
  }
  const indices = ordered("topK", x, d, !options.smallest, k);
  return { values: gather(x, indices, d), indices };
}

function axisOf(caller: string, x: Tensor, options: SortOptions): number {
  checkTensor(caller, x);
  checkOptions(caller, options, { axis: { is: "an axis", holds: () => true }, descending: flag });
  return wholeAxis(caller, options.axis ?? -1, x);
}

/** Where the elements of the first `length` places are. */
function ordered(
  caller: string,
  x: Tensor,
  d: number,
  isDescending: boolean,
  length = x.shape[d] ?? 0,
): Tensor {
  checkDType(caller, "x", x, ["f32", "i32", "u32"]);
  const rank = x.shape.length;
  const n = x.shape[d] ?? 0;
  // The axis is the last one while rows are put in order; to and fro is the same exchange.
  const exchange = Array.from({ length: rank }, (_, i) => i)
    .with(d, rank - 1)
    .with(rank - 1, d);
  const along = transpose(stopGradient(x), exchange);
  const rows = reshape(along, [sizeOf(along.shape.slice(0, -1)), n]);
  const first = length < n ? { first: length } : {};
  const order = apply("argsort", { x: rows }, { descending: isDescending, ...first });
  return transpose(reshape(order, along.shape.with(rank - 1, length)), exchange);
}
