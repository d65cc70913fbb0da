/** a^b, 0.51 ulp: e^(b log a) by bases of 2, in f64, two lanes at a time. 1 to any power is 1, and so is anything to 0. */

// @ts-ignore: decorator
@inline
function both(x: f64): v128 {
  return f64x2.splat(x);
}

// @ts-ignore: decorator
@inline
function madd(a: v128, b: v128, c: v128): v128 {
  return f64x2.add(f64x2.mul(a, b), c);
}

/** Added to an f64 below 2^51 it leaves the nearest whole number in the last bits. */
const SHIFT: f64 = 6755399441055744;

/** (2^e m)^b for m in [√½, √2), of the lower two lanes of f32 and i32; far beyond what f32 holds it is some such number. */
// @ts-ignore: decorator
@inline
function powerLow(m: v128, e: v128, b: v128): v128 {
  const mantissa = f64x2.promote_low_f32x4(m);
  // log₂ m = 2 artanh s / log 2, s = (m − 1) / (m + 1), to 10⁻¹³ of it.
  const s = f64x2.div(f64x2.sub(mantissa, both(1)), f64x2.add(mantissa, both(1)));
  const z = f64x2.mul(s, s);
  const zz = f64x2.mul(z, z);
  // Pairs of terms, and pairs of pairs: each sum would wait for the one before otherwise.
  const p0 = madd(z, both(0.9617966939259756), both(2.8853900817779268));
  const p1 = madd(z, both(0.4121985831111324), both(0.5770780163555854));
  const p2 = madd(z, both(0.26230818925253884), both(0.3205988979753252));
  const p3 = madd(z, both(0.19235933878519512), both(0.22195308321368668));
  const p = madd(f64x2.mul(zz, zz), madd(zz, p3, p2), madd(zz, p1, p0));
  const logarithm = madd(s, p, f64x2.convert_low_i32x4_s(e));
  const y = f64x2.mul(f64x2.promote_low_f32x4(b), logarithm);
  const clamped = f64x2.pmax(f64x2.pmin(y, both(140)), both(-160));
  // 2^y = 2^n 2^f with |f| ≤ ½, whose series ends at 10⁻¹¹.
  const shifted = f64x2.add(clamped, both(SHIFT));
  const f = f64x2.sub(clamped, f64x2.sub(shifted, both(SHIFT)));
  const ff = f64x2.mul(f, f);
  const q0 = madd(f, both(0.69314718055994529), both(1));
  const q1 = madd(f, both(5.5504108664821576e-2), both(0.24022650695910069));
  const q2 = madd(f, both(1.3333558146428443e-3), both(9.6181291076284768e-3));
  const q3 = madd(f, both(1.5252733804059840e-5), both(1.5403530393381608e-4));
  const q4 = madd(f, both(1.0178086009239699e-7), both(1.3215486790144307e-6));
  const f4 = f64x2.mul(ff, ff);
  const q = madd(f4, madd(f4, q4, madd(ff, q3, q2)), madd(ff, q1, q0));
  const scale = i64x2.shl(i64x2.add(shifted, i64x2.splat(1023)), 52);
  return f32x4.demote_f64x2_zero(f64x2.mul(q, scale));
}

// @ts-ignore: decorator
@inline
function upper(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 2, 3, 0, 1);
}

// @ts-ignore: decorator
@inline
function isWhole(x: v128): v128 {
  return f32x4.eq(f32x4.trunc(x), x);
}

/** Of finite a and b, b whole where a is negative. */
// @ts-ignore: decorator
@inline
function ordinary(a: v128, b: v128): v128 {
  const size = f32x4.abs(a);
  const isTiny = f32x4.lt(size, f32x4.splat(1.17549435e-38));
  const normal = v128.bitselect(f32x4.mul(size, f32x4.splat(8388608)), size, isTiny);
  const bits = i32x4.sub(normal, i32x4.splat(0x3f3504f3));
  const m = i32x4.add(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const e = i32x4.sub(i32x4.shr_s(bits, 23), v128.and(i32x4.splat(23), isTiny));
  const low = powerLow(m, e, b), high = powerLow(upper(m), upper(e), upper(b));
  let y = v128.shuffle<i32>(low, high, 0, 1, 4, 5);
  const zero = f32x4.splat(0);
  const ofZero = v128.andnot(f32x4.splat(Infinity), f32x4.gt(b, zero));
  y = v128.bitselect(ofZero, y, f32x4.eq(a, zero));
  const isOdd = v128.andnot(isWhole(b), isWhole(f32x4.mul(b, f32x4.splat(0.5))));
  y = v128.or(y, v128.and(v128.and(a, i32x4.splat(0x80000000)), isOdd));
  return v128.bitselect(f32x4.splat(1), y, f32x4.eq(b, zero));
}

/** Of the infinite, of NaN, and roots of negative numbers. */
function rare(a: f32, b: f32): f32 {
  if (b == 0 || a == 1 || (a == -1 && abs(b) == Infinity)) return 1;
  return NativeMathf.pow(a, b);
}

/** What a lane holds is a matter of its own a and b alone: lanes behind a row hold anything. */
export function pow(a: v128, b: v128): v128 {
  const isTwo = f32x4.eq(b, f32x4.splat(2));
  const squared = f32x4.mul(a, a);
  if (i32x4.all_true(isTwo)) return squared;
  let y = v128.bitselect(squared, ordinary(a, b), isTwo);
  const infinity = f32x4.splat(Infinity);
  const isFinite = v128.and(f32x4.lt(f32x4.abs(a), infinity), f32x4.lt(f32x4.abs(b), infinity));
  const isReal = v128.or(f32x4.ge(a, f32x4.splat(0)), isWhole(b));
  const isFine = v128.or(isTwo, v128.and(isFinite, isReal));
  if (i32x4.all_true(isFine)) return y;
  if (!i32x4.extract_lane(isFine, 0)) y = f32x4.replace_lane(y, 0, rare(f32x4.extract_lane(a, 0), f32x4.extract_lane(b, 0)));
  if (!i32x4.extract_lane(isFine, 1)) y = f32x4.replace_lane(y, 1, rare(f32x4.extract_lane(a, 1), f32x4.extract_lane(b, 1)));
  if (!i32x4.extract_lane(isFine, 2)) y = f32x4.replace_lane(y, 2, rare(f32x4.extract_lane(a, 2), f32x4.extract_lane(b, 2)));
  if (!i32x4.extract_lane(isFine, 3)) y = f32x4.replace_lane(y, 3, rare(f32x4.extract_lane(a, 3), f32x4.extract_lane(b, 3)));
  return y;
}
