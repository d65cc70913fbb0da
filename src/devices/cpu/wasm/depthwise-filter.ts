/**
 * The gradient of a depthwise convolution with respect to its filter: dW[kh, kw][c] = Σ_pixels x[pixel + (kh, kw)][c] ·
 * g[pixel][c]. Vectors run over channels; three neighbouring taps share what is loaded of g. Rows of windows are cut
 * into `chunks` by their number alone; each chunk has its own sums, which are added in a fixed order at the end. So
 * the bits do not depend on the threads.
 */
import { addChunks } from "./conv-filter";
import { tileStart } from "./gemm";
import { madd } from "./math";
import { barrier, operand, shareStart, word } from "./threads";

/** Windows whose sums are made for all channels before the next ones: x and g stay in the first-level cache. */
const BLOCK: i32 = 16;

// The row of windows at hand: channels, bytes of a pixel and from window to window.
let channels: i32 = 0;
let pixel: usize = 0, step: usize = 0;

/** sums[c] += Σ x · g over `count` windows, one tap, at most four channels from c on. */
// @ts-ignore: decorator
@inline
function tap(x: usize, g: usize, count: i32, to: usize, lanes: i32): void {
  let sum = v128.load(to);
  for (; count > 0; count--) {
    sum = madd(v128.load(x), v128.load(g), sum);
    x += step, g += pixel;
  }
  if (lanes >= 4) v128.store(to, sum);
  else {
    v128.store32_lane(to, sum, 0);
    if (lanes > 1) v128.store32_lane(to, sum, 1, 4);
    if (lanes > 2) v128.store32_lane(to, sum, 2, 8);
  }
}

/** As `tap` for three neighbouring taps and eight channels. */
function taps3(x: usize, g: usize, count: i32, to: usize): void {
  const s = pixel;
  let a0 = v128.load(to), b0 = v128.load(to, 16);
  let a1 = v128.load(to + s), b1 = v128.load(to + s, 16);
  let a2 = v128.load(to + s * 2), b2 = v128.load(to + s * 2, 16);
  for (; count > 0; count--) {
    const u = v128.load(g), v = v128.load(g, 16);
    a0 = madd(v128.load(x), u, a0), b0 = madd(v128.load(x, 16), v, b0);
    a1 = madd(v128.load(x + s), u, a1), b1 = madd(v128.load(x + s, 16), v, b1);
    a2 = madd(v128.load(x + s * 2), u, a2), b2 = madd(v128.load(x + s * 2, 16), v, b2);
    x += step, g += pixel;
  }
  v128.store(to, a0), v128.store(to, b0, 16);
  v128.store(to + s, a1), v128.store(to + s, b1, 16);
  v128.store(to + s * 2, a2), v128.store(to + s * 2, b2, 16);
}

/** The sums of `taps` neighbouring taps at `to` over `count` windows that see all of them. */
function windows(x: usize, g: usize, taps: i32, count: i32, to: usize): void {
  let k = 0;
  for (; k + 3 <= taps; k += 3, x += pixel * 3, to += pixel * 3) {
    let c = 0;
    for (; c + 8 <= channels; c += 8) {
      const at = <usize>c << 2;
      taps3(x + at, g + at, count, to + at);
    }
    for (; c < channels; c += 4) {
      const at = <usize>c << 2;
      for (let t: usize = 0; t < 3; t++) tap(x + t * pixel + at, g + at, count, to + t * pixel + at, channels - c);
    }
  }
  for (; k < taps; k++, x += pixel, to += pixel) {
    for (let c = 0; c < channels; c += 4) {
      const at = <usize>c << 2;
      tap(x + at, g + at, count, to + at, channels - c);
    }
  }
}

/**
 * Operands x, g, out, sums[chunks · KH · KW · C]; words: N, H, W, C, KH, KW, OH, OW, stride rows, columns, padding above,
 * left, chunks.
 */
export function depthwiseFilterGrad(args: usize, thread: i32, threads: i32): void {
  const N = word(args, 4, 0), H = word(args, 4, 1), W = word(args, 4, 2), C = word(args, 4, 3);
  const KH = word(args, 4, 4), KW = word(args, 4, 5), OH = word(args, 4, 6), OW = word(args, 4, 7);
  const sh = word(args, 4, 8), sw = word(args, 4, 9), above = word(args, 4, 10), left = word(args, 4, 11);
  const chunks = word(args, 4, 12);
  channels = C, pixel = <usize>C << 2, step = <usize>sw * pixel;
  const size = <usize>(KH * KW) * pixel;
  const sums = operand(args, 3);
  // Windows [first, last) of a row see all columns of taps.
  const first = min(OW, (left + sw - 1) / sw);
  const room = W - KW + left;
  const last = max(first, min(OW, room < 0 ? 0 : room / sw + 1));
  const end = shareStart(chunks, thread + 1, threads, 1);
  for (let chunk = shareStart(chunks, thread, threads, 1); chunk < end; chunk++) {
    const chunkSums = sums + <usize>chunk * size;
    memory.fill(chunkSums, 0, size);
    const lastItem = tileStart(N * OH, chunk + 1, chunks);
    for (let item = tileStart(N * OH, chunk, chunks); item < lastItem; item++) {
      const n = item / OH, top = (item - n * OH) * sh - above;
      const g = operand(args, 1) + <usize>(item * OW) * pixel;
      for (let kh = max(0, -top); kh < min(KH, H - top); kh++) {
        const x = operand(args, 0) + <usize>((n * H + top + kh) * W) * pixel;
        const to = chunkSums + <usize>(kh * KW) * pixel;
        for (let ox = 0; ox < OW; ox++) {
          const corner = ox * sw - left;
          const skipped = max(0, -corner);
          const isWhole = ox >= first && ox < last;
          const count = isWhole ? min(BLOCK, last - ox) : 1;
          windows(
            x + <usize>(corner + skipped) * pixel, g + <usize>ox * pixel, max(0, min(KW, W - corner) - skipped), count,
            to + <usize>skipped * pixel,
          );
          ox += count - 1;
        }
      }
    }
  }
  barrier();
  addChunks(sums, chunks, KH * KW * C, operand(args, 2), thread, threads);
}
