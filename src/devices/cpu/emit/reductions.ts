/**
 * How terms are combined, in vectors. Sums of f32 keep their digits at any length: a total of a few dozen additions goes
 * on to f64. n equal numbers err by some 10⁻⁷, where one after the other they would lose n · 3·10⁻⁸. Largest and smallest
 * f32 note on the side whether there was a NaN, which takes two instructions where `f32x4.max` takes eight.
 */
import type { Combine } from "../../../scheduler/group-program.ts";
import type { DType } from "../../../tensor/dtype.ts";
import {
  and,
  f32x4,
  f64x2,
  float,
  i32x4,
  int,
  or,
  select,
  swapHalves,
  swapNeighbours,
  type Value,
} from "./value.ts";

/** A kind of reduction. */
export interface Fold {
  readonly neutral: Value;
  combine(a: Value, b: Value): Value;
  /** Where NaN has to be noted. */
  readonly watchesNaN: boolean;
  /** Where totals go on to f64. */
  readonly isPrecise: boolean;
}

const plain = (neutral: Value, combine: (a: Value, b: Value) => Value): Fold => ({
  neutral,
  combine,
  watchesNaN: false,
  isPrecise: false,
});

const folds: { readonly [C in Combine]: { readonly [D in "f32" | "i32" | "u32"]: Fold } } = {
  sum: {
    f32: { ...plain(float(0), f32x4.add), isPrecise: true },
    i32: plain(int(0), i32x4.add),
    u32: plain(int(0), i32x4.add),
  },
  max: {
    f32: { ...plain(float(-Infinity), f32x4.pmax), watchesNaN: true },
    i32: plain(int(-2147483648), i32x4.max),
    u32: plain(int(0), i32x4.maxU),
  },
  min: {
    f32: { ...plain(float(Infinity), f32x4.pmin), watchesNaN: true },
    i32: plain(int(2147483647), i32x4.min),
    u32: plain(int(-1), i32x4.minU),
  },
};

export const foldOf = (combine: Combine, dtype: DType): Fold =>
  folds[combine][dtype === "bool" ? "u32" : dtype];

/** The terms in pairs of pairs. */
export function tree(fold: Fold, terms: readonly Value[]): Value {
  const [first, ...others] = terms;
  if (first === undefined) return fold.neutral;
  if (others.length === 0) return first;
  const half = terms.length >> 1;
  return fold.combine(tree(fold, terms.slice(0, half)), tree(fold, terms.slice(half)));
}

/** The term in the lanes of `mask`, what changes nothing elsewhere. */
export const masked = (fold: Fold, term: Value, mask: Value): Value =>
  fold.isPrecise ? and(term, mask) : select(term, fold.neutral, mask);

/** Lanes that were or are NaN. */
export const noteNaN = (noted: Value, terms: readonly Value[]): Value =>
  terms.reduce((all, term) => or(all, f32x4.ne(term, term)), noted);

export const withNaN = (total: Value, noted: Value): Value =>
  select(float(Number.NaN), total, noted);

/** All lanes combined, in all lanes. */
export function acrossLanes(fold: Fold, x: Value): Value {
  // What has met NaN is to stay NaN.
  const combine =
    fold.combine === f32x4.pmax
      ? f32x4.max
      : fold.combine === f32x4.pmin
        ? f32x4.min
        : fold.combine;
  const halves = combine(x, swapHalves(x));
  return combine(halves, swapNeighbours(halves));
}

/** The two f64 that lanes 0 and 1, and 2 and 3, of x are. */
export const lowAndHigh = (x: Value): [Value, Value] => [
  f64x2.promoteLow(x),
  f64x2.promoteLow(swapHalves(x)),
];
