/**
 * What the recurrent cells share: a thread's part of a sequence, its steps in either direction, and a step's product
 * with the recurrent matrix, which is packed once a sequence. Tapes are [T + 1, B, U] with the state around every step.
 *
 * Rows of a batch never talk to each other, so with rows enough every thread walks all steps of its own rows without
 * waiting for anyone. With fewer than ROWS a thread they share the units instead, and meet once a step. Every element
 * is computed in the same order either way, so neither shows in the bits.
 */
import { copyTile, tileStart } from "./gemm";
import { packColumns, packRows, packTransposed } from "./gemm-pack";
import { packedTile, setOperands, stridedTile } from "./gemm-tiles";
import { barrier, operand, operandCount, shareStart, threadScratch, word } from "./threads";
import { setResult } from "./tile";

/** Rows that a thread must have for rows to be shared rather than units. */
const ROWS: i32 = 4;

// Flags, as lowering/walk.ts writes them.
const REVERSE: i32 = 1;
const LENGTHS: i32 = 2;

export let U: i32 = 0;
/** Bytes of one step of a tape. */
export let stepBytes: usize = 0;
/** This thread's part: rows [row, rowEnd), units [unit, unitEnd), which begin at a multiple of 8. */
export let row: i32 = 0, rowEnd: i32 = 0, unit: i32 = 0, unitEnd: i32 = 0;

let T: i32 = 0;
let byRows: bool = false;
let flags: i32 = 0;
let lengths: usize = 0;
let tile: usize = 0;
let threadIndex: i32 = 0, threadsInAll: i32 = 1;

/** Reads T, B, U and flags from the words `first` on, and takes this thread's part; the lengths are the last operand. */
export function begin(args: usize, first: i32, thread: i32, threads: i32): void {
  const count = operandCount(args);
  T = word(args, count, first), U = word(args, count, first + 2), flags = word(args, count, first + 3);
  const rows = word(args, count, first + 1);
  lengths = has(LENGTHS) ? operand(args, count - 1) : 0;
  threadIndex = thread, threadsInAll = threads;
  tile = threadScratch(thread);
  stepBytes = <usize>(rows * U) << 2;
  byRows = rows >= ROWS * threads;
  row = byRows ? shareStart(rows, thread, threads, 1) : 0;
  rowEnd = byRows ? shareStart(rows, thread + 1, threads, 1) : rows;
  unit = byRows ? 0 : shareStart(U, thread, threads, 8);
  unitEnd = byRows ? U : shareStart(U, thread + 1, threads, 8);
}

export function has(flag: i32): bool {
  return (flags & flag) != 0;
}

export function steps(): i32 {
  return T;
}

/** Step `index` of the walk. */
export function stepAt(index: i32): i32 {
  return has(REVERSE) ? T - 1 - index : index;
}

/** The tape's row before step t. */
export function before(tape: usize, t: i32): usize {
  return tape + <usize>(has(REVERSE) ? t + 1 : t) * stepBytes;
}

/** The tape's row after step t. */
export function after(tape: usize, t: i32): usize {
  return tape + <usize>(has(REVERSE) ? t : t + 1) * stepBytes;
}

/** Whether row b has not ended at step t. */
export function isLive(b: i32, t: i32): bool {
  return lengths == 0 || t < load<i32>(lengths + (<usize>b << 2));
}

/** Waits for the units of the others, where they are shared. */
export function meet(): void {
  if (!byRows) barrier();
}

/** Packs recurrent [U, U, gates] for products with a state; then every thread has written its part. */
export function packForward(recurrent: usize, gates: i32, packed: usize): void {
  const width = U * gates;
  const panels = (width + 7) >> 3;
  const own = shareStart(panels, threadIndex, threadsInAll, 1), end = shareStart(panels, threadIndex + 1, threadsInAll, 1);
  packColumns(recurrent + (<usize>own << 5), <usize>width << 2, U, end - own, packed + (<usize>(own * U) << 5));
  barrier();
}

/** Packs its transpose, for products with the gradients of gates. */
export function packBackward(recurrent: usize, gates: i32, packed: usize): void {
  const depth = U * gates;
  const panels = (U + 7) >> 3;
  const own = shareStart(panels, threadIndex, threadsInAll, 1), end = shareStart(panels, threadIndex + 1, threadsInAll, 1);
  if (own < end) {
    packTransposed(
      recurrent + (<usize>(own * 8 * depth) << 2), <usize>depth << 2, U - own * 8, depth, end - own,
      packed + (<usize>(own * depth) << 5),
    );
  }
  barrier();
}

/**
 * Columns [first, end) of `width`; `first` is a multiple of 8. Where rows are shared the rows of `a` are packed as
 * well, once a step for all columns, behind the packed matrix.
 */
export function multiply(
  a: usize, depth: i32, packed: usize, init: usize, initStep: usize, out: usize, width: i32, first: i32, end: i32,
): void {
  const aStep = <usize>depth << 2, outStep = <usize>width << 2;
  const rows = rowEnd - row;
  const tiles = (rows + 5) / 6;
  // Of two tiles or more each has 3 rows at least: with room for 2 · depth numbers a row a strip of [k][6] fits.
  const strips = packed + (<usize>((width + 7) >> 3) * <usize>depth << 5);
  const stripStep = <usize>((depth + 3) & ~3) << 3;
  if (byRows) {
    for (let i = 0; i < tiles; i++) {
      const r = row + tileStart(rows, i, tiles);
      const count = row + tileStart(rows, i + 1, tiles) - r;
      packRows(a + <usize>r * aStep, aStep, count, depth, strips + <usize>r * stripStep);
    }
  }
  setOperands(depth, aStep, 4, 32);
  for (let n = first; n < end; n += 8) {
    const b = packed + (<usize>(n >> 3) * <usize>depth << 5);
    const at = <usize>n << 2;
    const columns = min(8, width - n);
    const isWhole = columns == 8;
    setResult(isWhole ? initStep : 32, isWhole ? outStep : 32);
    for (let i = 0; i < tiles; i++) {
      const r = row + tileStart(rows, i, tiles);
      const count = row + tileStart(rows, i + 1, tiles) - r;
      const from = init + <usize>r * initStep + (initStep ? at : 0);
      const to = out + <usize>r * outStep + at;
      if (!isWhole) copyTile(from, initStep, tile, 32, count, columns);
      const start = isWhole ? from : tile, result = isWhole ? to : tile;
      if (byRows) packedTile(count, strips + <usize>r * stripStep, b, start, result);
      else stridedTile(count, a + <usize>r * aStep, b, start, result);
      if (!isWhole) copyTile(tile, 32, to, outStep, count, columns);
    }
  }
}
