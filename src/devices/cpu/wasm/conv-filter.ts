/**
 * The gradient of a convolution with respect to its filter: dW[kh, kw, c][oc] = Σ_pixels x[pixel + (kh, kw)][c] ·
 * g[pixel][oc]. A tile's six rows are six cells of the filter, its terms the pixels of a padded band, through the same
 * table kernel as forward; g is B as it lies in memory. The images are cut into `chunks` by their number alone; each
 * chunk has its own sums, which are added in a fixed order at the end. So the bits do not depend on the threads.
 */
import { fillTable, padBand } from "./conv-band";
import { setPixels, setSteps, tableTile } from "./conv-tiles";
import { copyTile, tileStart, ZEROS } from "./gemm";
import { barrier, operand, shareStart, threadScratch, word } from "./threads";

const BAND: usize = 256;

/** Bytes from the first pixel's window to cell m = (kh, kw, c) of the filter. */
// @ts-ignore: decorator
@inline
function cell(m: i32, rowCells: i32, paddedRow: i32): usize {
  const kh = m / rowCells;
  return <usize>(kh * paddedRow + m - kh * rowCells) << 2;
}

/**
 * Operands x, g, out, scratch[chunks · KH · KW · C · OC · groups + rows of a band · OW], bands; words: N, H, W, C, KH, KW,
 * OC, OH, OW, stride rows, columns, padding above, left, rows of a band, whether bands lie in `bands`, chunks, groups.
 * C and OC are those of one group.
 */
export function conv2dFilterGrad(args: usize, thread: i32, threads: i32): void {
  const words = args + 20;
  const N = word(words, 0, 0), H = word(words, 0, 1), W = word(words, 0, 2), C = word(words, 0, 3);
  const KH = word(words, 0, 4), KW = word(words, 0, 5), OC = word(words, 0, 6);
  const OH = word(words, 0, 7), OW = word(words, 0, 8);
  const strideRows = word(words, 0, 9), strideColumns = word(words, 0, 10);
  const above = word(words, 0, 11), left = word(words, 0, 12);
  const bandRows = word(words, 0, 13), chunks = word(words, 0, 15), groups = word(words, 0, 16);
  const cells = KH * KW * C, step = OC * groups;
  const size = <usize>(cells * step) << 2;
  const sums = operand(args, 3);
  const table = sums + <usize>chunks * size;
  const width = (OW - 1) * strideColumns + KW;
  if (thread == 0) fillTable2(table, bandRows, OW, strideRows * width * C, strideColumns * C);
  barrier();

  const bands = (OH + bandRows - 1) / bandRows;
  const items = N * bands;
  const bandBytes = <usize>(((bandRows - 1) * strideRows + KH) * width * C + 16) << 2;
  const end = shareStart(chunks, thread + 1, threads, 1);
  for (let chunk = shareStart(chunks, thread, threads, 1); chunk < end; chunk++) {
    const to = sums + <usize>chunk * size;
    const first = tileStart(items, chunk, chunks), last = tileStart(items, chunk + 1, chunks);
    if (first == last) memory.fill(to, 0, size);
    for (let item = first; item < last; item++) {
      const n = item / bands;
      const row = (item - n * bands) * bandRows;
      const rows = min(bandRows, OH - row);
      const band = word(words, 0, 14) ? operand(args, 4) + <usize>item * bandBytes : threadScratch(thread) + BAND;
      const image = operand(args, 0) + (<usize>(n * H * W * C * groups) << 2);
      const g = operand(args, 1) + (<usize>((n * OH + row) * OW * step) << 2);
      for (let group = 0; group < groups; group++) {
        padBand(
          image + (<usize>(group * C) << 2), H, W, C, C * groups, row * strideRows - above, left,
          (rows - 1) * strideRows + KH, width, band,
        );
        const own = <usize>(group * OC) << 2;
        addBand(
          band, width * C, g + own, rows * OW, table, cells, KW * C, OC, <usize>step << 2, to + own, item == first,
          threadScratch(thread),
        );
      }
    }
  }
  barrier();
  addChunks(sums, chunks, cells * step, operand(args, 2), thread, threads);
}

/** As fillTable over pixels, one channel. */
// @ts-ignore: decorator
@inline
function fillTable2(table: usize, rows: i32, columns: i32, rowStep: i32, columnStep: i32): void {
  fillTable(table, rows, columns, 1, rowStep, columnStep);
}

/** to[cells][OC] (+)= the products of one band's `count` pixels; rows of both lie `rowBytes` apart. */
function addBand(
  band: usize, paddedRow: i32, g: usize, count: i32, table: usize, cells: i32, rowCells: i32, OC: i32,
  rowBytes: usize, to: usize, begins: bool, tile: usize,
): void {
  for (let m = 0; m < cells; m += 6) {
    const p0 = cell(m, rowCells, paddedRow);
    const last = cells - 1;
    setPixels(
      cell(min(m + 1, last), rowCells, paddedRow) - p0,
      cell(min(m + 2, last), rowCells, paddedRow) - p0,
      cell(min(m + 3, last), rowCells, paddedRow) - p0,
      cell(min(m + 4, last), rowCells, paddedRow) - p0,
      cell(min(m + 5, last), rowCells, paddedRow) - p0,
    );
    const rows = min(6, cells - m);
    for (let n = 0; n < OC; n += 8) {
      const out = to + <usize>m * rowBytes + (<usize>n << 2);
      const b = g + (<usize>n << 2);
      if (rows == 6 && n + 8 <= OC) {
        setSteps(count, rowBytes, begins ? 0 : rowBytes, rowBytes);
        tableTile(band + p0, table, b, begins ? ZEROS : out, out);
      } else {
        const columns = min(8, OC - n);
        if (!begins) copyTile(out, rowBytes, tile, 32, rows, columns);
        setSteps(count, rowBytes, begins ? 0 : 32, 32);
        tableTile(band + p0, table, b, begins ? ZEROS : tile, tile);
        copyTile(tile, 32, out, rowBytes, rows, columns);
      }
    }
  }
}

/** out = the chunks' sums, added one after the other. */
export function addChunks(sums: usize, chunks: i32, count: i32, out: usize, thread: i32, threads: i32): void {
  const end = shareStart(count, thread + 1, threads, 16);
  for (let k = shareStart(count, thread, threads, 16); k < end; k++) {
    let sum: f32 = 0;
    for (let chunk = 0; chunk < chunks; chunk++) sum += load<f32>(sums + (<usize>(chunk * count + k) << 2));
    store<f32>(out + (<usize>k << 2), sum);
  }
}
