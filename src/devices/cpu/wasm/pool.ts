/**
 * Pooling over NHWC, vectorised over channels. Gradients gather: each input pixel visits the windows it lies in, in
 * a fixed order, so there is nothing to race for. Words of all: those of the epilogue (epilogue.ts), which `maxPool2dGather`
 * has none of; N, H, W, C, OH, OW, KH, KW, stride rows, columns, padding above, left, dilation rows, columns. Strides are 0
 * where windows are bins (ops/pool.ts), of at most KH × KW cells.
 */
import { finish, openEpilogue } from "./epilogue";
import { at, operand, shareStart } from "./threads";

let H: i32 = 0, W: i32 = 0, C: i32 = 0, OH: i32 = 0, OW: i32 = 0, KH: i32 = 0, KW: i32 = 0;
let strideRows: i32 = 0, strideColumns: i32 = 0, above: i32 = 0, left: i32 = 0;
let images: i32 = 0, dilationRows: i32 = 1, dilationColumns: i32 = 1;
/** Bytes from one cell of a window to the next of its row, and to the one below. */
let cellBytes: usize = 0, lineBytes: usize = 0;
/** By which a sum of the present window is divided. */
let cells: i32 = 1;
/** Whether the windows around a pixel are no rectangle of neighbours, or not of one size: bins, or cells that lie apart. */
let isSpread: bool = false;

function readWords(words: usize): void {
  images = at(words, 0), H = at(words, 1), W = at(words, 2), C = at(words, 3);
  OH = at(words, 4), OW = at(words, 5), KH = at(words, 6), KW = at(words, 7);
  strideRows = at(words, 8), strideColumns = at(words, 9);
  above = at(words, 10), left = at(words, 11);
  dilationRows = at(words, 12), dilationColumns = at(words, 13);
  cellBytes = <usize>(dilationColumns * C) << 2, lineBytes = <usize>(dilationRows * W * C) << 2;
  cells = KH * KW, isSpread = strideRows == 0 || (dilationRows | dilationColumns) > 1;
}

// Where one window begins, which may lie outside, and its rows y0 … y1 and columns x0 … x1 of cells that lie inside.
let top: i32 = 0, corner: i32 = 0, y0: i32 = 0, y1: i32 = 0, x0: i32 = 0, x1: i32 = 0;

/** ⌈a / b⌉ for a of 0 or more, below 1 for others. Mostly b is 1, and a division takes as long as a cell. */
// @ts-ignore: decorator
@inline
function ceilOf(a: i32, b: i32): i32 {
  return b == 1 ? a : (a + b - 1) / b;
}

// @ts-ignore: decorator
@inline
function windowRows(oy: i32): void {
  top = strideRows == 0 ? oy * H / OH : oy * strideRows - above;
  y0 = ceilOf(max(-top, 0), dilationRows);
  y1 = strideRows == 0 ? ceilOf((oy + 1) * H, OH) - top : min(KH, ceilOf(H - top, dilationRows));
}

// @ts-ignore: decorator
@inline
function windowColumns(ox: i32): void {
  corner = strideColumns == 0 ? ox * W / OW : ox * strideColumns - left;
  x0 = ceilOf(max(-corner, 0), dilationColumns);
  x1 = strideColumns == 0 ? ceilOf((ox + 1) * W, OW) - corner : min(KW, ceilOf(W - corner, dilationColumns));
  if (strideColumns == 0) cells = y1 * x1;
}

/**
 * How many windows, from this one on, cover as many columns and lie a pixel apart: their channels are walked as if they
 * were those of one window.
 */
// @ts-ignore: decorator
@inline
function alikeFrom(ox: i32): i32 {
  return strideColumns == 1 && x1 - x0 == KW ? min(OW, W - (KW - 1) * dilationColumns + left) - ox : 1;
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

/** Where the window's first cell in the image lies. */
// @ts-ignore: decorator
@inline
function firstCell(image: usize): usize {
  return image + (<usize>(((top + y0 * dilationRows) * W + corner + x0 * dilationColumns) * C) << 2);
}

/** Maxima of one window and the numbers of their cells: of a vector of channels, of which `lanes` are there. */
function maximum(from: usize, out: usize, index: usize, lanes: i32): void {
  // Where there is no cell.
  let value = f32x4.splat(-Infinity), cell = i32x4.splat(-1);
  if (y0 < y1 && x0 < x1) {
    value = v128.load(from);
    cell = i32x4.splat(y0 * KW + x0);
  }
  for (let y = y0; y < y1; y++) {
    let at = from, number = y * KW + x0;
    for (let x = x0; x < x1; x++) {
      const v = v128.load(at);
      const wins = isAbove(v, value);
      value = v128.bitselect(v, value, wins), cell = v128.bitselect(i32x4.splat(number), cell, wins);
      at += cellBytes, number++;
    }
    from += lineBytes;
  }
  storeLanes(out, value, lanes), storeLanes(index, cell, lanes);
}

/** The same of a block, where there are cells. */
function maxima(from: usize, out: usize, index: usize): void {
  const pixel = cellBytes, row = lineBytes;
  let a = v128.load(from), b = v128.load(from, 16), c = v128.load(from, 32), d = v128.load(from, 48);
  let cellA = i32x4.splat(y0 * KW + x0), cellB = cellA, cellC = cellA, cellD = cellA;
  for (let y = y0; y < y1; y++) {
    let at = from, number = y * KW + x0;
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
  const pixel = cellBytes, row = lineBytes;
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
      const channels = like * C, from = firstCell(image);
      let c = 0;
      if (y0 < y1 && x0 < x1) {
        if (KH == 2 && KW == 2 && y1 - y0 == 2 && x1 - x0 == 2) {
          square(from, <usize>channels << 2, out, index);
          c = channels & ~3;
        }
        for (; c + BLOCK <= channels; c += BLOCK) {
          maxima(from + (<usize>c << 2), out + (<usize>c << 2), index + (<usize>c << 2));
        }
      }
      for (; c < channels; c += 4) {
        maximum(from + (<usize>c << 2), out + (<usize>c << 2), index + (<usize>c << 2), channels - c);
      }
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

/** The sum of the `rows` × `columns` vectors from `from` on: a pixel of theirs lies `row` bytes behind the one above. */
// @ts-ignore: decorator
@inline
function summed(from: usize, rows: i32, columns: i32, row: usize): v128 {
  let sum = f32x4.splat(0);
  for (let y = rows; y > 0; y--) {
    let at = from;
    for (let x = columns; x > 0; x--) {
      sum = f32x4.add(sum, v128.load(at));
      at += cellBytes;
    }
    from += row;
  }
  return sum;
}

/** The share of a cell in the sum of the same pixels, for a block. */
function sharesOf(from: usize, rows: i32, columns: i32, row: usize, to: usize): void {
  const pixel = cellBytes;
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
  const by = f32x4.splat(<f32>cells);
  v128.store(to, f32x4.div(a, by)), v128.store(to, f32x4.div(b, by), 16);
  v128.store(to, f32x4.div(c, by), 32), v128.store(to, f32x4.div(d, by), 48);
}

/** Shares of so many channels. */
function shares(from: usize, rows: i32, columns: i32, row: usize, to: usize, channels: i32): void {
  let c = 0;
  for (; c + BLOCK <= channels; c += BLOCK) sharesOf(from + (<usize>c << 2), rows, columns, row, to + (<usize>c << 2));
  const by = f32x4.splat(<f32>cells);
  for (; c < channels; c += 4) {
    const offset = <usize>c << 2;
    storeLanes(to + offset, f32x4.div(summed(from + offset, rows, columns, row), by), channels - c);
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

/** Adds g, where `index` is `number`, to as many channels: its share where there is no index. */
function addTo(to: usize, g: usize, index: usize, number: i32, channels: i32): void {
  const cell = i32x4.splat(number), by = f32x4.splat(<f32>cells);
  for (let c = 0; c < channels; c += 4) {
    const offset = <usize>c << 2;
    let v = v128.load(g + offset);
    v = index == 0 ? f32x4.div(v, by) : v128.and(v, i32x4.eq(v128.load(index + offset), cell));
    storeLanes(to + offset, f32x4.add(v128.load(to + offset), v), channels - c);
  }
}

/** One row of the gradient of such windows: each window is added to the cells that it has there. */
function spreadRow(g: usize, index: usize, y: i32, to: usize): void {
  memory.fill(to, 0, <usize>(W * C) << 2);
  if (strideRows == 0) oy0 = y * OH / H, oy1 = ceilOf((y + 1) * OH, H);
  else oy0 = firstWindow(y + above, (KH - 1) * dilationRows + 1, strideRows), oy1 = min(OH, (y + above) / strideRows + 1);
  for (let oy = oy0; oy < oy1; oy++) {
    windowRows(oy);
    const row = (y - top) / dilationRows;
    if (row * dilationRows != y - top) continue;
    let at = <usize>(oy * OW * C) << 2;
    for (let ox = 0, like = 1; ox < OW; ox += like) {
      windowColumns(ox);
      like = alikeFrom(ox);
      let pixel = to + (<usize>((corner + x0 * dilationColumns) * C) << 2);
      for (let x = x0; x < x1; x++) {
        addTo(pixel, g + at, index == 0 ? 0 : index + at, row * KW + x, like * C);
        pixel += cellBytes;
      }
      at += <usize>(like * C) << 2;
    }
  }
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
    if (isSpread || disjoint) {
      if (isSpread) spreadRow(g, index, y, to);
      else disjointRow(g, index, y, to);
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
        const y = top + number / KW * dilationRows, x = corner + number % KW * dilationColumns;
        const inside = number >= 0 && number < KH * KW && y >= 0 && y < H && x >= 0 && x < W;
        store<f32>(operand(args, 2) + at, inside ? load<f32>(image + (<usize>((y * W + x) * C + c) << 2)) : 0);
      }
    }
  }
}

/** More are added in f64. */
const FEW_CELLS: i32 = 64;

/** The mean of one window, of a vector of channels. */
function averageOfMany(from: usize): v128 {
  let low = f64x2.splat(0), high = low;
  for (let y = y0; y < y1; y++) {
    let at = from;
    for (let x = x0; x < x1; x++) {
      const v = v128.load(at);
      low = f64x2.add(low, f64x2.promote_low_f32x4(v));
      high = f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 0, 1)));
      at += cellBytes;
    }
    from += lineBytes;
  }
  const by = f64x2.splat(<f64>cells);
  const left = f32x4.demote_f64x2_zero(f64x2.div(low, by)), right = f32x4.demote_f64x2_zero(f64x2.div(high, by));
  return v128.shuffle<i32>(left, right, 0, 1, 4, 5);
}

/** Operands x, out. Divides by KH · KW, so that padding counts as zeros, or by the cells of a bin. */
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
      const channels = like * C, from = firstCell(image);
      if ((y1 - y0) * (x1 - x0) <= FEW_CELLS) shares(from, y1 - y0, x1 - x0, lineBytes, to, channels);
      else for (let c = 0; c < channels; c += 4) {
        const offset = <usize>c << 2;
        storeLanes(to + offset, averageOfMany(from + offset), channels - c);
      }
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
    if (isSpread) {
      spreadRow(g, 0, y, to);
      finish(to, W, <usize>C << 2, C);
      continue;
    }
    oy0 = firstWindow(y + above, KH, strideRows), oy1 = min(OH, (y + above) / strideRows + 1);
    for (let x = 0, like = 1; x < W; x += like) {
      windowsAround(x);
      like = alikeAround(x);
      shares(g + (<usize>((oy0 * OW + ox0) * C) << 2), oy1 - oy0, ox1 - ox0, <usize>(OW * C) << 2, to, like * C);
      to += <usize>(like * C) << 2;
    }
    finish(operand(args, 1) + (<usize>(row * W * C) << 2), W, <usize>C << 2, C);
  }
}
