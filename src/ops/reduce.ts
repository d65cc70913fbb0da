/** Reductions over axes. */
import { ArgumentError, ShapeError } from "../errors.ts";
import { describe, type Shape, sizeOf, type TensorType } from "../tensor/shape.ts";
import { arithmetic } from "./arithmetic.ts";
import { checkAxis, checkDType, complaint, given } from "./check.ts";
import type { OpTable, VjpTable } from "./op.ts";

const NUMBERS = ["f32", "i32", "u32"] as const;

/** `shape` with size 1 along `axes`. */
export function keptShape(shape: Shape, axes: readonly number[]): number[] {
  return shape.map((n, d) => (axes.includes(d) ? 1 : n));
}

/** How many elements of a tensor of `shape` become one when `axes` are reduced. */
export function reducedCount(shape: Shape, axes: readonly number[]): number {
  return axes.reduce((count, axis) => count * (shape[axis] ?? 1), 1);
}

export const reduceOps = {
  /**
   * The sum, mean, largest or smallest element along `axes`, which may come in any order. The sum of nothing is 0;
   * the others need an element. A maximum or minimum shares its gradient equally between ties.
   */
  reduce: {
    inputs: { x: "one" },
    outputs: { out: "one" },
    cost: "expensive",
    infer({ x }, { fn, axes, keepDims }) {
      checkDType(fn, "x", x, fn === "mean" ? ["f32"] : NUMBERS);
      for (const axis of axes) checkAxis(fn, axis, x);
      if (new Set(axes).size !== axes.length) {
        throw new ArgumentError(
          complaint(
            fn,
            "every axis may be named once",
            `axes [${axes.join(", ")}]`,
            "Leave out the repeated ones.",
          ),
        );
      }
      if (fn !== "sum") checkElements(fn, x, axes);
      const shape = keepDims
        ? keptShape(x.shape, axes)
        : x.shape.filter((_, d) => !axes.includes(d));
      return { out: { dtype: x.dtype, shape } };
    },
    /** Reducing over dimensions of size 1 changes nothing but the shape. */
    simpler({ emit, ins: { x }, attrs: { axes }, type }) {
      const isOne = axes.every((axis) => x.type.shape[axis] === 1);
      return isOne ? arithmetic(emit).reshape(x, type.shape) : undefined;
    },
  },

  /** The index of the largest element along `axis`, i32; of equal ones the first. The first NaN is the largest. */
  argmax: {
    inputs: { x: "one" },
    outputs: { out: "one" },
    cost: "expensive",
    infer({ x }, { axis }) {
      checkDType("argmax", "x", x, NUMBERS);
      checkAxis("argmax", axis, x);
      checkChoice("argmax", x, axis);
      return { out: { dtype: "i32", shape: x.shape.filter((_, d) => d !== axis) } };
    },
  },
} satisfies Pick<OpTable, "reduce" | "argmax">;

/** @throws ShapeError where nothing lies along `axes` */
export function checkElements(op: string, x: TensorType, axes: readonly number[]): void {
  if (reducedCount(x.shape, axes) > 0) return;
  throw new ShapeError(
    complaint(
      op,
      "there must be an element to reduce",
      `axes [${axes.join(", ")}] of ${describe(x)}`,
      "Only the sum of nothing is defined: leave out empty tensors.",
    ),
  );
}

/** @throws ShapeError where there is nothing along `axis` to choose from, and something to choose for */
export function checkChoice(op: string, x: TensorType, axis: number): void {
  if (x.shape[axis] !== 0 || sizeOf(x.shape.filter((_, d) => d !== axis)) === 0) return;
  const got = `axis ${axis} of ${describe(x)}`;
  throw new ShapeError(complaint(op, "there must be an element", got, "Leave out empty tensors."));
}

export const reduceVjps = {
  reduce(emit, { ins: { x }, outs: { out }, cotangents, attrs: { fn, axes } }) {
    const m = arithmetic(emit);
    const kept = keptShape(x.type.shape, axes);
    const g = m.reshape(given(cotangents.out), kept);
    const spread = (value: typeof g) => m.broadcastTo(value, x.type.shape);
    if (fn === "sum") return { x: spread(g) };
    if (fn === "mean") return { x: spread(m.div(g, reducedCount(x.type.shape, axes))) };
    const isExtreme = m.cast(m.binary("equal", x, m.reshape(out, kept)), "f32");
    return { x: m.mul(isExtreme, m.div(g, m.sum(isExtreme, axes, true))) };
  },

  argmax: () => ({
    x: {
      notDifferentiable:
        "argmax gives an index, which does not change when x changes a little; use softmax or max",
    },
  }),
} satisfies Pick<VjpTable, "reduce" | "argmax">;
