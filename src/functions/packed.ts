/** Tensors one behind the other, as optimizers update them and as norms are taken of them: all in one walk. */
import { ShapeError } from "../errors.ts";
import { checkDType, checkShape, complaint } from "../ops/check.ts";
import { packedOffsets } from "../ops/packed.ts";
import type { Tensor, Variable } from "../runtime/tensor.ts";
import { describe } from "../tensor/shape.ts";
import { apply, checkTensorList } from "./apply.ts";
import { add, finite, square, where } from "./elementwise.ts";
import { reshape, slice } from "./movement.ts";
import { sum } from "./reduce.ts";

/**
 * The xs at their `packedOffsets`, flat; a view where they lie so, as `packVariables` brings them. Only elementwise ops and
 * reductions of everything know that there is nothing between them.
 */
export function packed(xs: readonly Tensor[]): Tensor {
  return apply("pack", { xs }, {});
}

/** Assigns to each variable what is at its packed offset of a flat tensor: in place, where they lie packed. */
export function assignPacked(variables: readonly Variable[], flat: Tensor): void {
  const { offsets } = packedOffsets(variables.map(({ shape }) => shape));
  for (const [i, variable] of variables.entries()) {
    const own = slice(flat, [offsets[i] ?? 0], [variable.size]);
    variable.assign(reshape(own, variable.shape));
  }
}

/**
 * Σ x² over all elements of all tensors: the square of their global norm. `watched` are tensors for the first xs, one
 * for each, of its shape: where one of their elements is not finite, neither is the sum. f32 → f32[].
 * @throws DTypeError unless all are f32; ShapeError where there is none, or `watched` differ from their xs;
 *   ArgumentError for what is no list of tensors
 */
export function sumOfSquares(xs: readonly Tensor[], watched: readonly Tensor[] = []): Tensor {
  checkTensorList("sumOfSquares", xs, "xs");
  checkTensorList("sumOfSquares", watched, "watched");
  if (xs.length === 0) {
    const rule = "there must be a tensor";
    throw new ShapeError(complaint("sumOfSquares", rule, "no tensors", "Give one or more."));
  }
  for (const [i, x] of xs.entries()) checkDType("sumOfSquares", `x ${i}`, x, ["f32"]);
  for (const [i, x] of watched.entries()) {
    checkDType("sumOfSquares", `watched ${i}`, x, ["f32"]);
    const meaning = "What is watched has the shapes of what is summed.";
    checkShape("sumOfSquares", `watched ${i}`, x, xs[i]?.shape ?? [], meaning);
  }
  if (watched.length === 0) return sum(square(packed(xs)));
  const seen = square(packed(xs.slice(0, watched.length)));
  const total = sum(where(finite(packed(watched)), seen, Number.NaN));
  const others = xs.slice(watched.length);
  return others.length === 0 ? total : add(total, sumOfSquares(others));
}

/** @throws DTypeError, ShapeError unless parameters are f32 and gradients are like them */
export function checkGradients(
  caller: string,
  parameters: readonly Tensor[],
  gradients: readonly Tensor[],
): void {
  for (const [i, parameter] of parameters.entries()) {
    const gradient = gradients[i] ?? parameter;
    checkDType(caller, `parameter ${i}`, parameter, ["f32"]);
    checkDType(caller, `gradient ${i}`, gradient, ["f32"]);
    const meaning = `Parameter ${i} is ${describe(parameter)}.`;
    checkShape(caller, `gradient ${i}`, gradient, parameter.shape, meaning);
  }
}
