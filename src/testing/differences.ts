/**
 * Central differences: what a gradient is compared with. Directions have entries ±1, for which the expected inner product
 * with a wrong gradient's error e is ‖e‖.
 */
import { foldIn, type Key, words } from "../tensor/random.ts";

export interface DifferenceRule {
  /** Half the distance between the two points of a difference. */
  readonly step: number;
  /** What |difference − ⟨gradient, direction⟩| may be, of ‖gradient‖, */
  readonly relative: number;
  /** and of ‖u‖ ‖out‖, where the loss is Σ u · out. */
  readonly rounding: number;
}

/**
 * The difference itself is wrong by step² / 6 of the third derivative, 10⁻¹⁰ in float64 where that is as large as the
 * first, and by the rounding of the loss, ε ‖u‖ ‖out‖ / step, 10⁻¹¹ ‖u‖ ‖out‖; in f32, where such a step is lost, by
 * 3·10⁻⁶ and 2·10⁻⁵. The bounds leave orders of magnitude to functions that bend more and to sums that round more.
 */
export const RULES: Readonly<Record<"f64" | "f32", DifferenceRule>> = {
  f64: { step: 1e-5, relative: 1e-6, rounding: 1e-10 },
  f32: { step: 4e-3, relative: 2e-3, rounding: 5e-4 },
};

/** Tensors up to this many elements are checked element by element, larger ones along random directions. */
export const SMALL = 12;
const DIRECTIONS = 3;

/** Directions to go from a tensor of `length` elements: along each axis, or by ±1 along all. */
export function directions(length: number, key: Key): Float64Array[] {
  if (length <= SMALL) {
    return Array.from({ length }, (_, i) => new Float64Array(length).fill(1, i, i + 1));
  }
  return Array.from({ length: DIRECTIONS }, (_, k) =>
    Float64Array.from(words(foldIn(key, k), 0, length), (bits) => (bits >>> 31 === 0 ? -1 : 1)),
  );
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

export const norm = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a));

/** `x` gone `step` along `direction`. */
export function moved(
  x: ArrayLike<number>,
  direction: Float64Array,
  step: number,
): Float64Array<ArrayBuffer> {
  return Float64Array.from(x, (value, i) => value + step * (direction[i] ?? 0));
}
