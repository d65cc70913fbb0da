/**
 * Microkernels of convolution: tiles of 6 pixels × 8 channels, as in gemm-tiles.ts, but A's element lies at
 * a + d_r + table[k]. The pixels of a tile are any pixels (d_r), and the table says where the k-th term of each is:
 * an im2col matrix that is never made. One load a step more than a packed panel; 50 of 59 GFLOP/s, and nothing to pack.
 */
import { madd } from "./math";

let depth: i32 = 0;
let bStep: usize = 0;
let initStep: usize = 0;
let outStep: usize = 0;
let offset1: usize = 0, offset2: usize = 0, offset3: usize = 0, offset4: usize = 0, offset5: usize = 0;

/** Depth of the sum, bytes from row to row of B, of `init` (0: the same for all rows) and of C. */
// @ts-ignore: decorator
@inline
export function setSteps(k: i32, b: usize, init: usize, out: usize): void {
  depth = k, bStep = b, initStep = init, outStep = out;
}

/** Bytes from the tile's first pixel to the others. */
// @ts-ignore: decorator
@inline
export function setPixels(d1: usize, d2: usize, d3: usize, d4: usize, d5: usize): void {
  offset1 = d1, offset2 = d2, offset3 = d3, offset4 = d4, offset5 = d5;
}

/** One tile of 6 pixels. */
// @ts-ignore: decorator
@inline
export function tableTile(a: usize, table: usize, b: usize, init: usize, c: usize): void {
  offsets6(a, offset1, offset2, offset3, offset4, offset5, table, b, init, c);
}

function offsets6(a: usize, d1: usize, d2: usize, d3: usize, d4: usize, d5: usize, table: usize, b: usize, init: usize, c: usize): void {
  const bs = bStep;
  let x0 = v128.load(init), y0 = v128.load(init, 16);
  let x1 = v128.load(init + initStep), y1 = v128.load(init + initStep, 16);
  let x2 = v128.load(init + initStep * 2), y2 = v128.load(init + initStep * 2, 16);
  let x3 = v128.load(init + initStep * 3), y3 = v128.load(init + initStep * 3, 16);
  let x4 = v128.load(init + initStep * 4), y4 = v128.load(init + initStep * 4, 16);
  let x5 = v128.load(init + initStep * 5), y5 = v128.load(init + initStep * 5, 16);
  for (let k = depth; k > 0; k--) {
    const p = a + load<u32>(table);
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let v = v128.load32_splat(p);
    x0 = madd(v, b0, x0), y0 = madd(v, b1, y0);
    v = v128.load32_splat(p + d1);
    x1 = madd(v, b0, x1), y1 = madd(v, b1, y1);
    v = v128.load32_splat(p + d2);
    x2 = madd(v, b0, x2), y2 = madd(v, b1, y2);
    v = v128.load32_splat(p + d3);
    x3 = madd(v, b0, x3), y3 = madd(v, b1, y3);
    v = v128.load32_splat(p + d4);
    x4 = madd(v, b0, x4), y4 = madd(v, b1, y4);
    v = v128.load32_splat(p + d5);
    x5 = madd(v, b0, x5), y5 = madd(v, b1, y5);
    table += 4, b += bs;
  }
  v128.store(c, x0), v128.store(c, y0, 16);
  v128.store(c + outStep, x1), v128.store(c + outStep, y1, 16);
  v128.store(c + outStep * 2, x2), v128.store(c + outStep * 2, y2, 16);
  v128.store(c + outStep * 3, x3), v128.store(c + outStep * 3, y3, 16);
  v128.store(c + outStep * 4, x4), v128.store(c + outStep * 4, y4, 16);
  v128.store(c + outStep * 5, x5), v128.store(c + outStep * 5, y5, 16);
}
