/** Tiles of matrix products (tile.ts), of 1 to 6 rows. Each number of rows is a function of its own. */
import { PANEL, setSums, STRIDES, tile } from "./tile";

let rowStep: usize = 0;
let columnStep: usize = 0;

/** Depth of the sum and the byte steps of A and B for the tiles that follow, on this thread. */
// @ts-ignore: decorator
@inline
export function setOperands(k: i32, aRow: usize, aColumn: usize, b: usize): void {
  setSums(k, b);
  rowStep = aRow, columnStep = aColumn;
}

/** A's element lies at a + r · rowStep + k · columnStep: the same code reads a row-major matrix and a transposed one. */
export function stridedTile(rows: i32, a: usize, b: usize, init: usize, c: usize): void {
  if (rows == 6) strided6(a, b, init, c);
  else if (rows == 5) strided5(a, b, init, c);
  else if (rows == 4) strided(4, a, b, init, c);
  else if (rows == 3) strided(3, a, b, init, c);
  else if (rows == 2) strided(2, a, b, init, c);
  else strided(1, a, b, init, c);
}

function strided6(a: usize, b: usize, init: usize, c: usize): void {
  strided(6, a, b, init, c);
}

function strided5(a: usize, b: usize, init: usize, c: usize): void {
  strided(5, a, b, init, c);
}

// @ts-ignore: decorator
@inline
function strided(rows: i32, a: usize, b: usize, init: usize, c: usize): void {
  const s = rowStep;
  tile(rows, STRIDES, a, s, s * 2, s * 3, s * 4, s * 5, 0, columnStep, b, init, c);
}

/**
 * Both operands are packed: A as [k][6], of which there are 6 in `a`, B as [k][8]. Distances that are constants leave
 * fewer addresses to compute, 32 operations instead of 36 around the loop's 12 FMAs: as many as a core with two FMA units
 * and six operations a cycle has room for.
 */
export function packedTile(rows: i32, a: usize, b: usize, init: usize, c: usize): void {
  if (rows == 6) packed6(a, b, init, c);
  else if (rows == 5) packed(5, a, b, init, c);
  else if (rows == 4) packed(4, a, b, init, c);
  else if (rows == 3) packed(3, a, b, init, c);
  else if (rows == 2) packed(2, a, b, init, c);
  else packed(1, a, b, init, c);
}

function packed6(a: usize, b: usize, init: usize, c: usize): void {
  packed(6, a, b, init, c);
}

// @ts-ignore: decorator
@inline
function packed(rows: i32, a: usize, b: usize, init: usize, c: usize): void {
  tile(rows, PANEL, a, 0, 0, 0, 0, 0, 0, 24, b, init, c);
}
