/**
 * Copies a block of elements by strides on both sides: transpose, broadcastTo, slice, pad and concat are this with
 * different strides. Elements are 32 bits of anything.
 */
import { copyRow, TILE_ROWS, transposeTile } from "./strides";
import { at, barrier, operand, shareStart, word } from "./threads";

/** Elements of a row that are one unit of work. */
const ROW_UNIT: i32 = 4096;

/** The two offsets that coordinates stand for, in elements. */
let fromOffset: i32 = 0;
let toOffset: i32 = 0;

/** Places `index` of the first `dimensions` dimensions on both sides. */
function locate(index: i32, dimensions: i32, rank: i32, shape: usize): void {
  fromOffset = 0;
  toOffset = 0;
  for (let d = dimensions - 1; d >= 0; d--) {
    const size = at(shape, d);
    const above = index / size;
    const coordinate = index - above * size;
    fromOffset += coordinate * at(shape, rank + d);
    toOffset += coordinate * at(shape, 2 * rank + d);
    index = above;
  }
}

/**
 * Operands x, out; words: elements of out to be zeroed first, offset in x, offset in out, whether the last two
 * dimensions are transposed, rank, shape, strides in x, strides in out.
 * Transposed means: x has stride 1 along the last dimension but one, out along the last.
 */
export function gather(args: usize, thread: i32, threads: i32): void {
  const zeros = word(args, 2, 0);
  const isTransposed = word(args, 2, 3);
  const rank = word(args, 2, 4);
  const shape = args + 28;
  const x = operand(args, 0) + (<usize>word(args, 2, 1) << 2);
  const out = operand(args, 1);
  if (zeros > 0) {
    const start = shareStart(zeros, thread, threads, 1024);
    const end = shareStart(zeros, thread + 1, threads, 1024);
    memory.fill(out + (<usize>start << 2), 0, <usize>(end - start) << 2);
    barrier();
  }
  const to = out + (<usize>word(args, 2, 2) << 2);
  if (isTransposed) gatherTiles(x, to, rank, shape, thread, threads);
  else gatherRows(x, to, rank, shape, thread, threads);
}

function gatherRows(x: usize, out: usize, rank: i32, shape: usize, thread: i32, threads: i32): void {
  const last = rank - 1;
  let rows = 1;
  for (let d = 0; d < last; d++) rows *= at(shape, d);
  const columns = at(shape, last);
  const fromStride = at(shape, rank + last);
  const toStride = at(shape, 2 * rank + last);
  const parts = (columns + ROW_UNIT - 1) / ROW_UNIT;
  const end = shareStart(rows * parts, thread + 1, threads, 1);
  let unit = shareStart(rows * parts, thread, threads, 1);
  // Along the innermost of the other dimensions the places of rows grow evenly.
  const run = last > 0 && parts == 1 ? at(shape, last - 1) : 1;
  const fromRow = last > 0 ? <usize>at(shape, rank + last - 1) << 2 : 0;
  const toRow = last > 0 ? <usize>at(shape, 2 * rank + last - 1) << 2 : 0;
  while (unit < end) {
    const row = unit / parts;
    const column = (unit - row * parts) * ROW_UNIT;
    locate(row, last, rank, shape);
    let from = x + (<usize>(fromOffset + column * fromStride) << 2);
    let to = out + (<usize>(toOffset + column * toStride) << 2);
    const count = min(ROW_UNIT, columns - column);
    const next = min(end, unit + run - (run > 1 ? row % run : 0));
    for (; unit < next; unit++) {
      copyRow(to, toStride, from, fromStride, count);
      from += fromRow, to += toRow;
    }
  }
}

function gatherTiles(x: usize, out: usize, rank: i32, shape: usize, thread: i32, threads: i32): void {
  let outer = 1;
  for (let d = 0; d < rank - 2; d++) outer *= at(shape, d);
  const rows = at(shape, rank - 2);
  const columns = at(shape, rank - 1);
  const fromStep = <usize>at(shape, 2 * rank - 1) << 2;
  const rowStride = at(shape, 3 * rank - 2);
  const parts = (rows + TILE_ROWS - 1) / TILE_ROWS;
  const end = shareStart(outer * parts, thread + 1, threads, 1);
  for (let unit = shareStart(outer * parts, thread, threads, 1); unit < end; unit++) {
    const block = unit / parts;
    const row = (unit - block * parts) * TILE_ROWS;
    locate(block, rank - 2, rank, shape);
    const from = x + (<usize>(fromOffset + row) << 2);
    const to = out + (<usize>(toOffset + row * rowStride) << 2);
    transposeTile(to, <usize>rowStride << 2, from, fromStep, min(TILE_ROWS, rows - row), columns);
  }
}
