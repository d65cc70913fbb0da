import { check, checkOptions, count, flag, rule } from "../../arguments.ts";
import { DTypeError, ShapeError } from "../../errors.ts";
import {
  add,
  cast,
  describe,
  flip,
  floor,
  mul,
  oneHot,
  reshape,
  sub,
  type Tensor,
  take,
  tensor,
  uniform,
} from "../../functions.ts";
import { checkTensor } from "../../internals.ts";
import { betaQuantiles } from "./beta.ts";

/** How examples are mixed. */
export interface MixupOptions {
  /** How much is mixed: λ is of the distribution Beta(α, α), which is even for 1 and near 0 and 1 for less; 0.2. */
  readonly alpha?: number;
  /** How many classes labels i32[N] have. */
  readonly classes?: number;
  /** Mixes where it is true, as where nothing is said: pass `model.mode.isTraining`. Targets are the same without. */
  readonly isTraining?: boolean;
}

/** Tabulated quantiles; between them they are taken for lines. */
const PIECES = 1024;

/**
 * Each example mixed with the one at the other end of the batch: λ x_i + (1 − λ) x_{N−1−i}, and targets likewise, with a λ of
 * its own for each. x: f32[N, ...]. y: i32[N], which become f32[N, classes], or f32[N, ...] as they are. Give it to the
 * model within the loss of a Trainer: losses.crossEntropy takes such targets. Zhang et al. 2018.
 * @throws ShapeError where x and y differ in N, ArgumentError for labels without `classes`, DTypeError for what is no f32
 */
export function mixup(
  x: Tensor,
  y: Tensor,
  options: MixupOptions = {},
): { readonly x: Tensor; readonly y: Tensor } {
  checkOptions<MixupOptions>("mixup", options, { alpha: ALPHA, classes: count, isTraining: flag });
  checkTensor("mixup", x);
  checkTensor("mixup", y, "y");
  const [n] = x.shape;
  if (n === undefined || n !== y.shape[0]) {
    throw new ShapeError(
      `mixup: x and y must have the same examples along their first dimension; got x ${describe(x.type)}, y ${describe(y.type)}. Give it one batch of both.`,
    );
  }
  const targets = softTargets(y, options.classes);
  if (x.dtype !== "f32") {
    throw new DTypeError(
      `mixup: x must be f32; got ${describe(x.type)}. Ids are mixed after their embedding.`,
    );
  }
  if (options.isTraining === false) return { x, y: targets };
  const share = shares(n, options.alpha ?? 0.2);
  return { x: mixed(x, share), y: mixed(targets, share) };
}

const ALPHA = rule(
  "a number from 0.05 to 100",
  (value) => typeof value === "number" && value >= 0.05 && value <= 100,
);

function softTargets(y: Tensor, classes: number | undefined): Tensor {
  if (y.dtype === "f32") return y;
  check("mixup", "classes", classes, count, "Labels become a target for each of them.");
  return oneHot(y, classes ?? 1);
}

function mixed(x: Tensor, share: Tensor): Tensor {
  const own = reshape(share, [share.size, ...x.shape.slice(1).map(() => 1)]);
  return add(mul(x, own), mul(flip(x, 0), sub(1, own)));
}

/** λ for each of n examples. */
function shares(n: number, alpha: number): Tensor {
  const quantiles = betaQuantiles(alpha, PIECES);
  const rises = quantiles.map((q, i) => (quantiles[i + 1] ?? q) - q);
  const place = mul(uniform([n]), PIECES);
  const piece = floor(place);
  const at = cast(piece, "i32");
  const look = (table: Float64Array) => take(tensor(Float32Array.from(table)), at);
  return add(look(quantiles), mul(look(rises), sub(place, piece)));
}
