/**
 * How far a result may be from the true value. A sum of n numbers is rounded n times, each time by up to u of what there is
 * by then; of numbers of either sign the partial sums grow as √k, the errors add up as a walk at random does, and what comes
 * of it is about u √(n / 2) times the size of such results (Higham & Mary, A new approach to probabilistic rounding error
 * analysis, SIAM J. Sci. Comput. 41, 2019). An element that is small because terms cancelled is no more exact than the
 * others, so an error is held against the larger of the element and the root mean square of all.
 */

export type CheckedDType = "f64" | "f32" | "f16" | "i32" | "u32" | "bool";

/** Half the distance between 1 and the next larger number. 0: results are exact. */
export const ROUNDOFF: Readonly<Record<CheckedDType, number>> = {
  f64: 2 ** -53,
  f32: 2 ** -24,
  f16: 2 ** -11,
  i32: 0,
  u32: 0,
  bool: 0,
};

/** For a handful of operations: WGSL allows exp and the like an error of 3 units in the last place and more. */
const OPERATIONS = 16;
/** How often the error that is expected of a sum. Six deviations: one in 10⁸ sums is further off. */
const DEVIATIONS = 6;

/** The largest error, relative to the size of a result that is a sum of `terms` numbers. */
export function relativeTolerance(dtype: CheckedDType, terms: number): number {
  return ROUNDOFF[dtype] * (OPERATIONS + DEVIATIONS * Math.sqrt(Math.max(0, terms - 1) / 2));
}

/** √(Σ x² / n) over those that are finite. */
export function rootMeanSquare(values: ArrayLike<number>): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const x = values[i] ?? 0;
    if (!Number.isFinite(x)) continue;
    sum += x * x;
    count++;
  }
  return count === 0 ? 0 : Math.sqrt(sum / count);
}
