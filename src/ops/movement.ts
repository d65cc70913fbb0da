/** Ops that move elements and change none. */
import { shown } from "../arguments.ts";
import { ArgumentError, DTypeError, ShapeError } from "../errors.ts";
import {
  broadcastShapes,
  describe,
  type Shape,
  sameShape,
  sizeOf,
  type TensorType,
} from "../tensor/shape.ts";
import { arithmetic } from "./arithmetic.ts";
import { checkAxis, checkSizes, complaint, given } from "./check.ts";
import type { Emit, Maker, OpTable, Value, VjpTable } from "./op.ts";
import { packedOffsets } from "./packed.ts";
import { unbroadcast } from "./unbroadcast.ts";

/** One entry per dimension of x. */
function checkPerDimension(op: string, name: string, entries: readonly unknown[], x: TensorType) {
  if (entries.length === x.shape.length) return;
  throw new ArgumentError(
    complaint(
      op,
      `${name} must have an entry for every dimension`,
      `${entries.length} for ${describe(x)}`,
      `Give ${x.shape.length}.`,
    ),
  );
}

/**
 * A slice that keeps clear of the zeros around a padded tensor is one of that tensor, one of zeros alone is zeros, and one of
 * the whole tensor has fewer zeros around it. Others share the zeros: padded once, and sliced.
 */
function sliceOfPadded(
  emit: Emit,
  { ins: { x }, attrs: { padding } }: Extract<Maker, { op: "pad" }>,
  starts: readonly number[],
  sizes: Shape,
): Value | undefined {
  const m = arithmetic(emit);
  const { shape, dtype } = x.type;
  const own = starts.map((start, d) => start - (padding[d]?.[0] ?? 0));
  // By dimension, what is shown of x: from where, to where.
  const shown = own.map((start, d) => {
    const end = Math.min(start + (sizes[d] ?? 0), shape[d] ?? 0);
    return { from: Math.max(start, 0), size: end - Math.max(start, 0) };
  });
  if (shown.some(({ size }) => size <= 0)) return m.broadcastTo(m.literal(0, dtype), sizes);
  const kept = shown.map(({ size }) => size);
  if (sameShape(kept, sizes)) return sameShape(shape, sizes) ? x : m.slice(x, own, sizes);
  if (!sameShape(kept, shape)) return undefined;
  const around = own.map(
    (start, d) => [-start, start + (sizes[d] ?? 0) - (shape[d] ?? 0)] as const,
  );
  return emit("pad", { x }, { padding: around }).out;
}

/** A slice that lies within one of the parts that were joined is one of that part. */
function sliceOfPart(
  emit: Emit,
  { ins: { xs }, attrs: { axis } }: Extract<Maker, { op: "concat" }>,
  starts: readonly number[],
  sizes: Shape,
): Value | undefined {
  let start = starts[axis] ?? 0;
  for (const x of xs) {
    const length = x.type.shape[axis] ?? 0;
    if (start >= 0 && start + (sizes[axis] ?? 0) <= length) {
      if (sameShape(x.type.shape, sizes)) return x;
      return emit("slice", { x }, { starts: starts.with(axis, start), sizes }).out;
    }
    start -= length;
  }
  return undefined;
}

export const movementOps = {
  /** The same elements in the same order, in another shape. */
  reshape: {
    inputs: { x: "one" },
    outputs: { out: "one" },
    cost: "view",
    infer({ x }, { shape }) {
      checkSizes("reshape", "the new shape", shape);
      if (sizeOf(shape) !== sizeOf(x.shape)) {
        throw new ShapeError(
          complaint(
            "reshape",
            "the new shape must have as many elements as x",
            `${describe(x)}, ${sizeOf(x.shape)} elements, and [${shape.join(", ")}], ${sizeOf(shape)} elements`,
            "Change one of the sizes.",
          ),
        );
      }
      return { out: { dtype: x.dtype, shape } };
    },
    simpler({ emit, ins: { x }, attrs, makerOf }) {
      if (sameShape(x.type.shape, attrs.shape)) return x;
      const inner = makerOf(x);
      return inner?.op === "reshape" ? emit("reshape", inner.ins, attrs).out : undefined;
    },
  },

  /** x, through which no gradient passes. */
  stopGradient: {
    inputs: { x: "one" },
    outputs: { out: "one" },
    cost: "view",
    infer: ({ x }) => ({ out: x }),
    simpler: ({ ins }) => ins.x,
  },

  /** x, which is differentiated by a rule: no gradient passes through what computes it. */
  withGradient: {
    inputs: { x: "one", of: "many" },
    outputs: { out: "one" },
    cost: "view",
    infer: ({ x }) => ({ out: x }),
    simpler: ({ ins }) => ins.x,
  },

  /** x, for readers that are to be computed again rather than shared with the readers of x. */
  recompute: {
    inputs: { x: "one" },
    outputs: { out: "one" },
    cost: "view",
    infer: ({ x }) => ({ out: x }),
  },

  /** x repeated along the dimensions that it lacks or that have size 1. */
  broadcastTo: {
    inputs: { x: "one" },
    outputs: { out: "one" },
    cost: "cheap",
    infer({ x }, { shape }) {
      checkSizes("broadcastTo", "the new shape", shape);
      const fitted = broadcastShapes(x.shape, shape);
      if (fitted === undefined || !sameShape(fitted, shape)) {
        throw new ShapeError(
          complaint(
            "broadcastTo",
            "every dimension of x, aligned at the right, must be 1 or the new size",
            `${describe(x)} to [${shape.join(", ")}]`,
            "Reshape x first, so that the dimensions to repeat have size 1.",
          ),
        );
      }
      return { out: { dtype: x.dtype, shape } };
    },
    simpler: ({ ins: { x }, attrs }) => (sameShape(x.type.shape, attrs.shape) ? x : undefined),
  },

  /** Dimension d of the result is dimension permutation[d] of x. */
  transpose: {
    inputs: { x: "one" },
    outputs: { out: "one" },
    cost: "cheap",
    infer({ x }, { permutation }) {
      checkPerDimension("transpose", "the permutation", permutation, x);
      const isPermutation = x.shape.every((_, d) => permutation.includes(d));
      if (!isPermutation) {
        throw new ArgumentError(
          complaint(
            "transpose",
            "the permutation must name every dimension once",
            `${shown(permutation)} for ${describe(x)}`,
            `Use each of 0 to ${x.shape.length - 1} once.`,
          ),
        );
      }
      return { out: { dtype: x.dtype, shape: permutation.map((d) => x.shape[d] ?? 0) } };
    },
    /** A permutation that keeps the order of the dimensions larger than 1 moves no data. */
    simpler({ emit, ins: { x }, attrs: { permutation }, type }) {
      const moved = permutation.filter((d) => x.type.shape[d] !== 1);
      const isInOrder = moved.every((d, i) => i === 0 || d > (moved[i - 1] ?? 0));
      return isInOrder ? arithmetic(emit).reshape(x, type.shape) : undefined;
    },
  },

  /** x from the last element to the first along each of `axes`. */
  flip: {
    inputs: { x: "one" },
    outputs: { out: "one" },
    cost: "cheap",
    infer({ x }, { axes }) {
      for (const axis of axes) checkAxis("flip", axis, x);
      return { out: x };
    },
  },

  /** The block of `sizes` elements that begins at `starts`. */
  slice: {
    inputs: { x: "one" },
    outputs: { out: "one" },
    cost: "cheap",
    infer({ x }, { starts, sizes }) {
      checkPerDimension("slice", "starts", starts, x);
      checkPerDimension("slice", "sizes", sizes, x);
      checkSizes("slice", "sizes", sizes);
      const isInside = x.shape.every((n, d) => {
        const start = starts[d] ?? 0;
        return Number.isInteger(start) && start >= 0 && start + (sizes[d] ?? 0) <= n;
      });
      if (!isInside) {
        throw new ArgumentError(
          complaint(
            "slice",
            "the block must lie inside x",
            `starts ${shown(starts)}, sizes ${shown(sizes)} for ${describe(x)}`,
            "Along every dimension start + size may be at most x's size.",
          ),
        );
      }
      return { out: { dtype: x.dtype, shape: sizes } };
    },
    simpler({ emit, ins: { x }, attrs: { starts, sizes }, makerOf }) {
      if (sameShape(x.type.shape, sizes)) return x;
      const inner = makerOf(x);
      if (inner?.op === "concat") return sliceOfPart(emit, inner, starts, sizes);
      return inner?.op === "pad" ? sliceOfPadded(emit, inner, starts, sizes) : undefined;
    },
  },

  /** x with padding[d] zeros before and after it along dimension d. */
  pad: {
    inputs: { x: "one" },
    outputs: { out: "one" },
    cost: "cheap",
    infer({ x }, { padding }) {
      checkPerDimension("pad", "padding", padding, x);
      if (!padding.flat().every((n) => Number.isInteger(n) && n >= 0)) {
        throw new ArgumentError(
          complaint(
            "pad",
            "padding must be whole numbers of 0 or more",
            JSON.stringify(padding),
            "To take elements away, use slice.",
          ),
        );
      }
      const shape = x.shape.map((n, d) => n + (padding[d]?.[0] ?? 0) + (padding[d]?.[1] ?? 0));
      return { out: { dtype: x.dtype, shape } };
    },
    simpler: ({ ins: { x }, type }) => (sameShape(x.type.shape, type.shape) ? x : undefined),
  },

  /** The xs one behind the other along `axis`; along the others they agree. */
  concat: {
    inputs: { xs: "many" },
    outputs: { out: "one" },
    cost: "cheap",
    infer({ xs }, { axis }) {
      const [first, ...rest] = xs;
      if (first === undefined) {
        throw new ArgumentError(
          complaint("concat", "there must be something to join", "no tensors", "Give one or more."),
        );
      }
      checkAxis("concat", axis, first);
      const got = xs.map(describe).join(", ");
      if (rest.some((x) => x.dtype !== first.dtype)) {
        const remedy = `Cast them first, for example cast(x, "${first.dtype}").`;
        throw new DTypeError(complaint("concat", "all must have the same dtype", got, remedy));
      }
      const fits = (x: TensorType) =>
        x.shape.length === first.shape.length &&
        x.shape.every((n, d) => d === axis || n === first.shape[d]);
      if (!rest.every(fits)) {
        const rule = `all must have the same sizes along every axis but ${axis}`;
        const remedy = "Slice, pad or reshape those that differ.";
        throw new ShapeError(complaint("concat", rule, got, remedy));
      }
      const length = xs.reduce((sum, x) => sum + (x.shape[axis] ?? 0), 0);
      const shape = first.shape.map((n, d) => (d === axis ? length : n));
      return { out: { dtype: first.dtype, shape } };
    },
  },

  /**
   * The xs where `packedOffsets` says, flat. Between them is nothing: groups compute and reduce nothing there, and what
   * they store there is 0. Where the xs lie so anyway the result is a view of them.
   */
  pack: {
    inputs: { xs: "many" },
    outputs: { out: "one" },
    cost: "view",
    infer({ xs }) {
      const [first, ...rest] = xs;
      if (first === undefined || rest.some(({ dtype }) => dtype !== first.dtype)) {
        const got = xs.map(describe).join(", ") || "no tensors";
        const remedy = "Pack those of each dtype apart.";
        throw new DTypeError(complaint("pack", "there must be tensors of one dtype", got, remedy));
      }
      const { length } = packedOffsets(xs.map(({ shape }) => shape));
      return { out: { dtype: first.dtype, shape: [length] } };
    },
    /** A pack of one tensor, without anything behind it, is that tensor. */
    simpler({ emit, ins: { xs }, type: { shape } }) {
      const whole = xs.find((x) => sizeOf(x.type.shape) === sizeOf(shape));
      return whole && arithmetic(emit).reshape(whole, shape);
    },
  },
} satisfies Pick<
  OpTable,
  | "reshape"
  | "stopGradient"
  | "withGradient"
  | "recompute"
  | "broadcastTo"
  | "transpose"
  | "flip"
  | "slice"
  | "pad"
  | "concat"
  | "pack"
>;

export const movementVjps = {
  reshape: (emit, { ins, cotangents }) => ({
    x: arithmetic(emit).reshape(given(cotangents.out), ins.x.type.shape),
  }),

  stopGradient: () => ({ x: undefined }),

  withGradient: (emit, { ins, outs, cotangents, attrs: { rule } }) => ({
    x: undefined,
    of: rule.gradient(emit, outs.out, given(cotangents.out), ins.of),
  }),

  recompute: (_, { cotangents }) => ({ x: given(cotangents.out) }),

  broadcastTo: (emit, { ins, cotangents }) => ({
    x: unbroadcast(emit, given(cotangents.out), ins.x.type.shape),
  }),

  transpose(emit, { cotangents, attrs: { permutation } }) {
    const inverse = permutation.map((_, d) => permutation.indexOf(d));
    return { x: arithmetic(emit).transpose(given(cotangents.out), inverse) };
  },

  flip: (emit, { cotangents, attrs }) => ({
    x: emit("flip", { x: given(cotangents.out) }, attrs).out,
  }),

  slice(emit, { ins, cotangents, attrs: { starts, sizes } }) {
    const padding = ins.x.type.shape.map((n, d) => {
      const before = starts[d] ?? 0;
      return [before, n - before - (sizes[d] ?? 0)] as const;
    });
    return { x: emit("pad", { x: given(cotangents.out) }, { padding }).out };
  },

  pad(emit, { ins, cotangents, attrs: { padding } }) {
    const starts = padding.map(([before]) => before);
    return { x: arithmetic(emit).slice(given(cotangents.out), starts, ins.x.type.shape) };
  },

  concat(emit, { ins, cotangents, attrs: { axis } }) {
    const g = given(cotangents.out);
    let offset = 0;
    return {
      xs: ins.xs.map((x) => {
        const starts = x.type.shape.map((_, d) => (d === axis ? offset : 0));
        offset += x.type.shape[axis] ?? 0;
        return arithmetic(emit).slice(g, starts, x.type.shape);
      }),
    };
  },

  pack(emit, { ins, cotangents }) {
    const m = arithmetic(emit);
    const { offsets } = packedOffsets(ins.xs.map(({ type }) => type.shape));
    return {
      xs: ins.xs.map(({ type: { shape } }, i) => {
        const own = m.slice(given(cotangents.out), [offsets[i] ?? 0], [sizeOf(shape)]);
        return m.reshape(own, shape);
      }),
    };
  },
} satisfies Pick<VjpTable, keyof typeof movementOps>;
