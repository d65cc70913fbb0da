/**
 * Gates lie interleaved, unit by unit; a kernel works on four units at a time, a vector for each gate. Loads may reach
 * up to three units too far, stores write `units` of the four and nothing else.
 */

// @ts-ignore: decorator
@inline
function low(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 0, 4, 1, 5);
}

// @ts-ignore: decorator
@inline
function high(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 2, 6, 3, 7);
}

/** Row 0 of the transpose of the 4×4 matrix with rows a, b, c, d; the others below. */
// @ts-ignore: decorator
@inline
export function column0(a: v128, b: v128, c: v128, d: v128): v128 {
  return i64x2.shuffle(low(a, b), low(c, d), 0, 2);
}

// @ts-ignore: decorator
@inline
export function column1(a: v128, b: v128, c: v128, d: v128): v128 {
  return i64x2.shuffle(low(a, b), low(c, d), 1, 3);
}

// @ts-ignore: decorator
@inline
export function column2(a: v128, b: v128, c: v128, d: v128): v128 {
  return i64x2.shuffle(high(a, b), high(c, d), 0, 2);
}

// @ts-ignore: decorator
@inline
export function column3(a: v128, b: v128, c: v128, d: v128): v128 {
  return i64x2.shuffle(high(a, b), high(c, d), 1, 3);
}

/** The gates p, q, r, s of four units. */
// @ts-ignore: decorator
@inline
export function storeFours(at: usize, p: v128, q: v128, r: v128, s: v128, units: i32): void {
  v128.store(at, column0(p, q, r, s));
  if (units > 1) v128.store(at, column1(p, q, r, s), 16);
  if (units > 2) v128.store(at, column2(p, q, r, s), 32);
  if (units > 3) v128.store(at, column3(p, q, r, s), 48);
}

/** Of threes in the vectors a, b, c, every first. */
// @ts-ignore: decorator
@inline
export function third0(a: v128, b: v128, c: v128): v128 {
  return i32x4.shuffle(i32x4.shuffle(a, b, 0, 3, 6, 6), c, 0, 1, 2, 5);
}

// @ts-ignore: decorator
@inline
export function third1(a: v128, b: v128, c: v128): v128 {
  return i32x4.shuffle(i32x4.shuffle(a, b, 1, 4, 7, 7), c, 0, 1, 2, 6);
}

// @ts-ignore: decorator
@inline
export function third2(a: v128, b: v128, c: v128): v128 {
  return i32x4.shuffle(i32x4.shuffle(a, b, 2, 5, 5, 5), c, 0, 1, 4, 7);
}

/** The gates p, q, r of four units. */
// @ts-ignore: decorator
@inline
export function storeThrees(at: usize, p: v128, q: v128, r: v128, units: i32): void {
  const a = i32x4.shuffle(i32x4.shuffle(p, q, 0, 4, 1, 1), r, 0, 1, 4, 2);
  const b = i32x4.shuffle(i32x4.shuffle(q, r, 1, 5, 2, 2), p, 0, 1, 6, 2);
  const c = i32x4.shuffle(r, i32x4.shuffle(p, q, 3, 7, 3, 7), 2, 4, 5, 3);
  if (units > 3) v128.store(at, a), v128.store(at, b, 16), v128.store(at, c, 32);
  else {
    v128.store64_lane(at, a, 0), v128.store32_lane(at, a, 2, 8);
    if (units > 1) v128.store32_lane(at, a, 3, 12), v128.store64_lane(at, b, 0, 16);
    if (units > 2) v128.store64_lane(at, b, 1, 24), v128.store32_lane(at, c, 0, 32);
  }
}

/** One number for each of four units. */
// @ts-ignore: decorator
@inline
export function storeOnes(at: usize, x: v128, units: i32): void {
  if (units > 3) v128.store(at, x);
  else {
    v128.store32_lane(at, x, 0);
    if (units > 1) v128.store32_lane(at, x, 1, 4);
    if (units > 2) v128.store32_lane(at, x, 2, 8);
  }
}
