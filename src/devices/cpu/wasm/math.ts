/**
 * Vector functions over four f32. Errors are in units in the last place against float64, the largest seen by
 * test/devices/cpu/math.test.ts; NaN stays NaN, and arguments of any size give what the real function rounds to.
 */

/** a · b + c, rounded once where the host has relaxed SIMD. RELAXED is a constant of the build. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  // @ts-ignore: set by --use
  if (RELAXED) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** c - a · b. */
// @ts-ignore: decorator
@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  // @ts-ignore: set by --use
  if (RELAXED) return f32x4.relaxed_nmadd(a, b, c);
  return f32x4.sub(c, f32x4.mul(a, b));
}

// @ts-ignore: decorator
@inline
function vec(x: f32): v128 {
  return f32x4.splat(x);
}

/** x as whole numbers, where it is one in the range of i32; anything for NaN. */
// @ts-ignore: decorator
@inline
function whole(x: v128): v128 {
  // @ts-ignore: set by --use
  if (RELAXED) return i32x4.relaxed_trunc_f32x4_s(x);
  return i32x4.trunc_sat_f32x4_s(x);
}

/** Added to an f32 below 2^21 it leaves the nearest whole number in the last bits, 254 added to that. */
const SHIFT: f32 = 12582912 + 254;

/**
 * e^x, 1 ulp. n = round(x / log 2), r = x - n log 2 in two parts, Cephes' expf polynomial for e^r, and a scale
 * by 2^n in two steps, so that subnormal and overflowing results come out as they should.
 */
// @ts-ignore: decorator
@inline
export function vexp(x: v128): v128 {
  // Arguments in this order keep NaN.
  const clamped = f32x4.pmax(f32x4.pmin(x, vec(89)), vec(-104.5));
  const shifted = madd(clamped, vec(1.44269504), vec(SHIFT));
  const n = f32x4.sub(shifted, vec(SHIFT));
  const r = nmadd(n, vec(-2.12194440e-4), nmadd(n, vec(0.693359375), clamped));
  let p = madd(r, vec(1.9875691500e-4), vec(1.3981999507e-3));
  p = madd(r, p, vec(8.3334519073e-3));
  p = madd(r, p, vec(4.1665795894e-2));
  p = madd(r, p, vec(1.6666665459e-1));
  p = madd(r, p, vec(5.0000001201e-1));
  p = madd(f32x4.mul(r, r), p, r);
  // The last bits of `shifted` are n + 254: those of half of it, and of the rest, are the exponents of the two scales.
  const half = i32x4.shr_s(shifted, 1);
  const scale = i32x4.shl(half, 23);
  return f32x4.mul(madd(p, scale, scale), i32x4.shl(i32x4.sub(shifted, half), 23));
}

/** 1 / (1 + e^-x), 2.1 ulp. */
// @ts-ignore: decorator
@inline
export function vsigmoid(x: v128): v128 {
  return f32x4.div(vec(1), f32x4.add(vec(1), vexp(f32x4.neg(x))));
}

/**
 * tanh x, 1.3 ulp. Below 0.625 the odd polynomial of Cephes' tanhf, above it 1 - 2 / (e^2|x| + 1).
 */
// @ts-ignore: decorator
@inline
export function vtanh(x: v128): v128 {
  const size = f32x4.abs(x);
  const z = f32x4.mul(x, x);
  let p = madd(z, vec(-5.70498872745e-3), vec(2.06390887954e-2));
  p = madd(z, p, vec(-5.37397155531e-2));
  p = madd(z, p, vec(1.33314422036e-1));
  p = madd(z, p, vec(-3.33332819422e-1));
  const near = madd(f32x4.mul(z, x), p, x);
  const e = vexp(f32x4.add(size, size));
  const far = f32x4.sub(vec(1), f32x4.div(vec(2), f32x4.add(e, vec(1))));
  const signed = v128.or(far, v128.and(x, i32x4.splat(0x80000000)));
  return v128.bitselect(near, signed, f32x4.lt(size, vec(0.625)));
}

/** Beyond this many radians three parts of π/2 no longer give an exact remainder. */
const REDUCIBLE: f32 = 8192;

/** sin x, or cos x where `quarter` is 1, for |x| up to `REDUCIBLE`; absolute error 1e-7. */
// @ts-ignore: decorator
@inline
function vcircular(x: v128, quarter: i32): v128 {
  const n = f32x4.nearest(f32x4.mul(x, vec(0.636619772)));
  // π/2 in parts with few bits, so that n times each is exact.
  let r = nmadd(n, vec(1.5703125), x);
  r = nmadd(n, vec(4.837512969970703125e-4), r);
  r = nmadd(n, vec(7.54953362047672271729e-8), r);
  r = nmadd(n, vec(2.5633440e-12), r);
  const z = f32x4.mul(r, r);
  let s = madd(z, vec(-1.9515295891e-4), vec(8.3321608736e-3));
  s = madd(z, s, vec(-1.6666654611e-1));
  s = madd(f32x4.mul(z, r), s, r);
  let c = madd(z, vec(2.443315711809948e-5), vec(-1.388731625493765e-3));
  c = madd(z, c, vec(4.166664568298827e-2));
  c = madd(f32x4.mul(z, z), c, nmadd(z, vec(0.5), vec(1)));
  const turn = i32x4.add(whole(n), i32x4.splat(quarter));
  const isCosine = i32x4.ne(v128.and(turn, i32x4.splat(1)), i32x4.splat(0));
  const sign = i32x4.shl(v128.and(turn, i32x4.splat(2)), 30);
  return v128.xor(v128.bitselect(c, s, isCosine), sign);
}

// @ts-ignore: decorator
@inline
function isReducible(x: v128): bool {
  return i32x4.all_true(f32x4.lt(f32x4.abs(x), vec(REDUCIBLE)));
}

// @ts-ignore: decorator
@inline
function perLane(x: v128, f: i32): v128 {
  return f32x4(
    scalar(f32x4.extract_lane(x, 0), f),
    scalar(f32x4.extract_lane(x, 1), f),
    scalar(f32x4.extract_lane(x, 2), f),
    scalar(f32x4.extract_lane(x, 3), f),
  );
}

function scalar(x: f32, quarter: i32): f32 {
  return quarter ? NativeMathf.cos(x) : NativeMathf.sin(x);
}

// @ts-ignore: decorator
@inline
export function vsin(x: v128): v128 {
  return isReducible(x) ? vcircular(x, 0) : perLane(x, 0);
}

// @ts-ignore: decorator
@inline
export function vcos(x: v128): v128 {
  return isReducible(x) ? vcircular(x, 1) : perLane(x, 1);
}
