/**
 * The microkernels of gemm-tiles.ts for operands that are both packed: A as [k][6], B as [k][8]. Distances that are
 * constants leave fewer addresses to compute, 32 operations instead of 36 around the loop's 12 FMAs: as many as a core
 * with two FMA units and six operations a cycle has room for.
 */
import { madd } from "./math";

let depth: i32 = 0;
let initStep: usize = 0;
let outStep: usize = 0;

/** Depth of the sum, bytes from row to row of `init` (0: the same for all rows) and of C, for the tiles that follow. */
// @ts-ignore: decorator
@inline
export function setPacked(k: i32, init: usize, out: usize): void {
  depth = k, initStep = init, outStep = out;
}

/** One tile of 1 to 6 rows; there are 6 in `a`. Eight columns are read and written whatever the matrix's width. */
export function packedTile(rows: i32, a: usize, b: usize, init: usize, c: usize): void {
  if (rows == 6) packed6(a, b, init, c);
  else if (rows == 5) packed5(a, b, init, c);
  else if (rows == 4) packed4(a, b, init, c);
  else if (rows == 3) packed3(a, b, init, c);
  else if (rows == 2) packed2(a, b, init, c);
  else packed1(a, b, init, c);
}

function packed6(a: usize, b: usize, init: usize, c: usize): void {
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
    v = v128.load32_splat(a, 4);
    x1 = madd(v, b0, x1), y1 = madd(v, b1, y1);
    v = v128.load32_splat(a, 8);
    x2 = madd(v, b0, x2), y2 = madd(v, b1, y2);
    v = v128.load32_splat(a, 12);
    x3 = madd(v, b0, x3), y3 = madd(v, b1, y3);
    v = v128.load32_splat(a, 16);
    x4 = madd(v, b0, x4), y4 = madd(v, b1, y4);
    v = v128.load32_splat(a, 20);
    x5 = madd(v, b0, x5), y5 = madd(v, b1, y5);
    a += 24, b += 32;
  }
  v128.store(c, x0), v128.store(c, y0, 16);
  v128.store(c + outStep, x1), v128.store(c + outStep, y1, 16);
  v128.store(c + outStep * 2, x2), v128.store(c + outStep * 2, y2, 16);
  v128.store(c + outStep * 3, x3), v128.store(c + outStep * 3, y3, 16);
  v128.store(c + outStep * 4, x4), v128.store(c + outStep * 4, y4, 16);
  v128.store(c + outStep * 5, x5), v128.store(c + outStep * 5, y5, 16);
}

function packed5(a: usize, b: usize, init: usize, c: usize): void {
  let x0 = v128.load(init), y0 = v128.load(init, 16);
  let x1 = v128.load(init + initStep), y1 = v128.load(init + initStep, 16);
  let x2 = v128.load(init + initStep * 2), y2 = v128.load(init + initStep * 2, 16);
  let x3 = v128.load(init + initStep * 3), y3 = v128.load(init + initStep * 3, 16);
  let x4 = v128.load(init + initStep * 4), y4 = v128.load(init + initStep * 4, 16);
  for (let k = depth; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let v = v128.load32_splat(a);
    x0 = madd(v, b0, x0), y0 = madd(v, b1, y0);
    v = v128.load32_splat(a, 4);
    x1 = madd(v, b0, x1), y1 = madd(v, b1, y1);
    v = v128.load32_splat(a, 8);
    x2 = madd(v, b0, x2), y2 = madd(v, b1, y2);
    v = v128.load32_splat(a, 12);
    x3 = madd(v, b0, x3), y3 = madd(v, b1, y3);
    v = v128.load32_splat(a, 16);
    x4 = madd(v, b0, x4), y4 = madd(v, b1, y4);
    a += 24, b += 32;
  }
  v128.store(c, x0), v128.store(c, y0, 16);
  v128.store(c + outStep, x1), v128.store(c + outStep, y1, 16);
  v128.store(c + outStep * 2, x2), v128.store(c + outStep * 2, y2, 16);
  v128.store(c + outStep * 3, x3), v128.store(c + outStep * 3, y3, 16);
  v128.store(c + outStep * 4, x4), v128.store(c + outStep * 4, y4, 16);
}

function packed4(a: usize, b: usize, init: usize, c: usize): void {
  let x0 = v128.load(init), y0 = v128.load(init, 16);
  let x1 = v128.load(init + initStep), y1 = v128.load(init + initStep, 16);
  let x2 = v128.load(init + initStep * 2), y2 = v128.load(init + initStep * 2, 16);
  let x3 = v128.load(init + initStep * 3), y3 = v128.load(init + initStep * 3, 16);
  for (let k = depth; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let v = v128.load32_splat(a);
    x0 = madd(v, b0, x0), y0 = madd(v, b1, y0);
    v = v128.load32_splat(a, 4);
    x1 = madd(v, b0, x1), y1 = madd(v, b1, y1);
    v = v128.load32_splat(a, 8);
    x2 = madd(v, b0, x2), y2 = madd(v, b1, y2);
    v = v128.load32_splat(a, 12);
    x3 = madd(v, b0, x3), y3 = madd(v, b1, y3);
    a += 24, b += 32;
  }
  v128.store(c, x0), v128.store(c, y0, 16);
  v128.store(c + outStep, x1), v128.store(c + outStep, y1, 16);
  v128.store(c + outStep * 2, x2), v128.store(c + outStep * 2, y2, 16);
  v128.store(c + outStep * 3, x3), v128.store(c + outStep * 3, y3, 16);
}

function packed3(a: usize, b: usize, init: usize, c: usize): void {
  let x0 = v128.load(init), y0 = v128.load(init, 16);
  let x1 = v128.load(init + initStep), y1 = v128.load(init + initStep, 16);
  let x2 = v128.load(init + initStep * 2), y2 = v128.load(init + initStep * 2, 16);
  for (let k = depth; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let v = v128.load32_splat(a);
    x0 = madd(v, b0, x0), y0 = madd(v, b1, y0);
    v = v128.load32_splat(a, 4);
    x1 = madd(v, b0, x1), y1 = madd(v, b1, y1);
    v = v128.load32_splat(a, 8);
    x2 = madd(v, b0, x2), y2 = madd(v, b1, y2);
    a += 24, b += 32;
  }
  v128.store(c, x0), v128.store(c, y0, 16);
  v128.store(c + outStep, x1), v128.store(c + outStep, y1, 16);
  v128.store(c + outStep * 2, x2), v128.store(c + outStep * 2, y2, 16);
}

function packed2(a: usize, b: usize, init: usize, c: usize): void {
  let x0 = v128.load(init), y0 = v128.load(init, 16);
  let x1 = v128.load(init + initStep), y1 = v128.load(init + initStep, 16);
  for (let k = depth; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let v = v128.load32_splat(a);
    x0 = madd(v, b0, x0), y0 = madd(v, b1, y0);
    v = v128.load32_splat(a, 4);
    x1 = madd(v, b0, x1), y1 = madd(v, b1, y1);
    a += 24, b += 32;
  }
  v128.store(c, x0), v128.store(c, y0, 16);
  v128.store(c + outStep, x1), v128.store(c + outStep, y1, 16);
}

function packed1(a: usize, b: usize, init: usize, c: usize): void {
  let x0 = v128.load(init), y0 = v128.load(init, 16);
  for (let k = depth; k > 0; k--) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    const v = v128.load32_splat(a);
    x0 = madd(v, b0, x0), y0 = madd(v, b1, y0);
    a += 24, b += 32;
  }
  v128.store(c, x0), v128.store(c, y0, 16);
}
