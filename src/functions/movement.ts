import { ArgumentError, ShapeError } from "../errors.ts";
import type { Padding } from "../ops/vocabulary.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe, type Shape, sizeOf } from "../tensor/shape.ts";
import { apply } from "./apply.ts";

/** The same elements in another shape; one size may be −1 and is then worked out. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  return apply("reshape", { x }, { shape: completeShape(x, shape) });
}

function completeShape(x: Tensor, shape: Shape): Shape {
  if (!shape.includes(-1)) return shape;
  const known = sizeOf(shape.filter((n) => n !== -1));
  const missing = x.size / known;
  if (shape.filter((n) => n === -1).length > 1 || !Number.isInteger(missing)) {
    throw new ShapeError(
      `reshape: one size may be -1 if the others divide the number of elements; got ${describe(x.type)} to [${shape.join(", ")}]. Give all sizes, or one that fits.`,
    );
  }
  return shape.map((n) => (n === -1 ? missing : n));
}

/** Dimension d of the result is dimension permutation[d] of x; without a permutation the order is reversed. */
export function transpose(x: Tensor, permutation?: readonly number[]): Tensor {
  const reversed = x.shape.map((_, d) => x.shape.length - 1 - d);
  return apply("transpose", { x }, { permutation: permutation ?? reversed });
}

/** x repeated along new dimensions and those of size 1, by NumPy's rule. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return apply("broadcastTo", { x }, { shape });
}

/** The elements from `starts` on, `sizes` of them along each dimension; a size of −1 means all that are left. */
export function slice(x: Tensor, starts: readonly number[], sizes: Shape): Tensor {
  const whole = sizes.map((n, d) => (n === -1 ? (x.shape[d] ?? 0) - (starts[d] ?? 0) : n));
  return apply("slice", { x }, { starts, sizes: whole });
}

/** x with zeros around it. */
export function pad(x: Tensor, padding: readonly Padding[]): Tensor {
  return apply("pad", { x }, { padding });
}

/** One behind the other along `axis`; all other sizes are equal. */
export function concat(xs: readonly Tensor[], axis = 0): Tensor {
  const [first] = xs;
  if (first === undefined) {
    throw new ArgumentError(
      "concat: at least one tensor is needed; got an empty list. Leave concat out where there is nothing to join.",
    );
  }
  return apply("concat", { xs }, { axis: wholeAxis(axis, first) });
}

/** x without the dimension `axis`, which has size 1. */
export function squeeze(x: Tensor, axis: number): Tensor {
  const d = wholeAxis(axis, x);
  if (x.shape[d] !== 1) {
    throw new ShapeError(
      `squeeze: the dimension must have size 1; got axis ${axis} of ${describe(x.type)}. Choose another axis.`,
    );
  }
  return reshape(x, x.shape.toSpliced(d, 1));
}

/** x with a new dimension of size 1 in front of dimension `axis`. */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  return reshape(x, x.shape.toSpliced(axis < 0 ? axis + x.shape.length + 1 : axis, 0, 1));
}

/** x, seen as a constant by differentiation. */
export function stopGradient(x: Tensor): Tensor {
  return apply("stopGradient", { x }, {});
}

/** An axis counted from the front; negative ones count from the end. */
export function wholeAxis(axis: number, x: Tensor): number {
  return axis < 0 ? axis + x.shape.length : axis;
}
