/** What optimizers do, number by number in float64: what their expressions are compared with on every device. */

type Numbers = Float64Array;

/** x, or 0 where its size is below `least`. NaN stays. */
const unlessBelow = (least: number, x: number): number => (Math.abs(x) < least ? 0 : x);
export const LEAST_MOMENT = 2 ** -96;
export const LEAST_SQUARE = 2 ** -120;

export interface SgdSettings {
  readonly learningRate: number;
  /** Multiplies gradients. */
  readonly scale: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
}

/** PyTorch's momentum, in place. */
export function sgdUpdate(
  { p, g, velocity }: Readonly<Record<"p" | "g" | "velocity", Numbers>>,
  { learningRate, scale, momentum, nesterov, weightDecay }: SgdSettings,
): void {
  p.forEach((before, i) => {
    const d = scale * (g[i] ?? 0) + weightDecay * before;
    const v = unlessBelow(LEAST_MOMENT, momentum * (velocity[i] ?? 0) + d);
    velocity[i] = v;
    p[i] = before - learningRate * (nesterov ? d + momentum * v : v);
  });
}

export interface AdamSettings {
  readonly learningRate: number;
  readonly step: number;
  readonly scale: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** Kingma & Ba 2015, algorithm 1, with Loshchilov & Hutter's decay, in place. */
export function adamUpdate(
  { p, g, m, v }: Readonly<Record<"p" | "g" | "m" | "v", Numbers>>,
  { learningRate, step, scale, beta1, beta2, epsilon, weightDecay }: AdamSettings,
): void {
  p.forEach((before, i) => {
    const d = scale * (g[i] ?? 0);
    const mean = unlessBelow(LEAST_MOMENT, beta1 * (m[i] ?? 0) + (1 - beta1) * d);
    const added = unlessBelow(LEAST_SQUARE, (1 - beta2) * d * d);
    const variance = unlessBelow(LEAST_SQUARE, beta2 * (v[i] ?? 0) + added);
    m[i] = mean;
    v[i] = variance;
    const root = Math.sqrt(variance / (1 - beta2 ** step)) + epsilon;
    p[i] = before - learningRate * (mean / (1 - beta1 ** step) / root + weightDecay * before);
  });
}
