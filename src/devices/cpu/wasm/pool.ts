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

/**
 * How many windows, from this one on, cover as many columns and lie a pixel apart: their channels are walked as if they
 * were those of one window.
 */
// @ts-ignore: decorator
@inline
function alikeFrom(ox: i32): i32 {
  return strideColumns == 1 && x1 - x0 == KW ? min(OW, W - KW + left + 1) - ox : 1;
}

/** Channels whose vectors go side by side: what a loop costs is shared, and no sum waits for the one before. */
const BLOCK: i32 = 16;

/** The first `lanes` lanes. What is loaded of a vector beyond them is not theirs, and may be. */
// @ts-ignore: decorator
@inline
function storeLanes(at: usize, value: v128, lanes: i32): void {
  if (lanes >= 4) {
    v128.store(at, value);
    return;
  }
  v128.store32_lane(at, value, 0);
  if (lanes > 1) v128.store32_lane(at, value, 1, 4);
  if (lanes > 2) v128.store32_lane(at, value, 2, 8);
}

/** Where the window's first cell in the image lies, at a channel. */
// @ts-ignore: decorator
@inline
function firstCell(image: usize, channel: i32): usize {
  return image + (<usize>((y0 * W + x0) * C + channel) << 2);
}

/** Maxima of one window and the numbers of their cells: of a vector of channels, of which `lanes` are there. */
function maximum(image: usize, channel: i32, out: usize, index: usize, lanes: i32): void {
  // Where there is no cell.
  let value = f32x4.splat(-Infinity), cell = i32x4.splat(-1);
  if (y0 < y1 && x0 < x1) {
    value = v128.load(firstCell(image, channel));
    cell = i32x4.splat((y0 - top) * KW + x0 - corner);
  }
  let from = firstCell(image, channel);
  for (let y = y0; y < y1; y++) {
    let at = from, number = (y - top) * KW + x0 - corner;
    for (let x = x0; x < x1; x++) {
      const v = v128.load(at);
      const wins = isAbove(v, value);
      value = v128.bitselect(v, value, wins), cell = v128.bitselect(i32x4.splat(number), cell, wins);
      at += <usize>C << 2, number++;
    }
    from += <usize>(W * C) << 2;
  }
  storeLanes(out, value, lanes), storeLanes(index, cell, lanes);
}

/** The same of a block, where there are cells. */
function maxima(from: usize, out: usize, index: usize): void {
  const pixel = <usize>C << 2, row = <usize>W * pixel;
  let a = v128.load(from), b = v128.load(from, 16), c = v128.load(from, 32), d = v128.load(from, 48);
  let cellA = i32x4.splat((y0 - top) * KW + x0 - corner), cellB = cellA, cellC = cellA, cellD = cellA;
  for (let y = y0; y < y1; y++) {
    let at = from, number = (y - top) * KW + x0 - corner;
    for (let x = x0; x < x1; x++) {
      const cell = i32x4.splat(number);
      let v = v128.load(at), wins = isAbove(v, a);
      a = v128.bitselect(v, a, wins), cellA = v128.bitselect(cell, cellA, wins);
      v = v128.load(at, 16), wins = isAbove(v, b);
      b = v128.bitselect(v, b, wins), cellB = v128.bitselect(cell, cellB, wins);
      v = v128.load(at, 32), wins = isAbove(v, c);
      c = v128.bitselect(v, c, wins), cellC = v128.bitselect(cell, cellC, wins);
      v = v128.load(at, 48), wins = isAbove(v, d);
      d = v128.bitselect(v, d, wins), cellD = v128.bitselect(cell, cellD, wins);
      at += pixel, number++;
    }
    from += row;
  }
  v128.store(out, a), v128.store(out, b, 16), v128.store(out, c, 32), v128.store(out, d, 48);
  v128.store(index, cellA), v128.store(index, cellB, 16), v128.store(index, cellC, 32), v128.store(index, cellD, 48);
}

/** Where v is the maximum from now on: the first of equal cells stays, a NaN wins over all numbers, and nothing over a NaN. */
// @ts-ignore: decorator
@inline
function isAbove(v: v128, value: v128): v128 {
  return v128.andnot(f32x4.eq(value, value), f32x4.le(v, value));
}

/** Maxima and cells of a window of 2 × 2 that lies within the image, for as many whole vectors as `bytes` has. */
// @ts-ignore: decorator
@inline
function square(from: usize, bytes: usize, out: usize, index: usize): void {
  const pixel = <usize>C << 2, row = <usize>W * pixel;
  for (let c: usize = 0; c + 16 <= bytes; c += 16) {
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
    let out = operand(args, 1) + (<usize>(row * OW * C) << 2), index = operand(args, 2) + (<usize>(row * OW * C) << 2);
    for (let ox = 0, like = 1; ox < OW; ox += like) {
      windowColumns(ox);
      like = alikeFrom(ox);
      const channels = like * C;
      let c = 0;
      if (y0 < y1 && x0 < x1) {
        if (KH == 2 && KW == 2 && y1 - y0 == 2 && x1 - x0 == 2) {
          square(firstCell(image, 0), <usize>channels << 2, out, index);
          c = channels & ~3;
        }
        for (; c + BLOCK <= channels; c += BLOCK) {
          maxima(firstCell(image, c), out + (<usize>c << 2), index + (<usize>c << 2));
        }
      }
      for (; c < channels; c += 4) maximum(image, c, out + (<usize>c << 2), index + (<usize>c << 2), channels - c);
      out += <usize>channels << 2, index += <usize>channels << 2;
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

// @ts-ignore: decorator
@inline
function windowsAround(x: i32): void {
  ox0 = firstWindow(x + left, KW, strideColumns), ox1 = min(OW, (x + left) / strideColumns + 1);
}

/** As `alikeFrom`: how many pixels, from x on, lie in as many columns of windows, a window apart. */
// @ts-ignore: decorator
@inline
function alikeAround(x: i32): i32 {
  return strideColumns == 1 && ox1 - ox0 == KW ? min(W, OW - left) - x : 1;
}

/** Σ of g over the windows around (y, x) whose maximum it is, of a vector of channels. */
function gathered(g: usize, index: usize, y: i32, x: i32, to: usize, lanes: i32): void {
  let sum = f32x4.splat(0);
  for (let oy = oy0; oy < oy1; oy++) {
    let at = <usize>((oy * OW + ox0) * C) << 2;
    let number = (y - oy * strideRows + above) * KW + x - ox0 * strideColumns + left;
    for (let ox = ox0; ox < ox1; ox++) {
      const wins = i32x4.eq(v128.load(index + at), i32x4.splat(number));
      sum = f32x4.add(sum, v128.and(v128.load(g + at), wins));
      at += <usize>C << 2, number -= strideColumns;
    }
  }
  storeLanes(to, sum, lanes);
}

/** The same of a block. */
function gatheredBlock(g: usize, index: usize, y: i32, x: i32, to: usize): void {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (let oy = oy0; oy < oy1; oy++) {
    const offset = <usize>((oy * OW + ox0) * C) << 2;
    let p = index + offset, q = g + offset;
    let number = (y - oy * strideRows + above) * KW + x - ox0 * strideColumns + left;
    for (let ox = ox0; ox < ox1; ox++) {
      const cell = i32x4.splat(number);
      a = f32x4.add(a, v128.and(v128.load(q), i32x4.eq(v128.load(p), cell)));
      b = f32x4.add(b, v128.and(v128.load(q, 16), i32x4.eq(v128.load(p, 16), cell)));
      c = f32x4.add(c, v128.and(v128.load(q, 32), i32x4.eq(v128.load(p, 32), cell)));
      d = f32x4.add(d, v128.and(v128.load(q, 48), i32x4.eq(v128.load(p, 48), cell)));
      p += <usize>C << 2, q += <usize>C << 2, number -= strideColumns;
    }
  }
  v128.store(to, a), v128.store(to, b, 16), v128.store(to, c, 32), v128.store(to, d, 48);
}

/** The sum of the `rows` × `columns` vectors from `from` on, of pixels that lie in rows of `width`. */
// @ts-ignore: decorator
@inline
function summed(from: usize, rows: i32, columns: i32, width: i32): v128 {
  let sum = f32x4.splat(0);
  for (let y = rows; y > 0; y--) {
    let at = from;
    for (let x = columns; x > 0; x--) {
      sum = f32x4.add(sum, v128.load(at));
      at += <usize>C << 2;
    }
    from += <usize>(width * C) << 2;
  }
  return sum;
}

/** The share of a cell in the sum of the same pixels, for a block. */
function sharesOf(from: usize, rows: i32, columns: i32, width: i32, to: usize): void {
  const pixel = <usize>C << 2, row = <usize>width * pixel;
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (let y = rows; y > 0; y--) {
    let at = from;
    for (let x = columns; x > 0; x--) {
      a = f32x4.add(a, v128.load(at)), b = f32x4.add(b, v128.load(at, 16));
      c = f32x4.add(c, v128.load(at, 32)), d = f32x4.add(d, v128.load(at, 48));
      at += pixel;
    }
    from += row;
  }
  const cells = f32x4.splat(<f32>(KH * KW));
  v128.store(to, f32x4.div(a, cells)), v128.store(to, f32x4.div(b, cells), 16);
  v128.store(to, f32x4.div(c, cells), 32), v128.store(to, f32x4.div(d, cells), 48);
}

/** Shares of so many channels. */
function shares(from: usize, rows: i32, columns: i32, width: i32, to: usize, channels: i32): void {
  let c = 0;
  for (; c + BLOCK <= channels; c += BLOCK) sharesOf(from + (<usize>c << 2), rows, columns, width, to + (<usize>c << 2));
  const cells = f32x4.splat(<f32>(KH * KW));
  for (; c < channels; c += 4) {
    const offset = <usize>c << 2;
    storeLanes(to + offset, f32x4.div(summed(from + offset, rows, columns, width), cells), channels - c);
  }
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
    for (let x = 0, like = 1; x < W; x += like) {
      windowsAround(x);
      like = alikeAround(x);
      let c: usize = 0;
      const bytes = <usize>(like * C) << 2;
      for (; c + 4 * BLOCK <= bytes; c += 4 * BLOCK) gatheredBlock(g + c, index + c, y, x, to + c);
      for (; c < bytes; c += 16) gathered(g + c, index + c, y, x, to + c, <i32>(bytes - c) >> 2);
      to += bytes;
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

/** The mean of one window, of a vector of channels. */
function averageOfMany(image: usize, channel: i32): v128 {
  let low = f64x2.splat(0), high = low;
  for (let y = y0; y < y1; y++) {
    let at = image + (<usize>((y * W + x0) * C + channel) << 2);
    for (let x = x0; x < x1; x++) {
      const v = v128.load(at);
      low = f64x2.add(low, f64x2.promote_low_f32x4(v));
      high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 0, 1)));
      at += <usize>C << 2;
    }
  }
  const cells = f64x2.splat(<f64>(KH * KW));
  const left = f32x4.demote_f64x2_zero(f64x2.div(low, cells)), right = f32x4.demote_f64x2_zero(f64x2.div(high, cells));
  return v128.shuffle<i32>(left, right, 0, 1, 4, 5);
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
    for (let ox = 0, like = 1; ox < OW; ox += like) {
      windowColumns(ox);
      like = alikeFrom(ox);
      const channels = like * C;
      if ((y1 - y0) * (x1 - x0) <= FEW_CELLS) shares(firstCell(image, 0), y1 - y0, x1 - x0, W, to, channels);
      else for (let c = 0; c < channels; c += 4) storeLanes(to + (<usize>c << 2), averageOfMany(image, c), channels - c);
      to += <usize>channels << 2;
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
    for (let x = 0, like = 1; x < W; x += like) {
      windowsAround(x);
      like = alikeAround(x);
      shares(g + (<usize>((oy0 * OW + ox0) * C) << 2), oy1 - oy0, ox1 - ox0, OW, to, like * C);
      to += <usize>(like * C) << 2;
    }
    finish(operand(args, 1) + (<usize>(row * W * C) << 2), W, <usize>C << 2, C);
  }
}
