/**
 * Pooling over NHWC, vectorised over channels. Gradients gather: each input pixel visits the windows it lies in, in
 * a fixed order, so there is nothing to race for. Words of all: those of the epilogue (epilogue.ts), which `maxPool2dGather`
 * has none of; N, H, W, C, OH, OW, KH, KW, stride rows, columns, padding above, left.
 */
import { finish, openEpilogue } from "./epilogue";
import { at, operand, shareStart } from "./threads";

let H: i32 = 0, W: i32 = 0, C: i32 = 0, OH: i32 = 0, OW: i32 = 0, KH: i32 = 0, KW: i32 = 0;
let strideRows: i32 = 0, strideColumns: i32 = 0, above: i32 = 0, left: i32 = 0;
let images: i32 = 0;

function readWords(words: usize): void {
  images = at(words, 0), H = at(words, 1), W = at(words, 2), C = at(words, 3);
  OH = at(words, 4), OW = at(words, 5), KH = at(words, 6), KW = at(words, 7);
  strideRows = at(words, 8), strideColumns = at(words, 9);
  above = at(words, 10), left = at(words, 11);
}

// Rows y0 … y1 and columns x0 … x1 of the input that one window covers, and its corner, which may lie outside.
let top: i32 = 0, corner: i32 = 0, y0: i32 = 0, y1: i32 = 0, x0: i32 = 0, x1: i32 = 0;

// @ts-ignore: decorator
@inline
function windowRows(oy: i32): void {
  top = oy * strideRows - above;
  y0 = max(top, 0), y1 = min(top + KH, H);
}

// @ts-ignore: decorator
@inline
function windowColumns(ox: i32): void {
  corner = ox * strideColumns - left;
  x0 = max(corner, 0), x1 = min(corner + KW, W);
}

// The maximum of one window at a vector of channels, or at one channel (`lanes` 1), and the number of its cell.
let best: v128 = i32x4.splat(0), winner: v128 = i32x4.splat(0);

// @ts-ignore: decorator
@inline
function loadLanes(at: usize, lanes: i32): v128 {
  return lanes == 4 ? v128.load(at) : v128.load32_splat(at);
}

// @ts-ignore: decorator
@inline
function storeLanes(at: usize, value: v128, lanes: i32): void {
  if (lanes == 4) v128.store(at, value);
  else v128.store32_lane(at, value, 0);
}

// @ts-ignore: decorator
@inline
function maximum(image: usize, channel: i32, lanes: i32): void {
  // Where there is no cell.
  let value = f32x4.splat(-Infinity), cell = i32x4.splat(-1);
  if (y0 < y1 && x0 < x1) {
    value = loadLanes(image + (<usize>((y0 * W + x0) * C + channel) << 2), lanes);
    cell = i32x4.splat((y0 - top) * KW + x0 - corner);
  }
  for (let y = y0; y < y1; y++) {
    let at = image + (<usize>((y * W + x0) * C + channel) << 2);
    for (let x = x0; x < x1; x++) {
      const v = loadLanes(at, lanes), number = i32x4.splat((y - top) * KW + x - corner);
      const wins = isAbove(v, value);
      value = v128.bitselect(v, value, wins), cell = v128.bitselect(number, cell, wins);
      at += <usize>C << 2;
    }
  }
  best = value, winner = cell;
}

/** Where v is the maximum from now on: the first of equal cells stays, a NaN wins over all numbers, and nothing over a NaN. */
// @ts-ignore: decorator
@inline
function isAbove(v: v128, value: v128): v128 {
  return v128.andnot(f32x4.eq(value, value), f32x4.le(v, value));
}

/** Maxima and cells of a window of 2 × 2 that lies within the image, for as many whole vectors of channels as there are. */
// @ts-ignore: decorator
@inline
function square(from: usize, out: usize, index: usize): void {
  const pixel = <usize>C << 2, row = <usize>W * pixel;
  for (let c: usize = 0; c + 16 <= pixel; c += 16) {
    const p = from + c;
    let value = v128.load(p);
    let v = v128.load(p + pixel);
    let wins = isAbove(v, value);
    value = v128.bitselect(v, value, wins);
    let cell = v128.and(wins, i32x4.splat(1));
    v = v128.load(p + row);
    wins = isAbove(v, value);
    value = v128.bitselect(v, value, wins), cell = v128.bitselect(i32x4.splat(2), cell, wins);
    v = v128.load(p + row + pixel);
    wins = isAbove(v, value);
    v128.store(out + c, v128.bitselect(v, value, wins));
    v128.store(index + c, v128.bitselect(i32x4.splat(3), cell, wins));
  }
}

/** Operands x, out, index. */
export function maxPool2d(args: usize, thread: i32, threads: i32): void {
  readWords(openEpilogue(args, 1, thread));
  const x = operand(args, 0);
  const end = shareStart(images * OH, thread + 1, threads, 1);
  for (let row = shareStart(images * OH, thread, threads, 1); row < end; row++) {
    const n = row / OH;
    const image = x + (<usize>(n * H * W * C) << 2);
    windowRows(row - n * OH);
    let to = <usize>(row * OW * C) << 2;
    for (let ox = 0; ox < OW; ox++) {
      windowColumns(ox);
      let c = 0;
      if (KH == 2 && KW == 2 && y1 - y0 == 2 && x1 - x0 == 2) {
        square(image + (<usize>((y0 * W + x0) * C) << 2), operand(args, 1) + to, operand(args, 2) + to);
        c = C & ~3, to += <usize>c << 2;
      }
      for (; c + 4 <= C; c += 4, to += 16) {
        maximum(image, c, 4);
        storeLanes(operand(args, 1) + to, best, 4), storeLanes(operand(args, 2) + to, winner, 4);
      }
      for (; c < C; c++, to += 4) {
        maximum(image, c, 1);
        storeLanes(operand(args, 1) + to, best, 1), storeLanes(operand(args, 2) + to, winner, 1);
      }
    }
    finish(operand(args, 1) + (<usize>(row * OW * C) << 2), OW, <usize>C << 2, C);
  }
}

// Windows that the input pixel (y, x) lies in: rows oy0 … oy1, columns ox0 … ox1.
let oy0: i32 = 0, oy1: i32 = 0, ox0: i32 = 0, ox1: i32 = 0;

/** The first window that reaches `at`, the padding included. */
// @ts-ignore: decorator
@inline
function firstWindow(at: i32, window: i32, stride: i32): i32 {
  return max(0, (at - window + stride) / stride);
}

/** Σ of g over the windows around (y, x) whose maximum it is. */
// @ts-ignore: decorator
@inline
function gathered(g: usize, index: usize, y: i32, x: i32, channel: i32, lanes: i32): v128 {
  let sum = f32x4.splat(0);
  for (let oy = oy0; oy < oy1; oy++) {
    for (let ox = ox0; ox < ox1; ox++) {
      const at = <usize>((oy * OW + ox) * C + channel) << 2;
      const number = (y - oy * strideRows + above) * KW + x - ox * strideColumns + left;
      const wins = i32x4.eq(loadLanes(index + at, lanes), i32x4.splat(number));
      sum = f32x4.add(sum, v128.and(loadLanes(g + at, lanes), wins));
    }
  }
  return sum;
}

/** Σ of g over the windows around (y, x). */
// @ts-ignore: decorator
@inline
function summed(g: usize, channel: i32, lanes: i32): v128 {
  let sum = f32x4.splat(0);
  for (let oy = oy0; oy < oy1; oy++) {
    for (let ox = ox0; ox < ox1; ox++) {
      sum = f32x4.add(sum, loadLanes(g + (<usize>((oy * OW + ox) * C + channel) << 2), lanes));
    }
  }
  return f32x4.div(sum, f32x4.splat(<f32>(KH * KW)));
}

/** One row of the gradient where windows lie side by side: every pixel has at most one, at known places. */
function disjointRow(g: usize, index: usize, y: i32, to: usize): void {
  const oy = y / KH;
  const covered = oy < OH ? min(OW * KW, W) : 0;
  const first = (y - oy * KH) * KW;
  let at = <usize>(oy * OW * C) << 2;
  for (let x = 0; x < covered; x += KW) {
    for (let cell = first; cell < first + KW; cell++) {
      const number = i32x4.splat(cell);
      let c: usize = 0;
      const bytes = <usize>C << 2;
      for (; c + 16 <= bytes; c += 16) {
        v128.store(to + c, v128.and(v128.load(g + at + c), i32x4.eq(v128.load(index + at + c), number)));
      }
      for (; c < bytes; c += 4) store<f32>(to + c, load<i32>(index + at + c) == cell ? load<f32>(g + at + c) : 0);
      to += bytes;
    }
    at += <usize>C << 2;
  }
  memory.fill(to, 0, <usize>((W - covered) * C) << 2);
}

/** Operands g, index, out. */
export function maxPool2dGrad(args: usize, thread: i32, threads: i32): void {
  readWords(openEpilogue(args, 2, thread));
  const disjoint = KH == strideRows && KW == strideColumns && (above | left) == 0 && OH * KH <= H && OW * KW <= W;
  const end = shareStart(images * H, thread + 1, threads, 1);
  for (let row = shareStart(images * H, thread, threads, 1); row < end; row++) {
    const n = row / H, y = row - n * H;
    const image = <usize>(n * OH * OW * C) << 2;
    const g = operand(args, 0) + image, index = operand(args, 1) + image;
    let to = operand(args, 2) + (<usize>(row * W * C) << 2);
    if (disjoint) {
      disjointRow(g, index, y, to);
      finish(to, W, <usize>C << 2, C);
      continue;
    }
    oy0 = firstWindow(y + above, KH, strideRows), oy1 = min(OH, (y + above) / strideRows + 1);
    for (let x = 0; x < W; x++) {
      ox0 = firstWindow(x + left, KW, strideColumns), ox1 = min(OW, (x + left) / strideColumns + 1);
      let c = 0;
      for (; c + 4 <= C; c += 4, to += 16) v128.store(to, gathered(g, index, y, x, c, 4));
      for (; c < C; c++, to += 4) v128.store32_lane(to, gathered(g, index, y, x, c, 1), 0);
    }
    finish(operand(args, 2) + (<usize>(row * W * C) << 2), W, <usize>C << 2, C);
  }
}

/** Operands x, index, out: x at each window's index, 0 where there is none. */
export function maxPool2dGather(args: usize, thread: i32, threads: i32): void {
  readWords(args + 12);
  const end = shareStart(images * OH, thread + 1, threads, 1);
  for (let row = shareStart(images * OH, thread, threads, 1); row < end; row++) {
    const n = row / OH;
    const image = operand(args, 0) + (<usize>(n * H * W * C) << 2);
    windowRows(row - n * OH);
    let at = <usize>(row * OW * C) << 2;
    for (let ox = 0; ox < OW; ox++) {
      windowColumns(ox);
      for (let c = 0; c < C; c++, at += 4) {
        const number = load<i32>(operand(args, 1) + at);
        const y = top + number / KW, x = corner + number % KW;
        const inside = number >= 0 && number < KH * KW && y >= 0 && y < H && x >= 0 && x < W;
        store<f32>(operand(args, 2) + at, inside ? load<f32>(image + (<usize>((y * W + x) * C + c) << 2)) : 0);
      }
    }
  }
}

/** More are added in f64. */
const FEW_CELLS: i32 = 64;

function averageOfMany(image: usize, channel: i32, lanes: i32): v128 {
  let low = f64x2.splat(0), high = low;
  for (let y = y0; y < y1; y++) {
    let at = image + (<usize>((y * W + x0) * C + channel) << 2);
    for (let x = x0; x < x1; x++) {
      const v = loadLanes(at, lanes);
      low = f64x2.add(low, f64x2.promote_low_f32x4(v));
      high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 0, 1)));
      at += <usize>C << 2;
    }
  }
  const cells = f64x2.splat(<f64>(KH * KW));
  const left = f32x4.demote_f64x2_zero(f64x2.div(low, cells)), right = f32x4.demote_f64x2_zero(f64x2.div(high, cells));
  return v128.shuffle<i32>(left, right, 0, 1, 4, 5);
}

// @ts-ignore: decorator
@inline
function average(image: usize, channel: i32, lanes: i32): v128 {
  if ((y1 - y0) * (x1 - x0) > FEW_CELLS) return averageOfMany(image, channel, lanes);
  let sum = f32x4.splat(0);
  for (let y = y0; y < y1; y++) {
    let at = image + (<usize>((y * W + x0) * C + channel) << 2);
    for (let x = x0; x < x1; x++) {
      sum = f32x4.add(sum, loadLanes(at, lanes));
      at += <usize>C << 2;
    }
  }
  return f32x4.div(sum, f32x4.splat(<f32>(KH * KW)));
}

/** Operands x, out. Divides by KH · KW: padding counts as zeros. */
export function avgPool2d(args: usize, thread: i32, threads: i32): void {
  readWords(openEpilogue(args, 1, thread));
  const end = shareStart(images * OH, thread + 1, threads, 1);
  for (let row = shareStart(images * OH, thread, threads, 1); row < end; row++) {
    const n = row / OH;
    const image = operand(args, 0) + (<usize>(n * H * W * C) << 2);
    windowRows(row - n * OH);
    let to = operand(args, 1) + (<usize>(row * OW * C) << 2);
    for (let ox = 0; ox < OW; ox++) {
      windowColumns(ox);
      let c = 0;
      for (; c + 4 <= C; c += 4, to += 16) v128.store(to, average(image, c, 4));
      for (; c < C; c++, to += 4) v128.store32_lane(to, average(image, c, 1), 0);
    }
    finish(operand(args, 1) + (<usize>(row * OW * C) << 2), OW, <usize>C << 2, C);
  }
}

/** Operands g, out. */
export function avgPool2dGrad(args: usize, thread: i32, threads: i32): void {
  readWords(openEpilogue(args, 1, thread));
  const end = shareStart(images * H, thread + 1, threads, 1);
  for (let row = shareStart(images * H, thread, threads, 1); row < end; row++) {
    const n = row / H, y = row - n * H;
    const g = operand(args, 0) + (<usize>(n * OH * OW * C) << 2);
    let to = operand(args, 1) + (<usize>(row * W * C) << 2);
    oy0 = firstWindow(y + above, KH, strideRows), oy1 = min(OH, (y + above) / strideRows + 1);
    for (let x = 0; x < W; x++) {
      ox0 = firstWindow(x + left, KW, strideColumns), ox1 = min(OW, (x + left) / strideColumns + 1);
      let c = 0;
      for (; c + 4 <= C; c += 4, to += 16) v128.store(to, summed(g, c, 4));
      for (; c < C; c++, to += 4) v128.store32_lane(to, summed(g, c, 1), 0);
    }
    finish(operand(args, 1) + (<usize>(row * W * C) << 2), W, <usize>C << 2, C);
  }
}
