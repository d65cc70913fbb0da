import { anything, checkOptions, flag, type Rule, shown } from "../arguments.ts";
import type { ReduceName } from "../ops/vocabulary.ts";
import { Tensor } from "../runtime/tensor.ts";
import { apply, checkTensor } from "./apply.ts";
import { wholeAxes, wholeAxis } from "./axes.ts";

/** What a reduction goes over. */
export interface ReduceOptions {
  /** Dimensions to reduce over, negative ones counted from the end; all of them where nothing is said. */
  readonly axis?: number | readonly number[];
  /** Keep reduced dimensions with size 1. */
  readonly keepDims?: boolean;
}

function reduce(fn: ReduceName): (x: Tensor, options?: ReduceOptions) => Tensor {
  return (x, options) => {
    const { axis, keepDims = false } = checkReduce(fn, x, options);
    return apply("reduce", { x }, { fn, axes: wholeAxes(fn, axis, x), keepDims });
  };
}

/** The options of a reduction, once they are known to be right; `own` are rules for those beside axis and keepDims. */
export function checkReduce<T extends ReduceOptions>(
  caller: string,
  x: Tensor,
  options?: T,
  own = {} as { readonly [K in Exclude<keyof T, keyof ReduceOptions>]-?: Rule },
): T {
  checkTensor(caller, x);
  const rules: { readonly [name: string]: Rule } = { axis: anything, keepDims: flag, ...own };
  checkOptions<{ readonly [name: string]: unknown }>(
    caller,
    options as { readonly [name: string]: unknown } | undefined,
    rules,
    (given) =>
      given instanceof Tensor
        ? `{ axis: 0 }; maximum and minimum compare two tensors`
        : `{ axis: ${shown(given)} }`,
  );
  return options ?? ({} as T);
}

/**
 * Σ x along `axis`, of f32, i32 or u32; 0 of nothing. All elements where nothing is said.
 * @throws DTypeError for bool; ArgumentError for an axis that x does not have or that is named twice, and for options
 *   that there are not
 */
export const sum = reduce("sum");
/**
 * The mean along `axis`, of f32; there must be an element. All elements where nothing is said.
 * @throws ShapeError of nothing; DTypeError unless x is f32; ArgumentError for an axis that x does not have or that is
 *   named twice, and for options that there are not
 */
export const mean = reduce("mean");
/**
 * The largest, NaN where there is a NaN; equal ones share the gradient. Of f32, i32 or u32, along `axis`, all where
 * nothing is said.
 * @throws ShapeError of nothing; DTypeError for bool; ArgumentError for an axis that x does not have or that is named
 *   twice, and for options that there are not
 */
export const max = reduce("max");
/**
 * The smallest, NaN where there is a NaN; equal ones share the gradient. Of f32, i32 or u32, along `axis`, all where
 * nothing is said.
 * @throws ShapeError of nothing; DTypeError for bool; ArgumentError for an axis that x does not have or that is named
 *   twice, and for options that there are not
 */
export const min = reduce("min");

/**
 * i32: where along `axis` the largest element is, the first of equals; NaN is the largest. The axis is the last one
 * where nothing is said.
 * @throws ShapeError where nothing is there to choose from; DTypeError for bool; ArgumentError for an axis that x does
 *   not have
 */
export function argmax(x: Tensor, axis = -1): Tensor {
  return apply("argmax", { x }, { axis: wholeAxis("argmax", axis, x) });
}
