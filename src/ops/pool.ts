/**
 * Pooling of images x [N, H, W, C] → [N, OH, OW, C]. A maximum never comes from the padding; an average divides by
 * KH · KW everywhere, so that padding counts as zeros, and that of a bin by the bin's cells. Gathering by `index` and
 * scattering by it are each other's gradients, as are the average and its gradient.
 */
import { ArgumentError } from "../errors.ts";
import { describe, type Shape, type TensorType } from "../tensor/shape.ts";
import { checkDType, checkRank, checkShape, checkSizes, complaint, given } from "./check.ts";
import type { Op, OpTable, VjpTable } from "./op.ts";
import type { Pool2d } from "./vocabulary.ts";
import { reach, windowedSize } from "./window.ts";

const IMAGES = "[N, H, W, C]";
const INTEGER_INDEX = {
  notDifferentiable: "index is a whole number: a place in a window",
};

/** out = max over the window; index = kh · KW + kw of the first place that holds it. The first NaN is the maximum. */
const maxPool2d: Op<"maxPool2d"> = {
  inputs: { x: "one" },
  outputs: { out: "one", index: "one" },
  cost: "cheap",

  infer({ x }, attrs) {
    const shape = pooledShape("maxPool2d", "x", x, attrs);
    return { out: { dtype: "f32", shape }, index: { dtype: "i32", shape } };
  },
};

/** Adds every g to the input element that won its window: g, index [N, OH, OW, C] → `inputShape`. */
const maxPool2dGrad: Op<"maxPool2dGrad"> = {
  inputs: { g: "one", index: "one" },
  outputs: { out: "one" },
  cost: "cheap",

  infer({ g, index }, { inputShape, ...attrs }) {
    const out = inputOf("maxPool2dGrad", g, inputShape, attrs);
    checkIndex("maxPool2dGrad", index, g.shape);
    return { out };
  },
};

/** x at the place that `index` names in each window: x [N, H, W, C], index [N, OH, OW, C] → [N, OH, OW, C]. */
const maxPool2dGather: Op<"maxPool2dGather"> = {
  inputs: { x: "one", index: "one" },
  outputs: { out: "one" },
  cost: "cheap",

  infer({ x, index }, attrs) {
    const shape = pooledShape("maxPool2dGather", "x", x, attrs);
    checkIndex("maxPool2dGather", index, shape);
    return { out: { dtype: "f32", shape } };
  },
};

/** out = Σ over the window / (KH · KW). */
const avgPool2d: Op<"avgPool2d"> = {
  inputs: { x: "one" },
  outputs: { out: "one" },
  cost: "cheap",

  infer({ x }, attrs) {
    return { out: { dtype: "f32", shape: pooledShape("avgPool2d", "x", x, attrs) } };
  },
};

/** Spreads every g / (KH · KW) over its window: g [N, OH, OW, C] → `inputShape`. */
const avgPool2dGrad: Op<"avgPool2dGrad"> = {
  inputs: { g: "one" },
  outputs: { out: "one" },
  cost: "cheap",

  infer({ g }, { inputShape, ...attrs }) {
    return { out: inputOf("avgPool2dGrad", g, inputShape, attrs) };
  },
};

export const poolOps = {
  maxPool2d,
  maxPool2dGrad,
  maxPool2dGather,
  avgPool2d,
  avgPool2dGrad,
} satisfies Pick<
  OpTable,
  "maxPool2d" | "maxPool2dGrad" | "maxPool2dGather" | "avgPool2d" | "avgPool2dGrad"
>;

export const poolVjps = {
  maxPool2d(emit, { ins: { x }, outs: { index }, cotangents, attrs }) {
    const g = cotangents.out;
    if (!g) return { x: undefined };
    const inputShape = x.type.shape;
    return { x: emit("maxPool2dGrad", { g, index }, { ...attrs, inputShape }).out };
  },

  maxPool2dGrad(emit, { ins: { index }, cotangents, attrs }) {
    const u = given(cotangents.out);
    return {
      g: emit("maxPool2dGather", { x: u, index }, poolOf(attrs)).out,
      index: INTEGER_INDEX,
    };
  },

  maxPool2dGather(emit, { ins: { x, index }, cotangents, attrs }) {
    const g = given(cotangents.out);
    const inputShape = x.type.shape;
    return {
      x: emit("maxPool2dGrad", { g, index }, { ...attrs, inputShape }).out,
      index: INTEGER_INDEX,
    };
  },

  avgPool2d(emit, { ins: { x }, cotangents, attrs }) {
    const g = given(cotangents.out);
    const inputShape = x.type.shape;
    return { x: emit("avgPool2dGrad", { g }, { ...attrs, inputShape }).out };
  },

  avgPool2dGrad(emit, { cotangents, attrs }) {
    return { g: emit("avgPool2d", { x: given(cotangents.out) }, poolOf(attrs)).out };
  },
} satisfies Pick<VjpTable, keyof typeof poolOps>;

function poolOf({ inputShape: _, ...pool }: Pool2d & { readonly inputShape: Shape }): Pool2d {
  return pool;
}

function pooledShape(op: string, name: string, x: TensorType, attrs: Pool2d): Shape {
  checkDType(op, name, x, ["f32"]);
  checkRank(op, name, x, 4, IMAGES);
  const [batch = 0, height = 0, width = 0, channels = 0] = x.shape;
  const { window, padding, dilation = [1, 1], bins } = attrs;
  const refuse = (rule: string, values: string, remedy: string) => {
    throw new ArgumentError(complaint(op, rule, values, remedy));
  };
  if (bins) {
    if (!(Math.max(bins[0] * height, bins[1] * width) <= MOST_BINNED)) {
      const values = `[${bins.join(", ")}] bins of ${height} × ${width}`;
      refuse("bins times rows or columns must be at most 2^30", values, "Make fewer bins.");
    }
    return [batch, ...bins, channels];
  }
  const wide = [reach(window[0], dilation[0]), reach(window[1], dilation[1])] as const;
  const size = windowedSize(op, x.shape, wide, attrs);
  const told = `window [${window.join(", ")}]`;
  // Of cells that lie apart it would not be enough: the verbs look at every window (functions/window-checks.ts).
  if (!attrs.dilation && padding.some((sides, d) => Math.max(...sides) >= (window[d] ?? 0))) {
    refuse(
      "padding must be smaller than the window",
      `${told}, padding [${padding.join("], [")}]`,
      "A window that sees nothing but padding has no maximum.",
    );
  }
  if (window[0] > height + MOST_BEYOND || window[1] > width + MOST_BEYOND) {
    refuse(
      `a window may be larger than the images by at most ${MOST_BEYOND} rows and columns`,
      `${describe(x)}, ${told}`,
      "For one number of each channel give the images' own size.",
    );
  }
  return [batch, ...size, channels];
}

/** Beyond it kernels could not say in whole numbers of 32 bits where bins begin. */
const MOST_BINNED = 2 ** 30;
/** Cells of padding cost as much as others: what sees little else would keep a device busy for nothing. */
const MOST_BEYOND = 64;

/** The type of the images that were pooled to `g`. */
function inputOf(op: string, g: TensorType, inputShape: Shape, attrs: Pool2d): TensorType {
  checkDType(op, "g", g, ["f32"]);
  checkSizes(op, "inputShape", inputShape);
  const input: TensorType = { dtype: "f32", shape: inputShape };
  const expected = pooledShape(op, "inputShape", input, attrs);
  checkShape(op, "g", g, expected, "It is the gradient of what pooling returns for inputShape.");
  return input;
}

function checkIndex(op: string, index: TensorType, shape: Shape): void {
  checkDType(op, "index", index, ["i32"]);
  checkShape(op, "index", index, shape, "It is the second output of maxPool2d.");
}
