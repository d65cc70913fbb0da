/**
 * Order. The place of an element is how many come before it, which is a sum over comparisons with all others: n² of them,
 * but in one step for all rows, and stable, since of equals the first counts as before. What has been placed is found again
 * by another such sum, so a sort is two steps however long its rows are. For rows of thousands, not of millions.
 */
import { checkOptions, count, flag, shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { checkDType } from "../ops/check.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe, sizeOf } from "../tensor/shape.ts";
import { checkTensor } from "./apply.ts";
import { wholeAxis } from "./axes.ts";
import { arange } from "./creation.ts";
import { and, cast, equal, less, not, notEqual, or, where } from "./elementwise.ts";
import { gather } from "./gather.ts";
import { reshape, stopGradient } from "./movement.ts";
import { sum } from "./reduce.ts";

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
  const n = x.shape[d] ?? 0;
  const [outer, inner] = [sizeOf(x.shape.slice(0, d)), sizeOf(x.shape.slice(d + 1))];
  const given = stopGradient(x);
  // One is each element, the other all that it is compared with.
  const one = reshape(given, [outer, n, 1, inner]);
  const other = reshape(given, [outer, 1, n, inner]);
  const isSmaller = isDescending ? (a: Tensor, b: Tensor) => below(b, a) : below;
  const isFirst = less(reshape(arange(n), [1, n, 1]), reshape(arange(n), [n, 1, 1]));
  const isBefore = where(isFirst, not(isSmaller(one, other)), isSmaller(other, one));
  const place = sum(cast(isBefore, "i32"), { axis: 2 });
  const isAt = equal(reshape(place, [outer, 1, n, inner]), reshape(arange(length), [length, 1, 1]));
  const found = sum(where(isAt, reshape(arange(n), [n, 1]), 0), { axis: 2 });
  return reshape(found, x.shape.with(d, length));
}

/** a < b, where NaN is the largest. */
function below(a: Tensor, b: Tensor): Tensor {
  if (a.dtype !== "f32") return less(a, b);
  return or(less(a, b), and(notEqual(b, b), equal(a, a)));
}
