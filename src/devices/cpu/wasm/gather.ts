/**
 * Copies a block of elements by strides on both sides: transpose, broadcastTo, slice, pad and concat are this with
 * different strides. Elements are 32 bits of anything.
 */
import { barrier, operand, shareStart, word } from "./threads";

/** Elements of a row, and rows of a transposed tile, that are one unit of work. */
const ROW_UNIT: i32 = 4096;
const TILE_ROWS: i32 = 16;

/** The two offsets that coordinates stand for, in elements. */
let fromOffset: i32 = 0;
let toOffset: i32 = 0;

// @ts-ignore: decorator
@inline
function at(words: usize, index: i32): i32 {
  return load<i32>(words + (<usize>index << 2));
}

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

function copyRow(to: usize, toStride: i32, from: usize, fromStride: i32, count: i32): void {
  let i = 0;
  if (toStride == 1 && fromStride == 1) {
    for (; i + 4 <= count; i += 4) v128.store(to + (<usize>i << 2), v128.load(from + (<usize>i << 2)));
  } else if (toStride == 1 && fromStride == 0) {
    const value = v128.load32_splat(from);
    for (; i + 4 <= count; i += 4) v128.store(to + (<usize>i << 2), value);
  }
  const toStep = <usize>toStride << 2;
  const fromStep = <usize>fromStride << 2;
  to += <usize>i * toStep;
  from += <usize>i * fromStep;
  for (; i < count; i++) {
    store<i32>(to, load<i32>(from));
    to += toStep;
    from += fromStep;
  }
}

/** Four rows of four: `from` is contiguous down the columns of `to`. */
// @ts-ignore: decorator
@inline
function transpose4(to: usize, toStep: usize, from: usize, fromStep: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + fromStep);
  const c = v128.load(from + 2 * fromStep);
  const d = v128.load(from + 3 * fromStep);
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5);
  const cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const AB = v128.shuffle<i32>(a, b, 2, 6, 3, 7);
  const CD = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<i64>(ab, cd, 0, 2));
  v128.store(to + toStep, v128.shuffle<i64>(ab, cd, 1, 3));
  v128.store(to + 2 * toStep, v128.shuffle<i64>(AB, CD, 0, 2));
  v128.store(to + 3 * toStep, v128.shuffle<i64>(AB, CD, 1, 3));
}

/** to[r][c] = from[c][r] for `rows` rows and `columns` columns; steps in bytes. */
export function transposeTile(to: usize, toStep: usize, from: usize, fromStep: usize, rows: i32, columns: i32): void {
  let c = 0;
  for (; c + 4 <= columns; c += 4) {
    let r = 0;
    const source = from + <usize>c * fromStep;
    const target = to + (<usize>c << 2);
    for (; r + 4 <= rows; r += 4) transpose4(target + <usize>r * toStep, toStep, source + (<usize>r << 2), fromStep);
    for (; r < rows; r++) copyRow(target + <usize>r * toStep, 1, source + (<usize>r << 2), <i32>(fromStep >> 2), 4);
  }
  if (c == columns) return;
  for (let r = 0; r < rows; r++) {
    const target = to + <usize>r * toStep + (<usize>c << 2);
    copyRow(target, 1, from + <usize>c * fromStep + (<usize>r << 2), <i32>(fromStep >> 2), columns - c);
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
  for (let unit = shareStart(rows * parts, thread, threads, 1); unit < end; unit++) {
    const row = unit / parts;
    const column = (unit - row * parts) * ROW_UNIT;
    locate(row, last, rank, shape);
    const from = x + (<usize>(fromOffset + column * fromStride) << 2);
    const to = out + (<usize>(toOffset + column * toStride) << 2);
    copyRow(to, toStride, from, fromStride, min(ROW_UNIT, columns - column));
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
