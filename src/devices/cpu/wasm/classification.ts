/** Softmax and cross-entropy over rows of C scores; a thread does whole rows. Shifted by the row's maximum. */
import { vexp } from "./math";
import { lanes as sumOfLanes } from "./sums";
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

/** The largest of a row; NaN is passed over here and shows in the sum. */
function rowMax(row: usize, columns: i32): f32 {
  let m = vec(-Infinity);
  let c = 0;
  for (; c + 4 <= columns; c += 4) m = f32x4.pmax(m, v128.load(row + (<usize>c << 2)));
  if (c < columns) m = f32x4.pmax(m, scores(row + (<usize>c << 2), columns - c));
  m = f32x4.pmax(m, v128.shuffle<i32>(m, m, 2, 3, 0, 1));
  m = f32x4.pmax(m, v128.shuffle<i32>(m, m, 1, 0, 3, 2));
  return f32x4.extract_lane(m, 0);
}

/** Elements of a row that are added in f32, in four lanes. */
const RUN: i32 = 128;

/** Σ e^(x - shift). */
function rowSum(row: usize, columns: i32, shift: f32): f32 {
  const by = vec(shift);
  let total: f64 = 0;
  let c = 0;
  while (c + 4 <= columns) {
    const end = min(columns, c + RUN);
    let sum = vec(0);
    for (; c + 4 <= end; c += 4) sum = f32x4.add(sum, vexp(f32x4.sub(v128.load(row + (<usize>c << 2)), by)));
    total += sumOfLanes(sum);
  }
  if (c < columns) total += sumOfLanes(vexp(f32x4.sub(scores(row + (<usize>c << 2), columns - c), by)));
  return <f32>total;
}

/** out = e^(x - shift); their sum. */
function exponentials(out: usize, row: usize, columns: i32, shift: f32): f32 {
  const by = vec(shift);
  let total: f64 = 0;
  let c = 0;
  while (c + 4 <= columns) {
    const end = min(columns, c + RUN);
    let sum = vec(0);
    for (; c + 4 <= end; c += 4) {
      const at = <usize>c << 2;
      const e = vexp(f32x4.sub(v128.load(row + at), by));
      v128.store(out + at, e);
      sum = f32x4.add(sum, e);
    }
    total += sumOfLanes(sum);
  }
  if (c < columns) {
    const at = <usize>c << 2;
    const e = vexp(f32x4.sub(scores(row + at, columns - c), by));
    storeLanes(out + at, e, columns - c);
    total += sumOfLanes(e);
  }
  return <f32>total;
}

/** out = out · factor. */
function scaleRow(out: usize, columns: i32, factor: f32): void {
  const end = out + (<usize>columns << 2);
  for (; out + 16 <= end; out += 16) v128.store(out, f32x4.mul(v128.load(out), vec(factor)));
  for (; out < end; out += 4) store<f32>(out, load<f32>(out) * factor);
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
    scaleRow(out, columns, 1 / exponentials(out, row, columns, rowMax(row, columns)));
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
    let loss: f32 = label < columns ? 0 : NaN;
    if (label >= 0 && label < columns) {
      const shift = rowMax(row, columns);
      // The difference first: both may be large, and the loss small.
      loss = NativeMathf.log(rowSum(row, columns, shift)) + (shift - load<f32>(row + (<usize>label << 2)));
    }
    store<f32>(operand(args, 2) + (<usize>r << 2), loss);
  }
}

/** Operands logits [rows, C], labels [rows], g [rows] or [1], out [rows, C]; words: rows, C, g's stride: 1 or 0. */
export function crossEntropyGrad(args: usize, thread: i32, threads: i32): void {
  const rows = word(args, 4, 0);
  const columns = word(args, 4, 1);
  const stride = word(args, 4, 2);
  const end = shareStart(rows, thread + 1, threads, 1);
  for (let r = shareStart(rows, thread, threads, 1); r < end; r++) {
    const offset = (<usize>r * columns) << 2;
    const row = operand(args, 0) + offset;
    const out = operand(args, 3) + offset;
    const label = load<i32>(operand(args, 1) + (<usize>r << 2));
    if (label < 0 || label >= columns) {
      const slope: f32 = label < 0 ? 0 : NaN;
      for (let c = 0; c < columns; c++) store<f32>(out + (<usize>c << 2), slope);
      continue;
    }
    const g = load<f32>(operand(args, 2) + (<usize>(r * stride) << 2));
    const sum = exponentials(out, row, columns, rowMax(row, columns));
    const place = out + (<usize>label << 2);
    // Subtracted before it is scaled, so that a probability near 1 cancels exactly.
    const atLabel = (load<f32>(place) / sum - 1) * g;
    scaleRow(out, columns, g / sum);
    store<f32>(place, atLabel);
  }
}
