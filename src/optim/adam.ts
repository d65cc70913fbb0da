import { flag, notNegative, positive, share } from "../arguments.ts";
import { add, div, maximum, mul, sqrt, square } from "../functions.ts";
import { makeOptimizer } from "./core.ts";
import { biasCorrection, fadedMoment, fadedSquare, type Site, type Updated } from "./expression.ts";
import type { Optimizer, OptimizerOptions, ParameterGroup } from "./optimizer.ts";

/** What each group of parameters can be told by itself. */
export interface AdamSettings {
  /** How much of the mean gradient is kept at each step; 0.9. */
  readonly beta1?: number;
  /** How much of the mean square is kept at each step; 0.999. */
  readonly beta2?: number;
  /** Added to the root of the mean square; 1e-8. */
  readonly epsilon?: number;
  /** Decoupled from the gradient: AdamW, Loshchilov & Hutter 2019. */
  readonly weightDecay?: number;
  /** false: weightDecay · p is added to the gradient instead, L2, as PyTorch's Adam has it; true. */
  readonly decoupled?: boolean;
  /** Divides by the largest mean square that there has been; false. Reddi, Kale & Kumar 2018. */
  readonly amsgrad?: boolean;
}

/** What `optim.adam` and `optim.adamW` can be told. */
export interface AdamOptions
  extends OptimizerOptions<ParameterGroup & AdamSettings>,
    AdamSettings {}

type Settings = Required<AdamSettings>;
type Moments = Pick<Settings, "beta1" | "beta2" | "epsilon">;

/**
 * Adam with bias correction, Kingma & Ba 2015, algorithm 1.
 * @throws ArgumentError for options that break their rules; where it updates, for gradients of other variables, and
 *   ShapeError for those of another shape
 */
export function adam(options: AdamOptions): Optimizer {
  return made("adam", options, 0);
}

/**
 * Adam with a decoupled weightDecay, of 0.01 where nothing is said. Loshchilov & Hutter 2019, algorithm 2.
 * @throws ArgumentError for options that break their rules; where it updates, for gradients of other variables, and
 *   ShapeError for those of another shape
 */
export function adamW(options: AdamOptions): Optimizer {
  return made("adamW", options, 0.01);
}

function made(kind: string, options: AdamOptions, decay: number): Optimizer {
  return makeOptimizer<Settings>(kind, options, {
    settings: {
      beta1: [share, 0.9],
      beta2: [share, 0.999],
      epsilon: [positive, 1e-8],
      weightDecay: [notNegative, decay],
      decoupled: [flag, true],
      amsgrad: [flag, false],
    },
    state: ({ amsgrad }) => ["m", "v", ...(amsgrad ? ["largest"] : [])],
    isFlat: true,
    isDecoupled: ({ decoupled }) => decoupled,
    update: adamDirection,
  });
}

/**
 * With d the gradient and t the step, m / (1 − beta1ᵗ) / (√(v / (1 − beta2ᵗ)) + epsilon), where
 *   m = beta1 · m + (1 − beta1) · d,  v = beta2 · v + (1 − beta2) · d²
 */
export function adamDirection(
  { gradient: d, step, held }: Pick<Site, "gradient" | "step" | "held">,
  { beta1, beta2, epsilon, amsgrad = false }: Moments & Pick<AdamSettings, "amsgrad">,
): Updated {
  const m = fadedMoment(add(mul(held("m"), beta1), mul(d, 1 - beta1)));
  // Squared behind the factor: a large gradient's square is finite as long as what is added to v is.
  const added = fadedSquare(square(mul(d, Math.sqrt(1 - beta2))));
  const v = fadedSquare(add(mul(held("v"), beta2), added));
  const largest = amsgrad ? maximum(held("largest"), v) : undefined;
  const root = sqrt(mul(largest ?? v, biasCorrection(beta2, step)));
  const direction = div(mul(m, biasCorrection(beta1, step)), add(root, epsilon));
  return { direction, state: { m, v, ...(largest && { largest }) } };
}
