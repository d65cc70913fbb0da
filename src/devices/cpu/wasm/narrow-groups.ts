/**
 * Convolutions in groups that make few channels each, and their gradients with respect to the input: too few to fill the
 * tiles of conv.ts. Results lie side by side in vectors across groups, as in depthwise.ts. What each of them sees of its
 * group is spread: plane c of a row holds, for every result, channel c of its group, so that a row of pixels becomes
 * `inner` rows, and a convolution with `inner` channels a group a depthwise one of `inner` times as many rows of taps.
 *
 * Items are some rows of an image and a block of results, for which a thread spreads what they see in its own memory.
 */
import { phaseLength, phaseStart, phaseTaps } from "./conv-phases";
import { row, setRow } from "./depthwise";
import { finish, openEpilogue } from "./epilogue";
import { barrier, operand, shareStart, threadScratch, word } from "./threads";

// Channels of a group that are read and made, and where in a pixel each result of a block finds its group.
let inner: i32 = 0, outer: i32 = 0;
let places: usize = 0;

/** Spreads one row of `width` pixels, `step` bytes apart, to planes [inner][width][lanes]. */
function spread(from: usize, width: i32, step: usize, lanes: i32, to: usize): void {
  for (let c = 0; c < inner; c++) {
    let pixel = from + (<usize>c << 2);
    for (let x = 0; x < width; x++, pixel += step) {
      for (let k = 0; k < lanes; k += 4, to += 16) {
        const at = places + (<usize>k << 2);
        let v = v128.load32_splat(pixel + load<u32>(at));
        if (outer == 2) v = v128.shuffle<i32>(v, v128.load32_splat(pixel + load<u32>(at, 8)), 0, 1, 4, 5);
        else if (outer != 4) {
          v = v128.load32_lane(pixel + load<u32>(at, 4), v, 1);
          v = v128.load32_lane(pixel + load<u32>(at, 8), v, 2);
          v = v128.load32_lane(pixel + load<u32>(at, 12), v, 3);
        }
        v128.store(to, v);
      }
    }
  }
}

/** Rows of taps before those of a phase, where the phases lie one behind the other. */
function tapsBefore(phase: i32, taps: i32, stride: i32): i32 {
  let count = 0;
  for (let before = 0; before < phase; before++) count += phaseTaps(taps, before, stride);
  return count;
}

/**
 * Operands x, w, out, taps[KH · inner · KW · results + 4], what an epilogue reads. Words: those of the epilogue (epilogue.ts); N, H, W
 * of what is read, KH, KW, OH, OW of what is made, groups, inner, outer, stride rows, columns, padding above, left, rows and
 * results of an item, 1 for the gradient with respect to the input, which is made of g.
 */
export function narrowGroups(args: usize, thread: i32, threads: i32): void {
  const words = openEpilogue(args, 2, thread);
  const N = word(words, 0, 0), H = word(words, 0, 1), W = word(words, 0, 2);
  const KH = word(words, 0, 3), KW = word(words, 0, 4), OH = word(words, 0, 5), OW = word(words, 0, 6);
  const groups = word(words, 0, 7), sh = word(words, 0, 10), sw = word(words, 0, 11);
  const above = word(words, 0, 12), left = word(words, 0, 13);
  const itemRows = word(words, 0, 14), block = word(words, 0, 15), isGradient = word(words, 0, 16) != 0;
  inner = word(words, 0, 8), outer = word(words, 0, 9);
  const results = groups * outer, step = <usize>results << 2, sourceStep = <usize>(groups * inner) << 2;
  const taps = operand(args, 3), w = operand(args, 1);

  // As [row of taps][inner][column][result]. Of the gradient phase by phase (see conv-phases.ts), from their last rows on.
  const tapRowsEnd = shareStart(KH, thread + 1, threads, 1);
  for (let kh = shareStart(KH, thread, threads, 1); kh < tapRowsEnd; kh++) {
    const py = kh % sh;
    const r = isGradient ? tapsBefore(py, KH, sh) + phaseTaps(KH, py, sh) - 1 - kh / sh : kh;
    let to = taps + <usize>(r * inner * KW) * step;
    for (let c = 0; c < inner; c++) {
      for (let kw = 0; kw < KW; kw++) {
        for (let k = 0; k < results; k++, to += 4) {
          // w [KH, KW, channels of x's group, channels of out]
          const group = k / outer;
          const at = isGradient
            ? ((kh * KW + kw) * outer + k - group * outer) * groups * inner + group * inner + c
            : ((kh * KW + kw) * inner + c) * results + k;
          store<f32>(to, load<f32>(w + (<usize>at << 2)));
        }
      }
    }
  }
  barrier();

  places = threadScratch(thread);
  const spreadRows = places + (<usize>block << 2);
  const bands = (OH + itemRows - 1) / itemRows, blocks = (results + block - 1) / block;
  const end = shareStart(N * bands * blocks, thread + 1, threads, 1);
  for (let item = shareStart(N * bands * blocks, thread, threads, 1); item < end; item++) {
    const first = item % blocks * block, own = min(block, results - first), lanes = (own + 3) & ~3;
    const n = item / blocks / bands, top = (item / blocks - n * bands) * itemRows, bottom = min(OH, top + itemRows);
    for (let k = 0; k < lanes; k++) {
      store<u32>(places + (<usize>k << 2), (min(first + k, results - 1) / outer * inner) << 2);
    }
    const from = max(0, isGradient ? (top + above) / sh - (KH - 1) / sh : top * sh - above);
    const to = min(H, isGradient ? (bottom - 1 + above) / sh + 1 : (bottom - 1) * sh - above + KH);
    const pixel = <usize>lanes << 2, rowBytes = <usize>(inner * W) * pixel;
    const image = operand(args, 0) + <usize>(n * H * W) * sourceStep;
    for (let y = from; y < to; y++) {
      spread(image + <usize>(y * W) * sourceStep, W, sourceStep, lanes, spreadRows + <usize>(y - from) * rowBytes);
    }
    // Where the image's first row would lie.
    const source = spreadRows - <usize>from * rowBytes;
    for (let y = top; y < bottom; y++) {
      const out = operand(args, 2) + <usize>((n * OH + y) * OW) * step + (<usize>first << 2);
      if (!isGradient) {
        setRow(own, sw, KW, pixel, <usize>KW * step, step, step);
        row(source, H * inner, W, (y * sh - above) * inner, -left, KH * inner, taps + (<usize>first << 2), OW, out);
      } else {
        const py = (y + above) % sh, tapRows = phaseTaps(KH, py, sh);
        const above0 = ((y + above) / sh - tapRows + 1) * inner;
        const tapRow = tapsBefore(py, KH, sh) * inner * KW;
        for (let px = 0; px < sw; px++) {
          const columns = phaseTaps(KW, px, sw), x = phaseStart(px, left, sw);
          setRow(own, 1, columns, pixel, <usize>KW * step, 0 - <usize>sw * step, <usize>sw * step);
          row(
            source, H * inner, W, above0, (x + left - px) / sw - columns + 1, tapRows * inner,
            taps + <usize>(tapRow + px + sw * (columns - 1)) * step + (<usize>first << 2), phaseLength(OW, px, left, sw),
            out + <usize>x * step,
          );
        }
      }
      finish(out, OW, step, own);
    }
  }
}
