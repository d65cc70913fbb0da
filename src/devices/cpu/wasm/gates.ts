/**
 * What gates are made of. math.ts serves every argument down to subnormal results; a gate is as good as 0 or 1 long
 * before, so the exponential here clamps its argument and needs one scaling by a power of two, and tanh is a quotient
 * of polynomials. Absolute error below 3e-7, relative to tanh near 0 below 5 ulp; NaN stays.
 *
 * Constants are read from memory: V8 makes a vector constant of three instructions each time it is used, and there are
 * too many to keep them in registers.
 */
import { madd, nmadd } from "./math";

const CONSTANTS: usize = memory.data<f32>([
  88, -87, 1.44269504, 12582912, -2.12194440e-4, 0.693359375, 1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3,
  4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1, 1, 7.90531110763549805, -7.90531110763549805,
  -2.76076847742355e-16, 2.00018790482477e-13, -8.60467152213735e-11, 5.12229709037114e-8, 1.48572235717979e-5,
  6.37261928875436e-4, 4.89352455891786e-3, 1.19825839466702e-6, 1.18534705686654e-4, 2.26843463243900e-3,
  4.89352518554385e-3, 1.2621774483536189e-29,
]);

/** Constant `index`, in all lanes. */
// @ts-ignore: decorator
@inline
function constant(index: usize): v128 {
  return v128.load32_splat(CONSTANTS + (index << 2));
}

// @ts-ignore: decorator
@inline
export function one(): v128 {
  return constant(12);
}

/** e^x for x in [-87, 88], clamped to that. Adding 1.5 · 2^23 rounds x / log 2 to the low bits of the sum. */
// @ts-ignore: decorator
@inline
function exp(x: v128): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(x, constant(0)), constant(1));
  const shifted = madd(clamped, constant(2), constant(3));
  const n = f32x4.sub(shifted, constant(3));
  const r = nmadd(n, constant(4), nmadd(n, constant(5), clamped));
  let p = madd(r, constant(6), constant(7));
  p = madd(r, p, constant(8));
  p = madd(r, p, constant(9));
  p = madd(r, p, constant(10));
  p = madd(r, p, constant(11));
  p = f32x4.add(madd(f32x4.mul(r, r), p, r), one());
  return f32x4.mul(p, i32x4.add(i32x4.shl(shifted, 23), one()));
}

// @ts-ignore: decorator
@inline
export function sigmoid(x: v128): v128 {
  return f32x4.div(one(), f32x4.add(one(), exp(f32x4.neg(x))));
}

/** A quotient of an odd and an even polynomial, as in Eigen's ptanh; beyond 7.9 it is 1 but for 2e-7. */
// @ts-ignore: decorator
@inline
export function tanh(x: v128): v128 {
  const clamped = f32x4.pmax(f32x4.pmin(x, constant(13)), constant(14));
  const z = f32x4.mul(clamped, clamped);
  let p = madd(z, constant(15), constant(16));
  p = madd(z, p, constant(17));
  p = madd(z, p, constant(18));
  p = madd(z, p, constant(19));
  p = madd(z, p, constant(20));
  p = madd(z, p, constant(21));
  let q = madd(z, constant(22), constant(23));
  q = madd(z, q, constant(24));
  q = madd(z, q, constant(25));
  return f32x4.div(f32x4.mul(clamped, p), q);
}

/**
 * x, or 0 where |x| is below 2^-96. Gradients fade by a factor a step on their way back, and where WebAssembly cannot
 * flush subnormals a step with them takes a hundred times as long on some CPUs. What is this small adds nothing. NaN stays.
 */
// @ts-ignore: decorator
@inline
export function unlessTiny(x: v128): v128 {
  return v128.andnot(x, f32x4.lt(f32x4.abs(x), constant(26)));
}
