/**
 * Convolution of each channel by a filter of its own, and its gradient with respect to the input: as many groups as
 * channels, so there is no sum over channels and no product of matrices. Vectors run over neighbouring channels; a
 * tile is four results of a row, which share what is loaded of the filter. Few operations an element: what counts is
 * that x is read where it lies, so the edges are no padding but results of their own (`result`), with fewer taps.
 *
 * The gradient is the same row by row: a pixel gathers from g, the taps turned round, each phase of the stride (see
 * conv.ts) as every stride-th pixel of a row. Threads take rows, each of which is made by one of them alone.
 */
import { phaseLength, phaseStart, phaseTaps } from "./conv-phases";
import { finish, openEpilogue } from "./epilogue";
import { madd } from "./math";
import { operand, shareStart, word } from "./threads";

// The row at hand. A result sees taps [rows][columns] of the source, from a corner that moves `stride` pixels from
// one result to the next. Steps are bytes: between pixels and rows of the source, taps of the filter, results.
let channels: i32 = 0, stride: i32 = 1, rows: i32 = 0, columns: i32 = 0;
let pixel: usize = 0, rowStep: usize = 0, tapRowStep: usize = 0, tapStep: usize = 0, outStep: usize = 0;

/** What the rows to come have in common. */
export function setRow(
  own: i32, apart: i32, taps: i32, pixelBytes: usize, tapRowBytes: usize, tapBytes: usize, outBytes: usize,
): void {
  channels = own, stride = apart, columns = taps, pixel = pixelBytes;
  tapRowStep = tapRowBytes, tapStep = tapBytes, outStep = outBytes;
}

/** Stores the channels of `value` from c on that there are. */
// @ts-ignore: decorator
@inline
function keep(at: usize, value: v128, c: i32): void {
  const lanes = channels - c;
  if (lanes >= 4) {
    v128.store(at, value);
    return;
  }
  v128.store32_lane(at, value, 0);
  if (lanes > 1) v128.store32_lane(at, value, 1, 4);
  if (lanes > 2) v128.store32_lane(at, value, 2, 8);
}

/** One result at `out`, of taps [rows][taps] from `x` and `w` on. */
function result(x: usize, w: usize, taps: i32, out: usize): void {
  for (let c = 0; c < channels; c += 4) {
    const at = <usize>c << 2;
    let sum = f32x4.splat(0);
    let xRow = x + at, wRow = w + at;
    for (let i = rows; i > 0; i--) {
      let p = xRow, q = wRow;
      for (let j = taps; j > 0; j--) {
        sum = madd(v128.load(p), v128.load(q), sum);
        p += pixel, q += tapStep;
      }
      xRow += rowStep, wRow += tapRowStep;
    }
    keep(out + at, sum, c);
  }
}

/** Four neighbouring results that see all columns of taps. */
function tile(x: usize, w: usize, out: usize): void {
  const s = pixel * stride;
  for (let c = 0; c < channels; c += 4) {
    const at = <usize>c << 2;
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let xRow = x + at, wRow = w + at;
    for (let i = rows; i > 0; i--) {
      let p = xRow, q = wRow;
      for (let j = columns; j > 0; j--) {
        const v = v128.load(q);
        s0 = madd(v128.load(p), v, s0);
        s1 = madd(v128.load(p + s), v, s1);
        s2 = madd(v128.load(p + s * 2), v, s2);
        s3 = madd(v128.load(p + s * 3), v, s3);
        p += pixel, q += tapStep;
      }
      xRow += rowStep, wRow += tapRowStep;
    }
    keep(out + at, s0, c);
    keep(out + outStep + at, s1, c);
    keep(out + outStep * 2 + at, s2, c);
    keep(out + outStep * 3 + at, s3, c);
  }
}

/** As `tile` for three columns of taps one pixel apart: what is loaded of x serves up to three results. */
function tile3(x: usize, w: usize, out: usize): void {
  const s = pixel;
  for (let c = 0; c < channels; c += 4) {
    const at = <usize>c << 2;
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let p = x + at, q = w + at;
    for (let i = rows; i > 0; i--) {
      const a = v128.load(q), b = v128.load(q + tapStep), d = v128.load(q + tapStep * 2);
      s0 = madd(v128.load(p), a, s0);
      let v = v128.load(p + s);
      s0 = madd(v, b, s0), s1 = madd(v, a, s1);
      v = v128.load(p + s * 2);
      s0 = madd(v, d, s0), s1 = madd(v, b, s1), s2 = madd(v, a, s2);
      v = v128.load(p + s * 3);
      s1 = madd(v, d, s1), s2 = madd(v, b, s2), s3 = madd(v, a, s3);
      v = v128.load(p + s * 4);
      s2 = madd(v, d, s2), s3 = madd(v, b, s3);
      s3 = madd(v128.load(p + s * 5), d, s3);
      p += rowStep, q += tapRowStep;
    }
    keep(out + at, s0, c);
    keep(out + outStep + at, s1, c);
    keep(out + outStep * 2 + at, s2, c);
    keep(out + outStep * 3 + at, s3, c);
  }
}

/**
 * `count` results from `out` on; the first one's corner is (top, left) of `image` [height, width], which may lie
 * outside. `taps` [tapRows, columns] begins at `w`.
 */
export function row(
  image: usize, height: i32, width: i32, top: i32, left: i32, tapRows: i32, w: usize, count: i32, out: usize,
): void {
  const firstRow = max(0, -top);
  rows = max(0, min(tapRows, height - top) - firstRow);
  rowStep = <usize>width * pixel;
  const x = image + <usize>(top + firstRow) * rowStep + <usize>left * pixel;
  w += <usize>firstRow * tapRowStep;
  // Results [first, last) see all columns of taps.
  const first = min(count, left >= 0 ? 0 : (stride - 1 - left) / stride);
  const room = width - columns - left;
  const last = max(first, min(count, room < 0 ? 0 : room / stride + 1));
  for (let j = 0; j < count; j++) {
    if (j == first && last - first >= 4) {
      const isNarrow = columns == 3 && stride == 1;
      for (; j < last; j += 4) {
        // The last tile starts earlier and makes some results again.
        const place = min(j, last - 4);
        const from = x + <usize>(place * stride) * pixel, to = out + <usize>place * outStep;
        if (isNarrow) tile3(from, w, to);
        else tile(from, w, to);
      }
      j = last - 1;
      continue;
    }
    const corner = left + j * stride;
    const skipped = max(0, -corner);
    const taps = max(0, min(columns, width - corner) - skipped);
    result(x + <usize>(j * stride + skipped) * pixel, w + <usize>skipped * tapStep, taps, out + <usize>j * outStep);
  }
}

/**
 * Operands x, w, out, what an epilogue reads. Words: those of the epilogue (epilogue.ts); N, H, W, C, KH, KW, OH, OW, stride
 * rows, columns, padding above, left.
 */
export function depthwise(args: usize, thread: i32, threads: i32): void {
  const words = openEpilogue(args, 2, thread);
  const N = word(words, 0, 0), H = word(words, 0, 1), W = word(words, 0, 2), C = word(words, 0, 3);
  const KH = word(words, 0, 4), KW = word(words, 0, 5), OH = word(words, 0, 6), OW = word(words, 0, 7);
  const above = word(words, 0, 10), left = word(words, 0, 11);
  const bytes = <usize>C << 2;
  setRow(C, word(words, 0, 9), KW, bytes, <usize>KW * bytes, bytes, bytes);
  const end = shareStart(N * OH, thread + 1, threads, 1);
  for (let item = shareStart(N * OH, thread, threads, 1); item < end; item++) {
    const n = item / OH, oy = item - n * OH;
    const image = operand(args, 0) + <usize>(n * H * W) * pixel;
    const out = operand(args, 2) + <usize>(item * OW) * pixel;
    row(image, H, W, oy * word(words, 0, 8) - above, -left, KH, operand(args, 1), OW, out);
    finish(out, OW, pixel, C);
  }
}

/** Operands g, w, out, what an epilogue reads; words: those of the epilogue, N, H, W, C, KH, KW, OH, OW, stride rows, columns, padding above, left. */
export function depthwiseInputGrad(args: usize, thread: i32, threads: i32): void {
  const words = openEpilogue(args, 2, thread);
  const N = word(words, 0, 0), H = word(words, 0, 1), W = word(words, 0, 2), C = word(words, 0, 3);
  const KH = word(words, 0, 4), KW = word(words, 0, 5), OH = word(words, 0, 6), OW = word(words, 0, 7);
  const sh = word(words, 0, 8), sw = word(words, 0, 9), above = word(words, 0, 10), left = word(words, 0, 11);
  channels = C, pixel = <usize>C << 2;
  // Turned round: from the last tap of a phase to its first.
  stride = 1, tapStep = 0 - <usize>sw * pixel, tapRowStep = 0 - <usize>(sh * KW) * pixel, outStep = <usize>sw * pixel;
  const end = shareStart(N * H, thread + 1, threads, 1);
  for (let item = shareStart(N * H, thread, threads, 1); item < end; item++) {
    const n = item / H, y = item - n * H;
    const image = operand(args, 0) + <usize>(n * OH * OW) * pixel;
    const py = (y + above) % sh, tapRows = phaseTaps(KH, py, sh);
    const top = (y + above) / sh - tapRows + 1;
    for (let px = 0; px < sw; px++) {
      columns = phaseTaps(KW, px, sw);
      const x = phaseStart(px, left, sw);
      const lastTap = (py + sh * (tapRows - 1)) * KW + px + sw * (columns - 1);
      row(
        image, OH, OW, top, (x + left - px) / sw - columns + 1, tapRows, operand(args, 1) + <usize>lastTap * pixel,
        phaseLength(W, px, left, sw), operand(args, 2) + <usize>(item * W + x) * pixel,
      );
    }
    finish(operand(args, 2) + <usize>(item * W) * pixel, W, pixel, C);
  }
}
