/** Softmax and cross-entropy over rows of C scores; a thread does whole rows. Shifted by the row's maximum. */
import { vexp } from "./math";
import { operand, shareStart, word } from "./threads";

// @ts-ignore: decorator
@inline
function vec(x: f32): v128 {
  return f32x4.splat(x);
}

/** Lanes below `count` of four. */
// @ts-ignore: decorator
@inline
function lanes(count: i32): v128 {
  return i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(count));
}

/** Four scores; those past the row's end, which may be anything, become -Infinity. */
// @ts-ignore: decorator
@inline
function scores(from: usize, left: i32): v128 {
  const x = v128.load(from);
  return left >= 4 ? x : v128.bitselect(x, vec(-Infinity), lanes(left));
}

// @ts-ignore: decorator
@inline
function storeLanes(to: usize, x: v128, left: i32): void {
  if (left >= 4) {
    v128.store(to, x);
    return;
  }
  store<f32>(to, f32x4.extract_lane(x, 0));
  if (left > 1) store<f32>(to, f32x4.extract_lane(x, 1), 4);
  if (left > 2) store<f32>(to, f32x4.extract_lane(x, 2), 8);
}

function rowMax(row: usize, columns: i32): f32 {
  let m = vec(-Infinity);
  for (let c = 0; c < columns; c += 4) m = f32x4.max(m, scores(row + (<usize>c << 2), columns - c));
  m = f32x4.max(m, v128.shuffle<i32>(m, m, 2, 3, 0, 1));
  m = f32x4.max(m, v128.shuffle<i32>(m, m, 1, 0, 3, 2));
  return f32x4.extract_lane(m, 0);
}

/** Σ e^(x - shift), in four partial sums. */
function rowSum(row: usize, columns: i32, shift: f32): f32 {
  let sum = vec(0);
  for (let c = 0; c < columns; c += 4) {
    sum = f32x4.add(sum, vexp(f32x4.sub(scores(row + (<usize>c << 2), columns - c), vec(shift))));
  }
  sum = f32x4.add(sum, v128.shuffle<i32>(sum, sum, 2, 3, 0, 1));
  sum = f32x4.add(sum, v128.shuffle<i32>(sum, sum, 1, 0, 3, 2));
  return f32x4.extract_lane(sum, 0);
}

/** Operands x, out; words: rows, C. */
export function softmax(args: usize, thread: i32, threads: i32): void {
  const rows = word(args, 2, 0);
  const columns = word(args, 2, 1);
  const end = shareStart(rows, thread + 1, threads, 1);
  for (let r = shareStart(rows, thread, threads, 1); r < end; r++) {
    const offset = (<usize>r * columns) << 2;
    const row = operand(args, 0) + offset;
    const out = operand(args, 1) + offset;
    const shift = rowMax(row, columns);
    let sum = vec(0);
    for (let c = 0; c < columns; c += 4) {
      const at = <usize>c << 2;
      const e = vexp(f32x4.sub(scores(row + at, columns - c), vec(shift)));
      sum = f32x4.add(sum, e);
      storeLanes(out + at, e, columns - c);
    }
    sum = f32x4.add(sum, v128.shuffle<i32>(sum, sum, 2, 3, 0, 1));
    sum = f32x4.add(sum, v128.shuffle<i32>(sum, sum, 1, 0, 3, 2));
    const scale = f32x4.div(vec(1), sum);
    for (let c = 0; c < columns; c += 4) {
      const at = <usize>c << 2;
      storeLanes(out + at, f32x4.mul(v128.load(out + at), scale), columns - c);
    }
  }
}

/** Operands x, out; words: rows, C. */
export function logSoftmax(args: usize, thread: i32, threads: i32): void {
  const rows = word(args, 2, 0);
  const columns = word(args, 2, 1);
  const end = shareStart(rows, thread + 1, threads, 1);
  for (let r = shareStart(rows, thread, threads, 1); r < end; r++) {
    const offset = (<usize>r * columns) << 2;
    const row = operand(args, 0) + offset;
    const out = operand(args, 1) + offset;
    const shift = rowMax(row, columns);
    const logarithm = NativeMathf.log(rowSum(row, columns, shift));
    for (let c = 0; c < columns; c += 4) {
      const at = <usize>c << 2;
      const x = f32x4.sub(f32x4.sub(v128.load(row + at), vec(shift)), vec(logarithm));
      storeLanes(out + at, x, columns - c);
    }
  }
}

/** Operands logits [rows, C], labels [rows], out [rows]; words: rows, C. */
export function crossEntropy(args: usize, thread: i32, threads: i32): void {
  const rows = word(args, 3, 0);
  const columns = word(args, 3, 1);
  const end = shareStart(rows, thread + 1, threads, 1);
  for (let r = shareStart(rows, thread, threads, 1); r < end; r++) {
    const row = operand(args, 0) + ((<usize>r * columns) << 2);
    const label = load<i32>(operand(args, 1) + (<usize>r << 2));
    let loss: f32 = 0;
    if (label >= 0 && label < columns) {
      const shift = rowMax(row, columns);
      // The difference first: both may be large, and the loss small.
      loss = NativeMathf.log(rowSum(row, columns, shift)) + (shift - load<f32>(row + (<usize>label << 2)));
    }
    store<f32>(operand(args, 2) + (<usize>r << 2), loss);
  }
}

/** Operands logits [rows, C], labels [rows], g [rows], out [rows, C]; words: rows, C. */
export function crossEntropyGrad(args: usize, thread: i32, threads: i32): void {
  const rows = word(args, 4, 0);
  const columns = word(args, 4, 1);
  const end = shareStart(rows, thread + 1, threads, 1);
  for (let r = shareStart(rows, thread, threads, 1); r < end; r++) {
    const offset = (<usize>r * columns) << 2;
    const row = operand(args, 0) + offset;
    const out = operand(args, 3) + offset;
    const label = load<i32>(operand(args, 1) + (<usize>r << 2));
    if (label < 0 || label >= columns) {
      memory.fill(out, 0, <usize>columns << 2);
      continue;
    }
    const g = load<f32>(operand(args, 2) + (<usize>r << 2));
    const shift = rowMax(row, columns);
    const total = rowSum(row, columns, shift);
    const scale = g / total;
    for (let c = 0; c < columns; c += 4) {
      const at = <usize>c << 2;
      const e = vexp(f32x4.sub(v128.load(row + at), vec(shift)));
      storeLanes(out + at, f32x4.mul(e, vec(scale)), columns - c);
    }
    // Subtracted before it is scaled, so that a probability near 1 cancels exactly.
    const at = <usize>label << 2;
    const probability = f32x4.extract_lane(vexp(vec(load<f32>(row + at) - shift)), 0) / total;
    store<f32>(out + at, (probability - 1) * g);
  }
}
