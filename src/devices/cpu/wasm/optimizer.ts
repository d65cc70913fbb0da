/**
 * The optimizers' updates over all parameters at once. Parameters and gradients are operands of their own; state lies
 * packed in one tensor, a parameter's part at its packed offset, so the padding between them is never touched. State
 * too small to matter is 0, see ops/optimizer.ts; what would make a subnormal number is set to 0 before it is computed.
 */
import { unlessTiny } from "./gates";
import { madd } from "./math";
import { float, operand, operandCount, shareStart, threadScratch, word } from "./threads";

/** Places at whose multiples packed tensors start; ops/packed.ts. */
const PACKED: i32 = 64;

/** Bytes whose squares are added in f32. */
const RUN_BYTES: usize = 2048;

/** Σ x² over [from, from + bytes): some in f32 in 16 lanes, all of those in f64. */
function squares(from: usize, bytes: usize): f64 {
  const stop = from + bytes;
  let sum: f64 = 0;
  for (; from < stop; from += RUN_BYTES) sum += squaresOfRun(from, min(stop, from + RUN_BYTES));
  return sum;
}

/** The sum of four lanes. */
// @ts-ignore: decorator
@inline
function sumOfLanes(x: v128): f64 {
  const low = f64x2.promote_low_f32x4(x);
  const both = f64x2.add(low, f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 0, 1)));
  return f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
}

function squaresOfRun(from: usize, stop: usize): f64 {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (; from + 64 <= stop; from += 64) {
    const w = v128.load(from);
    const x = v128.load(from, 16);
    const y = v128.load(from, 32);
    const z = v128.load(from, 48);
    a = madd(w, w, a);
    b = madd(x, x, b);
    c = madd(y, y, c);
    d = madd(z, z, d);
  }
  for (; from + 16 <= stop; from += 16) {
    const w = v128.load(from);
    a = madd(w, w, a);
  }
  a = f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
  let sum = sumOfLanes(a);
  for (; from < stop; from += 4) {
    const x = <f64>load<f32>(from);
    sum += x * x;
  }
  return sum;
}

/** 0, or NaN where an element of [from, from + bytes) is not finite: the sum of all of them times 0. */
function unlessFinite(from: usize, bytes: usize): f64 {
  const stop = from + bytes;
  const zero = f32x4.splat(0);
  let a = zero;
  let b = zero;
  for (; from + 32 <= stop; from += 32) {
    a = madd(v128.load(from), zero, a);
    b = madd(v128.load(from, 16), zero, b);
  }
  let rest: f64 = 0;
  for (; from < stop; from += 4) rest += <f64>load<f32>(from) * 0;
  return sumOfLanes(f32x4.add(a, b)) + rest;
}

/**
 * Operands xs…, watched…, out; words: how many sums, places of a run, how many xs, how many watched, for the first of
 * them, elements of every x. Run p is what lies packed at places p · run to (p + 1) · run; its squares are added in f64, always
 * in the same order. What is watched and not finite makes the sum NaN.
 */
export function squareSums(args: usize, thread: i32, threads: i32): void {
  const operands = operandCount(args);
  const sums = word(args, operands, 0);
  const run = word(args, operands, 1);
  const tensors = word(args, operands, 2);
  const watched = word(args, operands, 3);
  const out = operand(args, operands - 1);
  const end = shareStart(sums, thread + 1, threads, 4);
  // The first tensor that reaches into the run, and its place.
  let first = 0;
  let start = 0;
  for (let p = shareStart(sums, thread, threads, 4); p < end; p++) {
    const from = p * run;
    const to = from + run;
    let sum: f64 = 0;
    let place = start;
    for (let i = first; i < tensors && place < to; i++) {
      const length = word(args, operands, 4 + i);
      const low = max(from, place);
      const bytes = <usize>max(0, min(to, place + length) - low) << 2;
      if (bytes > 0) {
        const offset = <usize>(low - place) << 2;
        sum += squares(operand(args, i) + offset, bytes);
        if (i < watched) sum += unlessFinite(operand(args, tensors + i) + offset, bytes);
      }
      const next = place + ((length + PACKED - 1) & -PACKED);
      if (next <= to) {
        first = i + 1;
        start = next;
      }
      place = next;
    }
    store<f32>(out + (<usize>p << 2), <f32>sum);
  }
}

/** The last few elements of a parameter are updated in scratch memory: a vector would reach into what follows. */
function copyLanes(to: usize, from: usize, count: i32): void {
  for (let i = 0; i < count; i++) store<f32>(to + (<usize>i << 2), load<f32>(from + (<usize>i << 2)));
}

// @ts-ignore: decorator
@inline
function vec(x: f32): v128 {
  return f32x4.splat(x);
}

let rate: v128 = f32x4.splat(0);
let gradientScale: v128 = f32x4.splat(0);
let decay: v128 = f32x4.splat(0);
let momentum: v128 = f32x4.splat(0);
let isNesterov: bool = false;

/** Four elements of p and the velocity u from four of g. */
// @ts-ignore: decorator
@inline
function sgdStep(p: usize, g: usize, u: usize, toP: usize, toU: usize): void {
  const parameter = v128.load(p);
  const d = madd(decay, parameter, f32x4.mul(gradientScale, v128.load(g)));
  const velocity = unlessTiny(madd(momentum, v128.load(u), d));
  const direction = isNesterov ? madd(momentum, velocity, d) : velocity;
  v128.store(toP, f32x4.sub(parameter, f32x4.mul(rate, direction)));
  v128.store(toU, velocity);
}

/**
 * Operands parameters…, gradients…, velocity, learning rate, scale, apply; words: parameters, momentum, nesterov,
 * weight decay, then elements and packed offset of every parameter. Where apply is 0 nothing changes.
 */
export function sgd(args: usize, thread: i32, threads: i32): void {
  const operands = operandCount(args);
  const tensors = word(args, operands, 0);
  const state = operand(args, 2 * tensors);
  rate = v128.load32_splat(operand(args, 2 * tensors + 1));
  gradientScale = v128.load32_splat(operand(args, 2 * tensors + 2));
  if (load<f32>(operand(args, 2 * tensors + 3)) == 0) return;
  momentum = vec(float(args, operands, 1));
  isNesterov = word(args, operands, 2) != 0;
  decay = vec(float(args, operands, 3));
  const own = threadScratch(thread);
  for (let i = 0; i < tensors; i++) {
    const length = word(args, operands, 4 + 2 * i);
    const p = operand(args, i);
    const g = operand(args, tensors + i);
    const u = state + (<usize>word(args, operands, 5 + 2 * i) << 2);
    let at = <usize>shareStart(length, thread, threads, 64) << 2;
    const end = <usize>shareStart(length, thread + 1, threads, 64) << 2;
    for (; at + 16 <= end; at += 16) sgdStep(p + at, g + at, u + at, p + at, u + at);
    if (at < end) {
      sgdStep(p + at, g + at, u + at, own, own + 16);
      copyLanes(p + at, own, <i32>((end - at) >> 2));
      copyLanes(u + at, own + 16, <i32>((end - at) >> 2));
    }
  }
}

let beta1: v128 = f32x4.splat(0);
let beta2: v128 = f32x4.splat(0);
let rest1: v128 = f32x4.splat(0);
let rest2: v128 = f32x4.splat(0);
let correction1: v128 = f32x4.splat(0);
let correction2: v128 = f32x4.splat(0);
let epsilon: v128 = f32x4.splat(0);
let leastRoot: v128 = f32x4.splat(0);
let leastSquare: v128 = f32x4.splat(0);

// @ts-ignore: decorator
@inline
function adamStep(p: usize, g: usize, m: usize, v: usize, toP: usize, toM: usize, toV: usize): void {
  const parameter = v128.load(p);
  const d = f32x4.mul(gradientScale, v128.load(g));
  const first = unlessTiny(madd(rest1, d, f32x4.mul(beta1, v128.load(m))));
  const squared = v128.andnot(d, f32x4.lt(f32x4.abs(d), leastRoot));
  const sum = madd(f32x4.mul(rest2, squared), squared, f32x4.mul(beta2, v128.load(v)));
  const second = v128.andnot(sum, f32x4.lt(sum, leastSquare));
  const root = f32x4.add(f32x4.sqrt(f32x4.mul(second, correction2)), epsilon);
  const direction = madd(decay, parameter, f32x4.div(f32x4.mul(first, correction1), root));
  v128.store(toP, f32x4.sub(parameter, f32x4.mul(rate, direction)));
  v128.store(toM, first);
  v128.store(toV, second);
}

/** 1 / (1 - beta^step), in f64: for the first steps both terms are close to 1. */
function correction(beta: f64, step: f32): f32 {
  let power: f64 = 1;
  let factor = beta;
  for (let n = <i64>step; n > 0; n >>= 1) {
    if (n & 1) power *= factor;
    factor *= factor;
  }
  return <f32>(1 / (1 - power));
}

/**
 * Operands parameters…, gradients…, m, v, learning rate, step, scale, apply; words: parameters, beta1 and beta2 (each
 * as f64 in two words), 1 - beta1, 1 - beta2, epsilon, weight decay, the least v and the least |d| whose square is added
 * to it, then elements and packed offset of every parameter. Where apply is 0 nothing changes.
 */
export function adam(args: usize, thread: i32, threads: i32): void {
  const operands = operandCount(args);
  const tensors = word(args, operands, 0);
  const stateM = operand(args, 2 * tensors);
  const stateV = operand(args, 2 * tensors + 1);
  rate = v128.load32_splat(operand(args, 2 * tensors + 2));
  const step = load<f32>(operand(args, 2 * tensors + 3));
  gradientScale = v128.load32_splat(operand(args, 2 * tensors + 4));
  if (load<f32>(operand(args, 2 * tensors + 5)) == 0) return;
  const words = args + (<usize>operands << 2);
  const exact1 = load<f64>(words, 4);
  const exact2 = load<f64>(words, 12);
  beta1 = vec(<f32>exact1);
  beta2 = vec(<f32>exact2);
  rest1 = vec(float(args, operands, 5));
  rest2 = vec(float(args, operands, 6));
  epsilon = vec(float(args, operands, 7));
  decay = vec(float(args, operands, 8));
  leastSquare = vec(float(args, operands, 9));
  leastRoot = vec(float(args, operands, 10));
  correction1 = vec(correction(exact1, step));
  correction2 = vec(correction(exact2, step));
  const own = threadScratch(thread);
  for (let i = 0; i < tensors; i++) {
    const length = word(args, operands, 11 + 2 * i);
    const p = operand(args, i);
    const g = operand(args, tensors + i);
    const packed = <usize>word(args, operands, 12 + 2 * i) << 2;
    const m = stateM + packed;
    const v = stateV + packed;
    let at = <usize>shareStart(length, thread, threads, 64) << 2;
    const end = <usize>shareStart(length, thread + 1, threads, 64) << 2;
    for (; at + 16 <= end; at += 16) adamStep(p + at, g + at, m + at, v + at, p + at, m + at, v + at);
    if (at < end) {
      const count = <i32>((end - at) >> 2);
      adamStep(p + at, g + at, m + at, v + at, own, own + 16, own + 32);
      copyLanes(p + at, own, count);
      copyLanes(m + at, own + 16, count);
      copyLanes(v + at, own + 32, count);
    }
  }
}
