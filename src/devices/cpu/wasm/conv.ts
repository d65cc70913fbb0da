/**
 * Convolution and its gradient with respect to the input, as implicit products of matrices: a row of A is the
 * window of one pixel, read where it lies in a padded band (conv-band.ts) through a table of offsets, B is the
 * filter [KH · KW · C, OC] in packed panels. Threads take (image, band) pairs.
 *
 * The gradient with respect to the input is the same over the padded gradient of the output with the filter turned
 * round and its channels swapped. With stride s the input pixels fall into s² phases, each of which sees only every
 * s-th row and column of the filter: a small convolution of stride 1 per phase, and no products with zeros.
 *
 * Groups of channels are convolutions of their own, between every so many channels of a pixel: C and OC are those of
 * one group, and only what fills bands and packs panels knows how far apart the pixels of all groups lie.
 */
import { fillTable, padBand } from "./conv-band";
import { packPhase, phaseLength, phaseMemory, phaseStart, phaseStarts, phaseTaps } from "./conv-phases";
import { setPixels, setSteps, tableTile } from "./conv-tiles";
import { finish, openEpilogue } from "./epilogue";
import { copyTile, ZEROS } from "./gemm";
import { packColumns } from "./gemm-pack";
import { barrier, operand, shareStart, threadScratch, word } from "./threads";

/** Bytes of panels that are read for all pixels of a band before the next ones: they stay in the second-level cache. */
const GROUP_BYTES: i32 = 256 << 10;
/** Results that are finished together, from the first-level cache. */
const FINISHED: i32 = 2048;
/** Where a thread keeps its band, behind one tile. */
const BAND: usize = 256;

// The small convolution at hand, on this thread: `depth` terms through `table`, `channels` results per pixel.
let depth: i32 = 0, channels: i32 = 0;
let table: usize = 0, starts: usize = 0, panels: usize = 0;
let tile: usize = 0;

/** Bytes from the first pixel's window to pixel `pixel`'s. */
// @ts-ignore: decorator
@inline
function start(pixel: i32): usize {
  return load<u32>(starts + (<usize>pixel << 2));
}

/**
 * `count` pixels, `columns` to a row. The window of pixel p starts at from + start(p), the results of the pixel at
 * (i, j) lie at out + i · outRow + j · outColumn (bytes).
 */
function pixels(count: i32, columns: i32, from: usize, out: usize, outRow: usize, outColumn: usize): void {
  const panelBytes = depth << 5;
  const all = (channels + 7) >> 3;
  const group = max(1, GROUP_BYTES / max(1, panelBytes));
  const regular = outRow == <usize>columns * outColumn && count >= 6;
  const last = count - 1;
  for (let first = 0; first < all; first += group) {
    const end = min(all, first + group);
    const own = min(end * 8, channels) - first * 8;
    /** The first pixel that is not finished. */
    let raw = 0;
    for (let done = 0; done < count; done += 6) {
      // The last tile starts earlier and makes some pixels again; a region of fewer than 6 repeats its last pixel.
      const p = max(0, min(done, count - 6));
      const p0 = start(p);
      setPixels(
        start(min(p + 1, last)) - p0, start(min(p + 2, last)) - p0, start(min(p + 3, last)) - p0,
        start(min(p + 4, last)) - p0, start(min(p + 5, last)) - p0,
      );
      const to = out + <usize>p * outColumn;
      for (let panel = first; panel < end; panel++) {
        const b = panels + <usize>panel * panelBytes;
        const width = min(8, channels - panel * 8);
        if (regular && width == 8) {
          setSteps(depth, 32, 0, outColumn);
          tableTile(from + p0, table, b, ZEROS, to + (<usize>panel << 5));
        } else {
          setSteps(depth, 32, 0, 32);
          tableTile(from + p0, table, b, ZEROS, tile);
          for (let r = 0; r < min(6, count); r++) {
            const pixel = at(p + r, columns, outRow, outColumn);
            copyTile(tile + (<usize>r << 5), 32, out + pixel + (<usize>panel << 5), 0, 1, width);
          }
        }
      }
      // What is made again is finished again.
      raw = min(raw, p);
      const made = min(p + 6, count);
      if (made < count && (made - raw) * own < FINISHED) continue;
      finishPixels(raw, made - raw, columns, own, out + (<usize>first << 5), outRow, outColumn);
      raw = made;
    }
  }
}

/** The first `own` results, from `out` on, of `count` pixels from `pixel` on. */
function finishPixels(
  pixel: i32, count: i32, columns: i32, own: i32, out: usize, outRow: usize, outColumn: usize,
): void {
  if (outRow == <usize>columns * outColumn) {
    finish(out + <usize>pixel * outColumn, count, outColumn, own);
    return;
  }
  for (let r = 0; r < count; r++) finish(out + at(pixel + r, columns, outRow, outColumn), 1, outColumn, own);
}

// @ts-ignore: decorator
@inline
function at(pixel: i32, columns: i32, row: usize, column: usize): usize {
  const i = pixel / columns;
  return <usize>i * row + <usize>(pixel - i * columns) * column;
}

/**
 * Operands x, w, out, scratch[groups · panels · KH · KW · C · 8 + KH · KW · C + band rows · OW], bands, what an epilogue
 * reads. Words: those of the epilogue (epilogue.ts); N, H, W, C, KH, KW, OC, OH, OW, stride rows, columns, padding above,
 * left, output rows of a band, 1 if bands lie in `bands` and not in the threads' own memory, groups.
 */
export function conv2d(args: usize, thread: i32, threads: i32): void {
  forward(args, openEpilogue(args, 2, thread), thread, threads);
}

function forward(args: usize, words: usize, thread: i32, threads: i32): void {
  const N = word(words, 0, 0), H = word(words, 0, 1), W = word(words, 0, 2), C = word(words, 0, 3);
  const KH = word(words, 0, 4), KW = word(words, 0, 5);
  const OH = word(words, 0, 7), OW = word(words, 0, 8);
  const strideRows = word(words, 0, 9), strideColumns = word(words, 0, 10);
  const above = word(words, 0, 11), left = word(words, 0, 12);
  const bandRows = word(words, 0, 13);
  channels = word(words, 0, 6);
  depth = KH * KW * C;
  tile = threadScratch(thread);
  const groups = word(words, 0, 15);
  const step = channels * groups;
  const count = (channels + 7) >> 3;
  const packed = operand(args, 3), groupBytes = <usize>(count * depth) << 5;
  table = packed + <usize>groups * groupBytes;
  const ownEnd = shareStart(count * groups, thread + 1, threads, 1);
  for (let own = shareStart(count * groups, thread, threads, 1); own < ownEnd; own++) {
    const group = own / count;
    const column = group * channels + (own - group * count) * 8;
    packColumns(operand(args, 1) + (<usize>column << 2), <usize>step << 2, depth, 1, packed + (<usize>(own * depth) << 5));
  }
  const width = (OW - 1) * strideColumns + KW;
  starts = table + (<usize>depth << 2);
  if (thread == 0) {
    fillTable(table, KH, KW, C, width * C, C);
    fillTable(starts, bandRows, OW, 1, strideRows * width * C, strideColumns * C);
  }
  barrier();

  const bands = (OH + bandRows - 1) / bandRows;
  const bandBytes = <usize>(((bandRows - 1) * strideRows + KH) * width * C + 16) << 2;
  const end = shareStart(N * bands * groups, thread + 1, threads, 1);
  for (let item = shareStart(N * bands * groups, thread, threads, 1); item < end; item++) {
    const group = item % groups;
    const n = item / groups / bands;
    const row = (item / groups - n * bands) * bandRows;
    const rows = min(bandRows, OH - row);
    const band = word(words, 0, 14) ? operand(args, 4) + <usize>item * bandBytes : tile + BAND;
    const image = operand(args, 0) + (<usize>(n * H * W * groups * C + group * C) << 2);
    padBand(image, H, W, C, C * groups, row * strideRows - above, left, (rows - 1) * strideRows + KH, width, band);
    panels = packed + <usize>group * groupBytes;
    const out = operand(args, 2) + (<usize>((n * OH + row) * OW * step + group * channels) << 2);
    pixels(rows * OW, OW, band, out, <usize>(OW * step) << 2, <usize>step << 2);
  }
}

/**
 * Operands g, w, out, scratch, bands, what an epilogue reads; words: those of the epilogue, N, H, W, C, KH, KW, OC, OH, OW, stride rows, columns, padding above, left,
 * whether bands lie in `bands`, groups. scratch: for every group and phase the panels [ceil(C / 8)][taps · OC][8], then
 * a table of taps · OC; behind all groups for every phase where the windows of its pixels start.
 */
export function conv2dInputGrad(args: usize, thread: i32, threads: i32): void {
  const words = openEpilogue(args, 2, thread);
  const N = word(words, 0, 0), H = word(words, 0, 1), W = word(words, 0, 2), C = word(words, 0, 3);
  const KH = word(words, 0, 4), KW = word(words, 0, 5), OC = word(words, 0, 6);
  const OH = word(words, 0, 7), OW = word(words, 0, 8);
  const sh = word(words, 0, 9), sw = word(words, 0, 10);
  const above = word(words, 0, 11), left = word(words, 0, 12);
  const shared = word(words, 0, 13), groups = word(words, 0, 14);
  const scratch = operand(args, 3);
  const count = (C + 7) >> 3;
  const step = C * groups, gradientStep = OC * groups;
  channels = C;
  tile = threadScratch(thread);

  // Every phase sees gradient rows q - taps + 1 … q of its pixel q: the deepest phase says how many zeros come first.
  const top = (KH - 1) / sh, before = (KW - 1) / sw;
  const height = top + (H - 1 + above) / sh + 1, width = before + (W - 1 + left) / sw + 1;
  const phases = sh * sw;
  const groupBytes = phaseMemory(0, phases, KH, KW, OC, sh, sw, count);
  const allStarts = scratch + <usize>groups * groupBytes;
  for (let own = thread; own < phases * groups; own += threads) {
    const phase = own % phases, group = own / phases;
    packPhase(
      operand(args, 1) + (<usize>(group * OC) << 2), phase / sw, phase % sw, KH, KW, C, OC, gradientStep, sh, sw, width,
      phaseMemory(scratch + <usize>group * groupBytes, phase, KH, KW, OC, sh, sw, count),
    );
    if (group > 0) continue;
    fillTable(
      phaseStarts(allStarts, phase, sh, sw, H, W, above, left),
      phaseLength(H, phase / sw, above, sh), phaseLength(W, phase % sw, left, sw), 1, width * OC, OC,
    );
  }
  barrier();

  const bandBytes = <usize>(height * width * OC + 16) << 2;
  const end = shareStart(N * groups, thread + 1, threads, 1);
  for (let item = shareStart(N * groups, thread, threads, 1); item < end; item++) {
    const n = item / groups, group = item % groups;
    const band = shared ? operand(args, 4) + <usize>item * bandBytes : tile + BAND;
    const gradient = operand(args, 0) + (<usize>(n * OH * OW * gradientStep + group * OC) << 2);
    padBand(gradient, OH, OW, OC, gradientStep, -top, before, height, width, band);
    const out = operand(args, 2) + (<usize>(n * H * W * step + group * C) << 2);
    for (let phase = 0; phase < phases; phase++) {
      const py = phase / sw, px = phase % sw;
      const tapRows = phaseTaps(KH, py, sh), tapColumns = phaseTaps(KW, px, sw);
      const y = phaseStart(py, above, sh), x = phaseStart(px, left, sw);
      if (y >= H || x >= W) continue;
      depth = tapRows * tapColumns * OC;
      panels = phaseMemory(scratch + <usize>group * groupBytes, phase, KH, KW, OC, sh, sw, count);
      table = panels + (<usize>(count * depth) << 5);
      // A phase without taps has no terms: its pixels become zeros.
      const i = (y + above - py) / sh - tapRows + 1 + top, j = (x + left - px) / sw - tapColumns + 1 + before;
      starts = phaseStarts(allStarts, phase, sh, sw, H, W, above, left);
      const columns = phaseLength(W, px, left, sw);
      pixels(
        phaseLength(H, py, above, sh) * columns, columns, band + (<usize>((i * width + j) * OC) << 2),
        out + (<usize>((y * W + x) * step) << 2), <usize>(sh * W * step) << 2, <usize>(sw * step) << 2,
      );
    }
  }
}
