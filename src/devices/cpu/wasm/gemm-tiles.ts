/**
 * Microkernels of matrix products: a tile of `rows` × 8 of C, kept in registers over the whole depth,
 *
 *   C[r][0…7] = init[r][0…7] + Σ_k A[r][k] · B[k][0…7].
 *
 * A's element lies at a + r · rowStep + k · columnStep, so the same code reads a row-major matrix, a transposed one
 * and a packed panel; B's row k at b + k · bStep, 32 in a packed panel. Every element is summed in the order of k,
 * whatever the tile, so tiles and threads do not show in the bits. Six rows are 12 sums, two vectors of B and one
 * of A: the 15 registers V8 has. Of 4×8, 5×8, 6×8, 4×12, 3×16 that was the fastest here (57 of 59 GFLOP/s, 98 % of what
 * a loop of nothing but FMAs reaches; 4×8: 51).
 *
 * Their form is what V8's scheduler and register allocator need: one loop that counts down, no second loop, nothing
 * after it but stores. A constant or a load among the stores, an outer loop or unrolling by hand makes it move all
 * loads before all FMAs and spill: 27 GFLOP/s [all measured on a Zen 4, Node 20].
 */
import { madd } from "./math";

let depth: i32 = 0;
let rowStep: usize = 0;
let columnStep: usize = 0;
let bStep: usize = 0;
let initStep: usize = 0;
let outStep: usize = 0;

/** Depth of the sum and the byte steps of A and B for the tiles that follow, on this thread. */
// @ts-ignore: decorator
@inline
export function setOperands(k: i32, aRow: usize, aColumn: usize, b: usize): void {
  depth = k, rowStep = aRow, columnStep = aColumn, bStep = b;
}

/** Bytes from row to row of `init` (0: the same for all rows) and of C. */
// @ts-ignore: decorator
@inline
export function setResult(init: usize, out: usize): void {
  initStep = init, outStep = out;
}

/** One tile of 1 to 6 rows. Eight columns are read and written whatever the matrix's width. */
export function stridedTile(rows: i32, a: usize, b: usize, init: usize, c: usize): void {
  if (rows == 6) strided6(a, b, init, c);
  else if (rows == 5) strided5(a, b, init, c);
  else if (rows == 4) strided4(a, b, init, c);
  else if (rows == 3) strided3(a, b, init, c);
  else if (rows == 2) strided2(a, b, init, c);
  else strided1(a, b, init, c);
}

function strided6(a: usize, b: usize, init: usize, c: usize): void {
  const aStep = columnStep, bs = bStep;
  const d1 = rowStep;
  const d2 = rowStep * 2;
  const d3 = rowStep * 3;
  const d4 = rowStep * 4;
  const d5 = rowStep * 5;
  let x0 = v128.load(init), y0 = v128.load(init, 16);
  let x1 = v128.load(init + initStep), y1 = v128.load(init + initStep, 16);
  let x2 = v128.load(init + initStep * 2), y2 = v128.load(init + initStep * 2, 16);
  let x3 = v128.load(init + initStep * 3), y3 = v128.load(init + initStep * 3, 16);
  let x4 = v128.load(init + initStep * 4), y4 = v128.load(init + initStep * 4, 16);
  let x5 = v128.load(init + initStep * 5), y5 = v128.load(init + initStep * 5, 16);
  for (let k = depth; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let v = v128.load32_splat(a);
    x0 = madd(v, b0, x0), y0 = madd(v, b1, y0);
    v = v128.load32_splat(a + d1);
    x1 = madd(v, b0, x1), y1 = madd(v, b1, y1);
    v = v128.load32_splat(a + d2);
    x2 = madd(v, b0, x2), y2 = madd(v, b1, y2);
    v = v128.load32_splat(a + d3);
    x3 = madd(v, b0, x3), y3 = madd(v, b1, y3);
    v = v128.load32_splat(a + d4);
    x4 = madd(v, b0, x4), y4 = madd(v, b1, y4);
    v = v128.load32_splat(a + d5);
    x5 = madd(v, b0, x5), y5 = madd(v, b1, y5);
    a += aStep, b += bs;
  }
  v128.store(c, x0), v128.store(c, y0, 16);
  v128.store(c + outStep, x1), v128.store(c + outStep, y1, 16);
  v128.store(c + outStep * 2, x2), v128.store(c + outStep * 2, y2, 16);
  v128.store(c + outStep * 3, x3), v128.store(c + outStep * 3, y3, 16);
  v128.store(c + outStep * 4, x4), v128.store(c + outStep * 4, y4, 16);
  v128.store(c + outStep * 5, x5), v128.store(c + outStep * 5, y5, 16);
}

function strided5(a: usize, b: usize, init: usize, c: usize): void {
  const aStep = columnStep, bs = bStep;
  const d1 = rowStep;
  const d2 = rowStep * 2;
  const d3 = rowStep * 3;
  const d4 = rowStep * 4;
  let x0 = v128.load(init), y0 = v128.load(init, 16);
  let x1 = v128.load(init + initStep), y1 = v128.load(init + initStep, 16);
  let x2 = v128.load(init + initStep * 2), y2 = v128.load(init + initStep * 2, 16);
  let x3 = v128.load(init + initStep * 3), y3 = v128.load(init + initStep * 3, 16);
  let x4 = v128.load(init + initStep * 4), y4 = v128.load(init + initStep * 4, 16);
  for (let k = depth; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let v = v128.load32_splat(a);
    x0 = madd(v, b0, x0), y0 = madd(v, b1, y0);
    v = v128.load32_splat(a + d1);
    x1 = madd(v, b0, x1), y1 = madd(v, b1, y1);
    v = v128.load32_splat(a + d2);
    x2 = madd(v, b0, x2), y2 = madd(v, b1, y2);
    v = v128.load32_splat(a + d3);
    x3 = madd(v, b0, x3), y3 = madd(v, b1, y3);
    v = v128.load32_splat(a + d4);
    x4 = madd(v, b0, x4), y4 = madd(v, b1, y4);
    a += aStep, b += bs;
  }
  v128.store(c, x0), v128.store(c, y0, 16);
  v128.store(c + outStep, x1), v128.store(c + outStep, y1, 16);
  v128.store(c + outStep * 2, x2), v128.store(c + outStep * 2, y2, 16);
  v128.store(c + outStep * 3, x3), v128.store(c + outStep * 3, y3, 16);
  v128.store(c + outStep * 4, x4), v128.store(c + outStep * 4, y4, 16);
}

function strided4(a: usize, b: usize, init: usize, c: usize): void {
  const aStep = columnStep, bs = bStep;
  const d1 = rowStep;
  const d2 = rowStep * 2;
  const d3 = rowStep * 3;
  let x0 = v128.load(init), y0 = v128.load(init, 16);
  let x1 = v128.load(init + initStep), y1 = v128.load(init + initStep, 16);
  let x2 = v128.load(init + initStep * 2), y2 = v128.load(init + initStep * 2, 16);
  let x3 = v128.load(init + initStep * 3), y3 = v128.load(init + initStep * 3, 16);
  for (let k = depth; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let v = v128.load32_splat(a);
    x0 = madd(v, b0, x0), y0 = madd(v, b1, y0);
    v = v128.load32_splat(a + d1);
    x1 = madd(v, b0, x1), y1 = madd(v, b1, y1);
    v = v128.load32_splat(a + d2);
    x2 = madd(v, b0, x2), y2 = madd(v, b1, y2);
    v = v128.load32_splat(a + d3);
    x3 = madd(v, b0, x3), y3 = madd(v, b1, y3);
    a += aStep, b += bs;
  }
  v128.store(c, x0), v128.store(c, y0, 16);
  v128.store(c + outStep, x1), v128.store(c + outStep, y1, 16);
  v128.store(c + outStep * 2, x2), v128.store(c + outStep * 2, y2, 16);
  v128.store(c + outStep * 3, x3), v128.store(c + outStep * 3, y3, 16);
}

function strided3(a: usize, b: usize, init: usize, c: usize): void {
  const aStep = columnStep, bs = bStep;
  const d1 = rowStep;
  const d2 = rowStep * 2;
  let x0 = v128.load(init), y0 = v128.load(init, 16);
  let x1 = v128.load(init + initStep), y1 = v128.load(init + initStep, 16);
  let x2 = v128.load(init + initStep * 2), y2 = v128.load(init + initStep * 2, 16);
  for (let k = depth; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let v = v128.load32_splat(a);
    x0 = madd(v, b0, x0), y0 = madd(v, b1, y0);
    v = v128.load32_splat(a + d1);
    x1 = madd(v, b0, x1), y1 = madd(v, b1, y1);
    v = v128.load32_splat(a + d2);
    x2 = madd(v, b0, x2), y2 = madd(v, b1, y2);
    a += aStep, b += bs;
  }
  v128.store(c, x0), v128.store(c, y0, 16);
  v128.store(c + outStep, x1), v128.store(c + outStep, y1, 16);
  v128.store(c + outStep * 2, x2), v128.store(c + outStep * 2, y2, 16);
}

function strided2(a: usize, b: usize, init: usize, c: usize): void {
  const aStep = columnStep, bs = bStep;
  const d1 = rowStep;
  let x0 = v128.load(init), y0 = v128.load(init, 16);
  let x1 = v128.load(init + initStep), y1 = v128.load(init + initStep, 16);
  for (let k = depth; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let v = v128.load32_splat(a);
    x0 = madd(v, b0, x0), y0 = madd(v, b1, y0);
    v = v128.load32_splat(a + d1);
    x1 = madd(v, b0, x1), y1 = madd(v, b1, y1);
    a += aStep, b += bs;
  }
  v128.store(c, x0), v128.store(c, y0, 16);
  v128.store(c + outStep, x1), v128.store(c + outStep, y1, 16);
}

function strided1(a: usize, b: usize, init: usize, c: usize): void {
  const aStep = columnStep, bs = bStep;
  let x0 = v128.load(init), y0 = v128.load(init, 16);
  for (let k = depth; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let v = v128.load32_splat(a);
    x0 = madd(v, b0, x0), y0 = madd(v, b1, y0);
    a += aStep, b += bs;
  }
  v128.store(c, x0), v128.store(c, y0, 16);
}
