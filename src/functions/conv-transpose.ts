import { checkOptions, count, isListOf, rule, whole } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { checkGroups } from "../ops/conv.ts";
import {
  type PaddingOption,
  pairOf,
  reach,
  resolvePadding,
  samePadding,
  WINDOW_SIZE,
} from "../ops/window.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe } from "../tensor/shape.ts";
import { apply, checkInput } from "./apply.ts";
import type { Conv2dOptions } from "./conv.ts";
import { pad, reshape, slice } from "./movement.ts";
import { checkOutputPadding, WINDOW_RULES } from "./window.ts";

/** How a transposed convolution moves over images. */
export interface Conv2dTransposeOptions extends Conv2dOptions {
  /** Rows and columns that the result has more, at its ends; less than the stride or the dilation, as in PyTorch; 0. */
  readonly outputPadding?: number | readonly [number, number];
}

/**
 * The transpose of conv2d, which is its gradient: x [N, H, W, C], w [KH, KW, OC / groups, C] → [N, OH, OW, OC] with
 * OH = (H − 1) · stride − padding + dilation · (KH − 1) + 1 + outputPadding, padding being that of both sides; with "same"
 * OH = H · stride. As torch.nn.ConvTranspose2d and tf.conv2dTranspose, channels last. Dumoulin & Visin 2016.
 * @throws ShapeError where w does not fit x; DTypeError unless both are f32; ArgumentError for options that break their
 *   rules
 */
export function conv2dTranspose(
  x: Tensor,
  w: Tensor,
  options: Conv2dTransposeOptions = {},
): Tensor {
  const op = "conv2dTranspose";
  checkInput(op, "x", x, "[N, H, W, C]");
  checkInput(op, "w", w, "[KH, KW, OC / groups, C]");
  const more = { groups: count, dilation: WINDOW_SIZE, outputPadding: EXTRA };
  checkOptions(op, options, { ...WINDOW_RULES, ...more });
  const { groups = 1 } = options;
  const layouts = { inputs: "Images are [N, H, W, C]", filters: "[KH, KW, OC / groups, IC]" };
  checkGroups(op, { x: x.type, w: w.type }, groups, layouts, true);
  const stride = pairOf(options.stride ?? 1);
  const extra = pairOf(options.outputPadding ?? 0);
  const dilation = pairOf(options.dilation ?? 1);
  const wide = dilated(w, dilation);
  const [n = 0, ...size] = x.shape;
  const window = [wide.shape[0] ?? 0, wide.shape[1] ?? 0] as const;
  const padding = paddingOf(options.padding ?? "valid", size, window, stride);
  const isSame = options.padding === "same";
  checkOutputPadding(op, extra, { stride, dilation, isSame });
  const out = window.map((k, i) => {
    const [s = 1, before = 0, after = 0] = [stride[i], ...(padding[i] ?? [])];
    return isSame
      ? (size[i] ?? 0) * s
      : ((size[i] ?? 0) - 1) * s + k - before - after + (extra[i] ?? 0);
  });
  if (out.some((size) => size < 1)) {
    throw new ShapeError(
      `${op}: the result must have rows and columns; got ${out.join(" × ")}, from x ${describe(x.type)}, w ${describe(w.type)}, padding [${padding.join("], [")}]. Padding is taken off the result: give less of it.`,
    );
  }
  // What is taken off at an end and added there again need not be taken off; behind the last window are zeros.
  const spared = padding.map(([, after], i) => Math.min(after, extra[i] ?? 0));
  const zeros = spared.map((m, i) => Math.max(0, (extra[i] ?? 0) - m - ((stride[i] ?? 1) - 1)));
  const [rows = 0, columns = 0] = out.map((m, i) => m - (zeros[i] ?? 0));
  const image = apply(
    "conv2dInputGrad",
    { g: x, w: wide },
    {
      stride,
      padding: [off(padding[0], spared[0]), off(padding[1], spared[1])],
      groups,
      inputShape: [n, rows, columns, (w.shape[2] ?? 0) * groups],
    },
  );
  if (zeros.every((m) => m === 0)) return image;
  return pad(image, [
    [0, 0],
    [0, zeros[0] ?? 0],
    [0, zeros[1] ?? 0],
    [0, 0],
  ]);
}

const off = ([before, after]: readonly [number, number], spared = 0): readonly [number, number] => [
  before,
  after - spared,
];

export const EXTRA = rule(
  "a whole number of 0 or more, or [rows, columns]",
  (value) => whole.holds(value) || isListOf(value, whole.holds, 2),
);

function paddingOf(
  option: PaddingOption,
  [h = 0, w = 0]: readonly number[],
  window: readonly [number, number],
  stride: readonly [number, number],
) {
  if (option !== "same") return resolvePadding(option, [h, w], window, stride);
  return [
    samePadding(h * stride[0], window[0], stride[0]),
    samePadding(w * stride[1], window[1], stride[1]),
  ] as const;
}

/** Filters with zeros between their cells. */
function dilated(w: Tensor, [dy, dx]: readonly [number, number]): Tensor {
  if (dy === 1 && dx === 1) return w;
  const [kh = 0, kw = 0, a = 0, b = 0] = w.shape;
  const none = [0, 0] as const;
  const apart = pad(reshape(w, [kh, 1, kw, 1, a, b]), [
    none,
    [0, dy - 1],
    none,
    [0, dx - 1],
    none,
    none,
  ]);
  const wide = reshape(apart, [kh * dy, kw * dx, a, b]);
  return slice(wide, [0, 0, 0, 0], [reach(kh, dy), reach(kw, dx), a, b]);
}
