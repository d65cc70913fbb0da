import { check, checkOptions, integer, isRecord, list, shown } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import {
  add,
  describe,
  greater,
  mul,
  reshape,
  rsqrt,
  sqrt,
  sub,
  type Tensor,
  type Variable,
  variable,
  where,
} from "../functions.ts";
import { module } from "./define.ts";
import { checkFloats } from "./floats.ts";
import type { Making, Module } from "./module.ts";
import { constant } from "./normalise.ts";
import { checkCounts } from "./options.ts";

/** Mean and variance of every feature, as `data.statistics` counts them. */
export interface Moments {
  /** Of every feature. */
  readonly mean: readonly number[];
  /** Of every feature, 0 or more. */
  readonly variance: readonly number[];
}

/** What `nn.normalisation` can be told. */
export interface NormalisationOptions {
  /** The dimension of the features; the last one, -1. */
  readonly axis?: number;
}

/** What `normalisation` makes: a module, and its way back. */
export interface NormalisationModule extends Module {
  /**
   * The way back, x = y · √variance + mean, of the same buffers: for what a model says of targets that were normalised.
   * @throws where it is called: ShapeError for y of other features, DTypeError unless it is f32, ArgumentError for what is no
   *   tensor
   */
  readonly inverse: Module;
}

/**
 * y = (x − mean) / √variance of every feature, with what was counted once, before the training: x f32[..., features], of
 * one feature f32[N] as well. Mean and variance are buffers, so a saved model has them, and `nn.normalisation(features)`
 * is what they are loaded into; until then it leaves x as it is. A feature that never varied is centred alone.
 *
 * ```ts
 * const inputs = nn.normalisation(await data.statistics(examples));
 * const targets = nn.normalisation(await data.statistics(examples, { column: "y" }));
 * const model = nn.sequential(inputs, nn.linear(4, 1), targets.inverse);
 * ```
 * @throws ArgumentError for statistics that are none and for more than 2^24 features, ShapeError for x of other features
 */
export function normalisation(
  of: number | Moments,
  options: NormalisationOptions = {},
): NormalisationModule {
  checkOptions<NormalisationOptions>("normalisation", options, { axis: integer });
  const { axis = -1 } = options;
  const { mean, variance } = typeof of === "number" ? startOf(of) : momentsOf(of);
  const features = mean.shape[0] ?? 0;
  const isVarying = () => greater(variance, 0);
  const map = (
    made: Making,
    apply: (x: Tensor, spread: (value: Tensor) => Tensor) => Tensor,
    [kind] = made,
  ) =>
    module(kind, {
      made,
      description: `${kind}(${features})`,
      timeAxis: "any",
      buffers: { mean, variance },
      forward: (x) => apply(x, spreadFor(kind, x, features, axis)),
    });
  const normalise = map(["normalisation", features, options], (x, spread) =>
    mul(sub(x, spread(mean)), spread(where(isVarying(), rsqrt(variance), 1))),
  );
  const inverse = map(["inverseNormalisation", normalise], (y, spread) =>
    add(mul(y, spread(where(isVarying(), sqrt(variance), 1))), spread(mean)),
  );
  return Object.assign(normalise, { inverse });
}

/** More are a mistake, which would hold gigabytes. */
const MOST_FEATURES = 2 ** 24;

function startOf(features: number): Buffers {
  checkCounts("normalisation", { features });
  if (features > MOST_FEATURES) {
    throw new ArgumentError(
      `normalisation: there may be ${MOST_FEATURES} features at most; got ${features}. They are the columns of a table or the channels of an image, not the elements of an example.`,
    );
  }
  return {
    mean: constant("normalisation.mean", [features], 0),
    variance: constant("normalisation.variance", [features], 1),
  };
}

function momentsOf(given: unknown): Buffers {
  const { mean, variance }: { readonly mean?: unknown; readonly variance?: unknown } = isRecord(
    given,
  )
    ? given
    : {};
  const remedy = "Give how many features there are, or what data.statistics counted.";
  for (const [name, numbers] of Object.entries({ mean, variance }))
    check("normalisation", name, numbers, list, remedy);
  const moments = { mean, variance } as Moments;
  if (moments.mean.length !== moments.variance.length || moments.mean.length === 0) {
    throw new ArgumentError(
      `normalisation: there must be a mean and a variance for every feature; got ${moments.mean.length} and ${moments.variance.length}. ${remedy}`,
    );
  }
  const isF32 = (n: unknown) => typeof n === "number" && Number.isFinite(Math.fround(n));
  for (const [f, x] of moments.mean.entries()) {
    const own = moments.variance[f];
    if (isF32(x) && isF32(own) && Number(own) >= 0) continue;
    throw new ArgumentError(
      `normalisation: means must be finite in f32, and variances 0 or more as well; got mean ${shown(x)}, variance ${shown(own)} of feature ${f}. Take the moments of data without NaN and infinities.`,
    );
  }
  return buffersOf(moments);
}

interface Buffers {
  readonly mean: Variable;
  readonly variance: Variable;
}

function buffersOf({ mean, variance }: Moments): Buffers {
  const buffer = (name: string, numbers: readonly number[]) =>
    variable(Float32Array.from(numbers), [numbers.length], `normalisation.${name}`, "f32");
  return { mean: buffer("mean", mean), variance: buffer("variance", variance) };
}

/** Makes of a number for every feature what broadcasts to x. */
function spreadFor(kind: string, x: Tensor, features: number, axis: number) {
  checkFloats(kind, x);
  const { shape } = x;
  const rank = shape.length;
  if (features === 1 && rank === 1) return (value: Tensor) => value;
  const at = axis < 0 ? axis + rank : axis;
  if (shape[at] === features)
    return (value: Tensor) => reshape(value, [features, ...shape.slice(at + 1).fill(1)]);
  throw new ShapeError(
    `${kind}: dimension ${axis} of the input must be the ${features} features; got ${describe(x.type)}. Statistics are those of the same features, and { axis } says where they are.`,
  );
}
