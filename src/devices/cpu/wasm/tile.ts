/**
 * The microkernel of products and convolutions: a tile of `rows` × 8 of C, kept in registers over the whole depth,
 *
 *   C[r][0…7] = init[r][0…7] + Σ_k A[r][k] · B[k][0…7],
 *
 * with B's row k at b + k · bStep, 32 in a packed panel. Every element is summed in the order of k, whatever the tile, so
 * tiles and threads do not show in the bits. Six rows are 12 sums, two vectors of B and one of A: the 15 registers V8 has.
 * Of 4×8, 5×8, 6×8, 4×12, 3×16 that was the fastest here (57 of 59 GFLOP/s, 98 % of what a loop of nothing but FMAs
 * reaches; 4×8: 51). `rows` and `from`, where A's elements lie, are constants: a function is made for each,
 * in which what is not of it has fallen away.
 *
 * The form is what V8's scheduler and register allocator need: one loop that counts down, no second loop, nothing
 * after it but stores. A constant or a load among the stores, an outer loop or unrolling by hand makes it move all
 * loads before all FMAs and spill: 27 GFLOP/s [all measured on a Zen 4, Node 20].
 */
import { madd } from "./math";

let depth: i32 = 0;
let bStep: usize = 0;
let initStep: usize = 0;
let outStep: usize = 0;

/** Depth of the sum and bytes from row to row of B, for the tiles that follow on this thread. */
// @ts-ignore: decorator
@inline
export function setSums(k: i32, b: usize): void {
  depth = k, bStep = b;
}

/** Bytes from row to row of `init` (0: the same for all rows) and of C. */
// @ts-ignore: decorator
@inline
export function setResult(init: usize, out: usize): void {
  initStep = init, outStep = out;
}

/** A[r][k] lies at a + 24 · k + 4 · r, and B's rows lie in a packed panel. */
// @ts-ignore: decorator
@inline
export const PANEL: i32 = 0;
/** At a + d_r + k · aStep. */
// @ts-ignore: decorator
@inline
export const STRIDES: i32 = 1;
/** At a + d_r + table[k], of which aStep are the bytes of an entry. */
// @ts-ignore: decorator
@inline
export const TABLE: i32 = 2;

/** One tile. Eight columns are read and written whatever the matrix's width. */
// @ts-ignore: decorator
@inline
export function tile(
  rows: i32, from: i32, a: usize, d1: usize, d2: usize, d3: usize, d4: usize, d5: usize, table: usize, aStep: usize,
  b: usize, init: usize, c: usize,
): void {
  const bs = from == PANEL ? 32 : bStep;
  let x0 = v128.load(init), y0 = v128.load(init, 16);
  let x1 = x0, y1 = y0, x2 = x0, y2 = y0, x3 = x0, y3 = y0, x4 = x0, y4 = y0, x5 = x0, y5 = y0;
  if (rows > 1) x1 = v128.load(init + initStep), y1 = v128.load(init + initStep, 16);
  if (rows > 2) x2 = v128.load(init + initStep * 2), y2 = v128.load(init + initStep * 2, 16);
  if (rows > 3) x3 = v128.load(init + initStep * 3), y3 = v128.load(init + initStep * 3, 16);
  if (rows > 4) x4 = v128.load(init + initStep * 4), y4 = v128.load(init + initStep * 4, 16);
  if (rows > 5) x5 = v128.load(init + initStep * 5), y5 = v128.load(init + initStep * 5, 16);
  for (let k = depth; k > 0; k--) {
    const p = from == TABLE ? a + load<u32>(table) : a;
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let v = v128.load32_splat(p);
    x0 = madd(v, b0, x0), y0 = madd(v, b1, y0);
    if (rows > 1) {
      v = from == PANEL ? v128.load32_splat(p, 4) : v128.load32_splat(p + d1);
      x1 = madd(v, b0, x1), y1 = madd(v, b1, y1);
    }
    if (rows > 2) {
      v = from == PANEL ? v128.load32_splat(p, 8) : v128.load32_splat(p + d2);
      x2 = madd(v, b0, x2), y2 = madd(v, b1, y2);
    }
    if (rows > 3) {
      v = from == PANEL ? v128.load32_splat(p, 12) : v128.load32_splat(p + d3);
      x3 = madd(v, b0, x3), y3 = madd(v, b1, y3);
    }
    if (rows > 4) {
      v = from == PANEL ? v128.load32_splat(p, 16) : v128.load32_splat(p + d4);
      x4 = madd(v, b0, x4), y4 = madd(v, b1, y4);
    }
    if (rows > 5) {
      v = from == PANEL ? v128.load32_splat(p, 20) : v128.load32_splat(p + d5);
      x5 = madd(v, b0, x5), y5 = madd(v, b1, y5);
    }
    if (from == TABLE) table += aStep;
    else a += aStep;
    b += bs;
  }
  v128.store(c, x0), v128.store(c, y0, 16);
  if (rows > 1) v128.store(c + outStep, x1), v128.store(c + outStep, y1, 16);
  if (rows > 2) v128.store(c + outStep * 2, x2), v128.store(c + outStep * 2, y2, 16);
  if (rows > 3) v128.store(c + outStep * 3, x3), v128.store(c + outStep * 3, y3, 16);
  if (rows > 4) v128.store(c + outStep * 4, x4), v128.store(c + outStep * 4, y4, 16);
  if (rows > 5) v128.store(c + outStep * 5, x5), v128.store(c + outStep * 5, y5, 16);
}
