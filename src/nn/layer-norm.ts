import { check, checkOptions, count, flag, isListOf, rule } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { describe, mean, type Shape, square, type Tensor } from "../functions.ts";
import { module } from "./define.ts";
import { checkFloats } from "./floats.ts";
import type { Module } from "./module.ts";
import { affineOf, NORM_RULES, type NormOptions, scaled, statisticsOf } from "./normalise.ts";

/** What `nn.layerNorm` can be told. */
export interface LayerNormOptions extends NormOptions {
  /** Whether there is a bias beside the weight; true. */
  readonly bias?: boolean;
}

/**
 * y = (x − E[x]) / √(Var[x] + ε) ∘ weight + bias, over the last dimensions of x, which are `shape`: for layerNorm(F) every
 * row of f32[..., F] by itself, the same in training and evaluation. Ba et al. 2016.
 * @throws ShapeError where the input ends in other dimensions; ArgumentError for sizes and options that break their
 *   rules
 */
export function layerNorm(shape: number | Shape, options: LayerNormOptions = {}): Module {
  const sizes = sizesOf("layerNorm", shape);
  checkOptions("layerNorm", options, { ...NORM_RULES, bias: flag });
  const { epsilon = 1e-5, affine = true, bias = affine } = options;
  return overLast("layerNorm", sizes, options, { weight: affine, bias }, (x, axes) => {
    const { centred, variance } = statisticsOf(x, axes);
    return scaled(centred, variance, epsilon);
  });
}

/**
 * y = x / √(E[x²] + ε) ∘ weight, over the last dimensions of x, which are `shape`. ε is 2⁻²³ where nothing is said, the
 * f32 next to 1 less 1, as PyTorch's. Zhang & Sennrich 2019.
 * @throws ShapeError where the input ends in other dimensions; ArgumentError for sizes and options that break their
 *   rules
 */
export function rmsNorm(shape: number | Shape, options: NormOptions = {}): Module {
  const sizes = sizesOf("rmsNorm", shape);
  checkOptions("rmsNorm", options, NORM_RULES);
  const { epsilon = 2 ** -23, affine = true } = options;
  return overLast("rmsNorm", sizes, options, { weight: affine, bias: false }, (x, axis) =>
    scaled(x, mean(square(x), { axis, keepDims: true }), epsilon),
  );
}

function overLast(
  kind: string,
  sizes: Shape,
  options: LayerNormOptions,
  has: { readonly weight: boolean; readonly bias: boolean },
  normalised: (x: Tensor, axes: readonly number[]) => Tensor,
): Module {
  const { apply, parameters } = affineOf(kind, sizes, has);
  return module(kind, {
    description: `${kind}(${sizes.join(" × ")})`,
    made: [kind, sizes, options],
    timeAxis: "any",
    parameters,
    forward: (x) => apply(normalised(x, lastAxes(kind, x, sizes))),
  });
}

const sizesRule = rule(
  "a size, or a list of sizes, whole numbers of 1 or more",
  (value) => count.holds(value) || (isListOf(value, count.holds) && value.length > 0),
);

function sizesOf(kind: string, shape: number | Shape): Shape {
  check(kind, "the shape", shape, sizesRule, "It is what the input's last dimensions are.");
  return typeof shape === "number" ? [shape] : [...shape];
}

function lastAxes(kind: string, x: Tensor, sizes: Shape): number[] {
  const first = x.shape.length - sizes.length;
  if (sizes.every((size, i) => x.shape[first + i] === size)) {
    checkFloats(kind, x);
    return sizes.map((_, i) => first + i);
  }
  throw new ShapeError(
    `${kind}: the input's last dimensions must be the layer's; got ${describe(x.type)} for ${kind}(${sizes.join(" × ")}). Give the layer as many features as a row has.`,
  );
}
