/**
 * Microkernels of convolution: tiles of 6 pixels × 8 channels, as in tile.ts, but A's element lies at
 * a + d_r + table[k]. The pixels of a tile are any pixels (d_r), and the table says where the k-th term of each is:
 * an im2col matrix that is never made. One load a step more than a packed panel; 50 of 59 GFLOP/s, and nothing to pack.
 */
import { setResult, setSums, TABLE, tile } from "./tile";

let offset1: usize = 0, offset2: usize = 0, offset3: usize = 0, offset4: usize = 0, offset5: usize = 0;

/** Depth of the sum, bytes from row to row of B, of `init` (0: the same for all rows) and of C. */
// @ts-ignore: decorator
@inline
export function setSteps(k: i32, b: usize, init: usize, out: usize): void {
  setSums(k, b);
  setResult(init, out);
}

/** Bytes from the tile's first pixel to the others. */
// @ts-ignore: decorator
@inline
export function setPixels(d1: usize, d2: usize, d3: usize, d4: usize, d5: usize): void {
  offset1 = d1, offset2 = d2, offset3 = d3, offset4 = d4, offset5 = d5;
}

/** One tile of 6 pixels. */
export function tableTile(a: usize, table: usize, b: usize, init: usize, c: usize): void {
  tile(6, TABLE, a, offset1, offset2, offset3, offset4, offset5, table, 4, b, init, c);
}
