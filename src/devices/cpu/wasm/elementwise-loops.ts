/** The loops of the elementwise interpreter: one operation over a block of `bytes` bytes, four elements at a time. */
import { Do } from "./elementwise-ops";
import { verf, vcos, vexp, vgelu, vlog, vsigmoid, vsin, vsoftplus, vtanh } from "./math";

/** Lanes of all ones become 1. */
// @ts-ignore: decorator
@inline
function truth(mask: v128): v128 {
  return i32x4.shr_u(mask, 31);
}

/** -1, 0 or 1; a zero keeps its sign and NaN stays. */
// @ts-ignore: decorator
@inline
function sign(x: v128): v128 {
  const one = v128.or(f32x4.splat(1), v128.and(x, i32x4.splat(0x80000000)));
  return v128.bitselect(one, x, f32x4.gt(f32x4.abs(x), f32x4.splat(0)));
}

// Inlined with a constant `op`, so that each loop below is left with one line of these.

// @ts-ignore: decorator
@inline
function unary(op: i32, x: v128): v128 {
  if (op == Do.negF) return f32x4.neg(x);
  if (op == Do.absF) return f32x4.abs(x);
  if (op == Do.signF) return sign(x);
  if (op == Do.exp) return vexp(x);
  if (op == Do.log) return vlog(x);
  if (op == Do.sqrt) return f32x4.sqrt(x);
  if (op == Do.reciprocal) return f32x4.div(f32x4.splat(1), x);
  if (op == Do.squareF) return f32x4.mul(x, x);
  if (op == Do.sin) return vsin(x);
  if (op == Do.cos) return vcos(x);
  if (op == Do.tanh) return vtanh(x);
  if (op == Do.sigmoid) return vsigmoid(x);
  if (op == Do.relu) return f32x4.pmax(x, f32x4.splat(0));
  if (op == Do.gelu) return vgelu(x);
  if (op == Do.erf) return verf(x);
  if (op == Do.softplus) return vsoftplus(x);
  if (op == Do.floor) return f32x4.floor(x);
  if (op == Do.ceil) return f32x4.ceil(x);
  if (op == Do.isFinite) return truth(f32x4.lt(f32x4.abs(x), f32x4.splat(Infinity)));
  if (op == Do.negI) return i32x4.neg(x);
  if (op == Do.absI) return i32x4.abs(x);
  if (op == Do.signI) return i32x4.max_s(i32x4.min_s(x, i32x4.splat(1)), i32x4.splat(-1));
  if (op == Do.squareI) return i32x4.mul(x, x);
  if (op == Do.not) return truth(i32x4.eq(x, i32x4.splat(0)));
  if (op == Do.floatToInt) return i32x4.trunc_sat_f32x4_s(f32x4.pmin(x, f32x4.splat(2147483520)));
  if (op == Do.floatToUint) return i32x4.trunc_sat_f32x4_u(f32x4.pmin(x, f32x4.splat(4294967040)));
  if (op == Do.floatToBool) return truth(f32x4.ne(x, f32x4.splat(0)));
  if (op == Do.intToFloat) return f32x4.convert_i32x4_s(x);
  if (op == Do.uintToFloat) return f32x4.convert_i32x4_u(x);
  if (op == Do.intToBool) return truth(i32x4.ne(x, i32x4.splat(0)));
  if (op == Do.boolToFloat) return v128.and(i32x4.ne(x, i32x4.splat(0)), f32x4.splat(1));
  return x;
}

// @ts-ignore: decorator
@inline
function binary(op: i32, x: v128, y: v128): v128 {
  if (op == Do.addF) return f32x4.add(x, y);
  if (op == Do.subF) return f32x4.sub(x, y);
  if (op == Do.mulF) return f32x4.mul(x, y);
  if (op == Do.divF) return f32x4.div(x, y);
  if (op == Do.maxF) return f32x4.max(x, y);
  if (op == Do.minF) return f32x4.min(x, y);
  if (op == Do.lessF) return truth(f32x4.lt(x, y));
  if (op == Do.lessEqualF) return truth(f32x4.le(x, y));
  if (op == Do.greaterF) return truth(f32x4.gt(x, y));
  if (op == Do.greaterEqualF) return truth(f32x4.ge(x, y));
  if (op == Do.equalF) return truth(f32x4.eq(x, y));
  if (op == Do.notEqualF) return truth(f32x4.ne(x, y));
  if (op == Do.addI) return i32x4.add(x, y);
  if (op == Do.subI) return i32x4.sub(x, y);
  if (op == Do.mulI) return i32x4.mul(x, y);
  if (op == Do.maxI) return i32x4.max_s(x, y);
  if (op == Do.maxU) return i32x4.max_u(x, y);
  if (op == Do.minI) return i32x4.min_s(x, y);
  if (op == Do.minU) return i32x4.min_u(x, y);
  if (op == Do.lessI) return truth(i32x4.lt_s(x, y));
  if (op == Do.lessU) return truth(i32x4.lt_u(x, y));
  if (op == Do.lessEqualI) return truth(i32x4.le_s(x, y));
  if (op == Do.lessEqualU) return truth(i32x4.le_u(x, y));
  if (op == Do.greaterI) return truth(i32x4.gt_s(x, y));
  if (op == Do.greaterU) return truth(i32x4.gt_u(x, y));
  if (op == Do.greaterEqualI) return truth(i32x4.ge_s(x, y));
  if (op == Do.greaterEqualU) return truth(i32x4.ge_u(x, y));
  if (op == Do.equalI) return truth(i32x4.eq(x, y));
  if (op == Do.notEqualI) return truth(i32x4.ne(x, y));
  if (op == Do.and) return truth(v128.and(i32x4.ne(x, i32x4.splat(0)), i32x4.ne(y, i32x4.splat(0))));
  return truth(i32x4.ne(v128.or(x, y), i32x4.splat(0)));
}

// @ts-ignore: decorator
@inline
function each(op: i32, d: usize, a: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, unary(op, v128.load(a + i)));
}

// @ts-ignore: decorator
@inline
function pairs(op: i32, d: usize, a: usize, b: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) v128.store(d + i, binary(op, v128.load(a + i), v128.load(b + i)));
}

function where(d: usize, c: usize, a: usize, b: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 16) {
    const isFalse = i32x4.eq(v128.load(c + i), i32x4.splat(0));
    v128.store(d + i, v128.bitselect(v128.load(b + i), v128.load(a + i), isFalse));
  }
}

function pow(d: usize, a: usize, b: usize, _c: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 4) store<f32>(d + i, power(load<f32>(a + i), load<f32>(b + i)));
}

/** a^b, 1 ulp. 1 to any power is 1. */
function power(a: f32, b: f32): f32 {
  if (b == 0) return 1;
  if (b == 2) return a * a;
  if (a == 1 || (a == -1 && abs(b) == Infinity)) return 1;
  return NativeMathf.pow(a, b);
}

/** Truncates; a / 0 is a, and the smallest number / -1 wraps to itself. */
function divideSigned(d: usize, a: usize, b: usize, _c: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 4) {
    const x = load<i32>(a + i);
    const y = load<i32>(b + i);
    store<i32>(d + i, y == 0 ? x : y == -1 ? -x : x / y);
  }
}

function divideUnsigned(d: usize, a: usize, b: usize, _c: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 4) {
    const x = load<u32>(a + i);
    const y = load<u32>(b + i);
    store<u32>(d + i, y == 0 ? x : x / y);
  }
}

/**
 * By number. Functions of their own rather than cases of one: an engine compiles a small function well and soon, and
 * one that holds sixty loops late.
 */
const loops: StaticArray<(d: usize, a: usize, b: usize, c: usize, bytes: usize) => void> = [
  (d, a, _b, _c, bytes) => each(Do.copy, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.negF, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.absF, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.signF, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.exp, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.log, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.sqrt, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.reciprocal, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.squareF, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.sin, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.cos, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.tanh, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.sigmoid, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.relu, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.gelu, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.erf, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.softplus, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.floor, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.ceil, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.isFinite, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.negI, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.absI, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.signI, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.squareI, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.not, d, a, bytes),
  (d, a, b, _c, bytes) => pairs(Do.addF, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.subF, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.mulF, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.divF, d, a, b, bytes),
  pow,
  (d, a, b, _c, bytes) => pairs(Do.maxF, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.minF, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.lessF, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.lessEqualF, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.greaterF, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.greaterEqualF, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.equalF, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.notEqualF, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.addI, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.subI, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.mulI, d, a, b, bytes),
  divideSigned,
  divideUnsigned,
  (d, a, b, _c, bytes) => pairs(Do.maxI, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.maxU, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.minI, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.minU, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.lessI, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.lessU, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.lessEqualI, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.lessEqualU, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.greaterI, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.greaterU, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.greaterEqualI, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.greaterEqualU, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.equalI, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.notEqualI, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.and, d, a, b, bytes),
  (d, a, b, _c, bytes) => pairs(Do.or, d, a, b, bytes),
  where,
  (d, a, _b, _c, bytes) => each(Do.floatToInt, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.floatToUint, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.floatToBool, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.intToFloat, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.uintToFloat, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.intToBool, d, a, bytes),
  (d, a, _b, _c, bytes) => each(Do.boolToFloat, d, a, bytes),
];

/** d = op(a, b, c) over a block; `bytes` is a multiple of 16. */
export function perform(op: i32, d: usize, a: usize, b: usize, c: usize, bytes: usize): void {
  unchecked(loops[op])(d, a, b, c, bytes);
}
