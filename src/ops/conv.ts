/**
 * Convolution (cross-correlation, as everybody calls it) of images x [N, H, W, C] with filters w [KH, KW, C / G, OC],
 * in G groups of channels that never meet: output channel oc sees group γ = ⌊oc / (OC / G)⌋ of the input.
 *
 *   out[n, oh, ow, oc] = Σ_kh,kw,c x[n, oh·sh + kh - top, ow·sw + kw - left, γ·C/G + c] · w[kh, kw, c, oc]
 *
 * It is linear in x and in w, and so are its two gradients in their inputs. The three ops are therefore each
 * other's gradients, and derivatives of any order need nothing else.
 */
import { ArgumentError, ShapeError } from "../errors.ts";
import type { Shape, TensorType } from "../tensor/shape.ts";
import {
  checkDType,
  checkRank,
  checkShape,
  checkSizes,
  complaint,
  given,
  listTypes,
} from "./check.ts";
import type { Op, OpTable, VjpTable } from "./op.ts";
import type { Conv2d } from "./vocabulary.ts";
import { windowedSize } from "./window.ts";

const IMAGES = "[N, H, W, C]";
const OUTPUTS = "[N, OH, OW, OC]";
const FILTERS = "[KH, KW, IC / groups, OC]";

/** Cross-correlation of images x [N, H, W, C] with w [KH, KW, C / groups, OC] → [N, OH, OW, OC]. */
const conv2d: Op<"conv2d"> = {
  inputs: { x: "one", w: "one" },
  outputs: { out: "one" },
  cost: "expensive",

  infer({ x, w }, attrs) {
    checkImage("conv2d", "x", x, IMAGES);
    checkImage("conv2d", "w", w, FILTERS);
    return { out: { dtype: "f32", shape: convolvedShape("conv2d", x, w, attrs) } };
  },
};

/** The gradient of conv2d's images: g [N, OH, OW, OC], w [KH, KW, C, OC] → `inputShape`. */
const conv2dInputGrad: Op<"conv2dInputGrad"> = {
  inputs: { g: "one", w: "one" },
  outputs: { out: "one" },
  cost: "expensive",

  infer({ g, w }, { inputShape, ...attrs }) {
    const out: TensorType = { dtype: "f32", shape: inputShape };
    checkSizes("conv2dInputGrad", "inputShape", inputShape);
    checkImage("conv2dInputGrad", "inputShape", out, IMAGES);
    checkImage("conv2dInputGrad", "g", g, OUTPUTS);
    checkImage("conv2dInputGrad", "w", w, FILTERS);
    checkConvolved("conv2dInputGrad", out, w, g, attrs);
    return { out };
  },
};

/** The gradient of conv2d's filters: x [N, H, W, C], g [N, OH, OW, OC] → `filterShape`. */
const conv2dFilterGrad: Op<"conv2dFilterGrad"> = {
  inputs: { x: "one", g: "one" },
  outputs: { out: "one" },
  cost: "expensive",

  infer({ x, g }, { filterShape, ...attrs }) {
    const out: TensorType = { dtype: "f32", shape: filterShape };
    checkSizes("conv2dFilterGrad", "filterShape", filterShape);
    checkImage("conv2dFilterGrad", "filterShape", out, FILTERS);
    checkImage("conv2dFilterGrad", "x", x, IMAGES);
    checkImage("conv2dFilterGrad", "g", g, OUTPUTS);
    checkConvolved("conv2dFilterGrad", x, out, g, attrs);
    return { out };
  },
};

export const convOps = { conv2d, conv2dInputGrad, conv2dFilterGrad } satisfies Pick<
  OpTable,
  "conv2d" | "conv2dInputGrad" | "conv2dFilterGrad"
>;

export const convVjps = {
  conv2d(emit, { ins: { x, w }, cotangents, attrs }) {
    const g = given(cotangents.out);
    const convolution = convolutionOf(attrs);
    return {
      x: emit("conv2dInputGrad", { g, w }, { ...convolution, inputShape: x.type.shape }).out,
      w: emit("conv2dFilterGrad", { x, g }, { ...convolution, filterShape: w.type.shape }).out,
    };
  },

  conv2dInputGrad(emit, { ins: { g, w }, cotangents, attrs }) {
    const u = given(cotangents.out);
    const convolution = convolutionOf(attrs);
    return {
      g: emit("conv2d", { x: u, w }, convolution).out,
      w: emit("conv2dFilterGrad", { x: u, g }, { ...convolution, filterShape: w.type.shape }).out,
    };
  },

  conv2dFilterGrad(emit, { ins: { x, g }, cotangents, attrs }) {
    const u = given(cotangents.out);
    const convolution = convolutionOf(attrs);
    return {
      x: emit("conv2dInputGrad", { g, w: u }, { ...convolution, inputShape: x.type.shape }).out,
      g: emit("conv2d", { x, w: u }, convolution).out,
    };
  },
} satisfies Pick<VjpTable, "conv2d" | "conv2dInputGrad" | "conv2dFilterGrad">;

/** Whether filters w [KH, KW, 1, C] has one filter for each channel, of more than one. */
export function isDepthwise([, , inputs, outputs]: Shape, { groups }: Conv2d): boolean {
  return groups > 1 && inputs === 1 && outputs === groups;
}

function convolutionOf({ stride, padding, groups }: Conv2d): Conv2d {
  return { stride, padding, groups };
}

function checkImage(op: string, name: string, type: TensorType, layout: string): void {
  checkDType(op, name, type, ["f32"]);
  checkRank(op, name, type, 4, layout);
}

/** [N, OH, OW, OC] of images `x` under filters `w`, both of rank 4. */
function convolvedShape(op: string, x: TensorType, w: TensorType, attrs: Conv2d): Shape {
  const [batch = 0] = x.shape;
  const [windowRows = 0, windowColumns = 0, , outChannels = 0] = w.shape;
  checkGroups(op, { x, w }, attrs.groups);
  const size = windowedSize(op, x.shape, [windowRows, windowColumns], attrs);
  return [batch, ...size, outChannels];
}

/** What the inputs and the filters of a convolution are, for its errors. */
export interface Layouts {
  readonly inputs: string;
  readonly filters: string;
}

const PLANES = { inputs: `Images are ${IMAGES}`, filters: FILTERS };

/**
 * Channels of x [..., C] against filters [..., C / groups, OC], or [..., OC / groups, C] of a transposed convolution.
 * @throws ArgumentError for groups that are no count, ShapeError where channels do not fit
 */
export function checkGroups(
  op: string,
  { x, w }: { readonly x: TensorType; readonly w: TensorType },
  groups: number,
  { inputs, filters }: Layouts = PLANES,
  isTransposed = false,
): void {
  const channels = x.shape.at(-1) ?? 0;
  const [filterChannels = 0, outChannels = 0] = w.shape.slice(-2);
  if (!Number.isInteger(groups) || groups < 1) {
    throw new ArgumentError(
      complaint(
        op,
        "groups must be a whole number of 1 or more",
        `groups ${groups}`,
        "1 convolves all channels with all; as many as the input has channels is a depthwise convolution.",
      ),
    );
  }
  const got = `${listTypes({ x, w })}, groups ${groups}`;
  const doFit = isTransposed ? channels === outChannels : channels === filterChannels * groups;
  if (!doFit) {
    const [by, here] = isTransposed
      ? ["", `${channels} against ${outChannels}`]
      : [" / groups", `${channels} / ${groups} against ${filterChannels}`];
    throw new ShapeError(
      complaint(
        op,
        `the filters' input channels must equal the input's channels${by}`,
        got,
        `${inputs}, filters ${filters}: here ${here} channels.`,
      ),
    );
  }
  if (outChannels % groups !== 0) {
    const [side, does, name] = isTransposed ? ["input", "takes", "IC"] : ["output", "makes", "OC"];
    throw new ShapeError(
      complaint(
        op,
        `groups must divide the ${side} channels`,
        got,
        `Filters are ${filters}, each group ${does} ${name} / groups of them: choose ${name} as a multiple of ${groups}.`,
      ),
    );
  }
}

function checkConvolved(
  op: string,
  x: TensorType,
  w: TensorType,
  g: TensorType,
  attrs: Conv2d,
): void {
  const expected = convolvedShape(op, x, w, attrs);
  checkShape(op, "g", g, expected, "It is the gradient of what conv2d returns for these shapes.");
}
