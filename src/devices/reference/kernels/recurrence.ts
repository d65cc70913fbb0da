/** What the recurrent kernels share. Sequences are [T, B, U], tapes [T + 1, B, U], gates [T, B, U, gates]. */
import type { ReferenceTensor } from "../kernel.ts";

export type Numbers = ArrayLike<number>;

/** One element of one step: row b, unit u. `at` counts [T, B, U], the others count tape elements. */
export interface Place {
  readonly at: number;
  readonly before: number;
  readonly after: number;
  /** Where the row of h before the step starts in the tape. */
  readonly row: number;
  readonly unit: number;
  /** b · U + u. */
  readonly state: number;
  readonly isLive: boolean;
}

/** The places of one step. */
export function placesOf(
  t: number,
  { batch, units }: { readonly batch: number; readonly units: number },
  reverse: boolean,
  lengths: ReferenceTensor | undefined,
): Place[] {
  const size = batch * units;
  const before = (reverse ? t + 1 : t) * size;
  const after = (reverse ? t : t + 1) * size;
  return Array.from({ length: size }, (_, state) => {
    const unit = state % units;
    const b = (state - unit) / units;
    return {
      at: t * size + state,
      before: before + state,
      after: after + state,
      row: before + state - unit,
      unit,
      state,
      isLive: lengths === undefined || t < (lengths.data[b] ?? 0),
    };
  });
}

export function walk(steps: number, reverse: boolean): number[] {
  return Array.from({ length: steps }, (_, i) => (reverse ? steps - 1 - i : i));
}

/** The state before the first step goes to the tape's end where the walk begins. */
export function begin(
  tape: ReferenceTensor,
  state: ReferenceTensor,
  steps: number,
  reverse: boolean,
): void {
  tape.data.set(state.data, reverse ? steps * state.data.length : 0);
}

/** Σ_k h[k] · R[k][column], R with `width` columns. */
export function recur(
  h: Numbers,
  start: number,
  r: Numbers,
  units: number,
  width: number,
  column: number,
): number {
  let sum = 0;
  for (let k = 0; k < units; k++) sum += (h[start + k] ?? 0) * (r[k * width + column] ?? 0);
  return sum;
}

/** Σ_column g[column] · R[k][column]: the gradient with respect to h[k]. */
export function recurBack(g: Numbers, start: number, r: Numbers, width: number, k: number): number {
  let sum = 0;
  for (let column = 0; column < width; column++) {
    sum += (g[start + column] ?? 0) * (r[k * width + column] ?? 0);
  }
  return sum;
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
