import { check, integer, isListOf, list, rule, shown, whole } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import type { Padding } from "../ops/vocabulary.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { checkedShape, describe, type Shape, sizeOf } from "../tensor/shape.ts";
import { apply, checkTensor, checkTensorList } from "./apply.ts";
import { axesInOrder, wholeAxis } from "./axes.ts";

/**
 * The same elements in another shape; one size may be −1 and is then worked out. Nothing is moved.
 * @throws ShapeError where the numbers of elements differ; ArgumentError for what is no shape
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  checkTensor("reshape", x);
  check("reshape", "the new shape", shape, list, "Write reshape(x, [2, -1]).");
  return apply("reshape", { x }, { shape: completeShape(x, shape) });
}

function completeShape(x: Tensor, shape: Shape): Shape {
  if (!shape.includes(-1)) return checkedShape("reshape", shape);
  const known = sizeOf(
    checkedShape(
      "reshape",
      shape.filter((n) => n !== -1),
    ),
  );
  const missing = x.size / known;
  if (shape.filter((n) => n === -1).length > 1 || !Number.isInteger(missing)) {
    throw new ShapeError(
      `reshape: one size may be -1 if the others divide the number of elements; got ${describe(x.type)} to [${shape.join(", ")}]. Give all sizes, or one that fits.`,
    );
  }
  return shape.map((n) => (n === -1 ? missing : n));
}

/**
 * Dimension d of the result is dimension permutation[d] of x, negative ones counted from the end; without a permutation
 * the order is reversed.
 * @throws ArgumentError for a permutation that does not name every dimension once
 */
export function transpose(x: Tensor, permutation?: readonly number[]): Tensor {
  checkTensor("transpose", x);
  const reversed = x.shape.map((_, d) => x.shape.length - 1 - d);
  if (permutation === undefined) return apply("transpose", { x }, { permutation: reversed });
  check("transpose", "the permutation", permutation, list, "Name every dimension once: [1, 0].");
  return apply("transpose", { x }, { permutation: axesInOrder("transpose", permutation, x) });
}

/**
 * x repeated along new dimensions and those of size 1, by NumPy's rule.
 * @throws ShapeError where x does not broadcast to `shape`, or it is none; ArgumentError for what is no tensor
 */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return apply("broadcastTo", { x }, { shape: checkedShape("broadcastTo", shape) });
}

const indices = rule("a list of whole numbers of 0 or more", (value) =>
  isListOf(value, whole.holds),
);

/**
 * The elements from `starts` on, `sizes` of them along each dimension; a size of −1 means all that are left. With `steps`
 * each is so many places from the one before: 2 takes every other one, −1 goes backwards. Dimensions behind those that are
 * named are whole: `slice(x, [1], [2])` is x[1:3] of any rank.
 * @throws ShapeError and ArgumentError for elements that lie outside x, and for lists that differ in length or have more
 *   entries than x has dimensions
 */
export function slice(
  x: Tensor,
  starts: readonly number[],
  sizes: Shape,
  steps?: readonly number[],
): Tensor {
  checkTensor("slice", x);
  check("slice", "starts", starts, indices);
  check("slice", "sizes", sizes, list);
  // What is not named is whole; lists of different lengths are refused below, as they were given.
  const named = starts.length;
  const rest = named === sizes.length ? x.shape.slice(named) : [];
  const from = [...starts, ...rest.map(() => 0)];
  const many = [...sizes, ...rest];
  if (steps !== undefined) {
    const by = steps.length === named ? [...steps, ...rest.map(() => 1)] : steps;
    return stepped(x, from, many, by);
  }
  const counted = many.map((n, d) => (n === -1 ? (x.shape[d] ?? 0) - (from[d] ?? 0) : n));
  return apply("slice", { x }, { starts: from, sizes: counted });
}

const strides = rule("a list of whole numbers other than 0, one for every dimension", (value) =>
  isListOf(value, (n) => integer.holds(n) && n !== 0),
);

/** Every s-th element is the first of a row, where s are one: rows are cut, turned round where s is negative, and cut. */
function stepped(x: Tensor, starts: readonly number[], sizes: Shape, steps: readonly number[]) {
  check("slice", "steps", steps, strides);
  const rank = x.shape.length;
  if ([starts, sizes, steps].some(({ length }) => length !== rank)) {
    throw new ArgumentError(
      `slice: starts, sizes and steps must have an entry for every dimension; got ${starts.length}, ${sizes.length} and ${steps.length} for ${describe(x.type)}. Give ${rank} of each.`,
    );
  }
  const backwards = steps.flatMap((step, d) => (step < 0 ? [d] : []));
  const turned = backwards.length === 0 ? x : apply("flip", { x }, { axes: backwards });
  const walks = x.shape.map((n, d) => {
    const [step, given, size] = [steps[d] ?? 1, starts[d] ?? 0, sizes[d] ?? 0];
    const by = Math.abs(step);
    const start = step < 0 ? n - 1 - given : given;
    const count = size === -1 ? Math.max(0, Math.ceil((n - start) / by)) : size;
    if (count > 0 && (start < 0 || start + (count - 1) * by >= n)) {
      throw new ArgumentError(
        `slice: all elements must lie inside x; got start ${given}, size ${size}, step ${step} for axis ${d} of ${describe(x.type)}. From start on there must be (size - 1) · |step| elements more.`,
      );
    }
    // The elements are the first ones of their rows where those fit into x, else the last ones, or x is made longer.
    const isLast = start + count * by > n && start >= by - 1;
    const from = count === 0 ? 0 : isLast ? start - (by - 1) : start;
    return { by, count, from, place: isLast ? by - 1 : 0, lacks: from + count * by - n };
  });
  const longer = walks.map(({ lacks }) => [0, Math.max(0, lacks)] as const);
  const padded = longer.every(([, after]) => after === 0) ? turned : pad(turned, longer);
  const rows = slice(
    padded,
    walks.map(({ from }) => from),
    walks.map(({ count, by }) => count * by),
  );
  const apart = reshape(
    rows,
    walks.flatMap(({ count, by }) => [count, by]),
  );
  const own = slice(
    apart,
    walks.flatMap(({ place }) => [0, place]),
    walks.flatMap(({ count }) => [count, 1]),
  );
  return reshape(
    own,
    walks.map(({ count }) => count),
  );
}

const pairs = rule("a list of [before, after] in whole numbers of 0 or more", (value) =>
  isListOf(value, (pair) => isListOf(pair, whole.holds, 2)),
);

/**
 * x with zeros around it: for each dimension how many before and how many after. padAs has other fillings. Of any
 * dtype.
 * @throws ShapeError where not every dimension has a pair; ArgumentError for what is no list of [before, after]
 */
export function pad(x: Tensor, padding: readonly Padding[], ...others: readonly never[]): Tensor {
  checkPadding("pad", padding);
  if (others.length > 0 && others[0] !== undefined) {
    throw new ArgumentError(
      `pad: it puts zeros around x and takes no more than how many; got ${shown(others[0])}. Write padAs(x, padding, { mode, value }).`,
    );
  }
  return apply("pad", { x }, { padding: padding.map(([before, after]) => [before, after]) });
}

/** @throws ArgumentError unless it is a list of [before, after] */
export function checkPadding(caller: string, padding: unknown): void {
  check(caller, "padding", padding, pairs, "To take elements away, use slice.");
}

/**
 * One behind the other along `axis`; all other sizes are equal. The axis is 0 where nothing is said.
 * @throws ShapeError where other sizes differ; DTypeError where dtypes do; ArgumentError for an empty list and an axis
 *   that there is not
 */
export function concat(xs: readonly Tensor[], axis = 0): Tensor {
  checkTensorList("concat", xs);
  const [first] = xs;
  if (first === undefined) {
    throw new ArgumentError(
      "concat: at least one tensor is needed; got an empty list. Leave concat out where there is nothing to join.",
    );
  }
  return apply("concat", { xs: [...xs] }, { axis: wholeAxis("concat", axis, first) });
}

/**
 * x without the dimension `axis`, which has size 1.
 * @throws ShapeError where it has another size; ArgumentError for an axis that x does not have
 */
export function squeeze(x: Tensor, axis: number): Tensor {
  const d = wholeAxis("squeeze", axis, x);
  if (x.shape[d] !== 1) {
    throw new ShapeError(
      `squeeze: the dimension must have size 1; got axis ${axis} of ${describe(x.type)}. Choose another axis.`,
    );
  }
  return reshape(x, x.shape.toSpliced(d, 1));
}

/**
 * x with a new dimension of size 1 in front of dimension `axis`; behind the last one for −1.
 * @throws ArgumentError for a place that there is not
 */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  const place = wholeAxis("unsqueeze", axis, x, 1);
  return reshape(x, x.shape.toSpliced(place, 0, 1));
}

/**
 * x, seen as a constant by differentiation.
 * @throws ArgumentError for what is no tensor
 */
export function stopGradient(x: Tensor): Tensor {
  return apply("stopGradient", { x }, {});
}
