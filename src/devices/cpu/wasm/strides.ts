/** Copies of 32-bit elements, of anything, by strides. */

/** Rows that are transposed together, which lie side by side down their columns: a cache line. */
export const TILE_ROWS: i32 = 16;

/** `count` elements; strides are in elements. */
export function copyRow(to: usize, toStride: i32, from: usize, fromStride: i32, count: i32): void {
  let i = 0;
  if (toStride == 1) {
    if (fromStride == 1) i = copyVectors(to, from, count);
    else if (fromStride == 0) i = fillVectors(to, v128.load32_splat(from), count);
    else if (fromStride == -1) i = turnVectors(to, from, count);
  }
  const toStep = <usize>toStride << 2;
  const fromStep = <usize>fromStride << 2;
  to += <usize>i * toStep;
  from += <usize>i * fromStep;
  for (; i + 4 <= count; i += 4) {
    const a = load<i32>(from), b = load<i32>(from + fromStep);
    const c = load<i32>(from + 2 * fromStep), d = load<i32>(from + 3 * fromStep);
    store<i32>(to, a), store<i32>(to + toStep, b);
    store<i32>(to + 2 * toStep, c), store<i32>(to + 3 * toStep, d);
    to += 4 * toStep, from += 4 * fromStep;
  }
  for (; i < count; i++) {
    store<i32>(to, load<i32>(from));
    to += toStep;
    from += fromStep;
  }
}

/** These copy whole vectors, and say how many elements that was. */
// @ts-ignore: decorator
@inline
function copyVectors(to: usize, from: usize, count: i32): i32 {
  let i = 0;
  for (; i + 16 <= count; i += 16) {
    const at = <usize>i << 2;
    const a = v128.load(from + at), b = v128.load(from + at, 16);
    const c = v128.load(from + at, 32), d = v128.load(from + at, 48);
    v128.store(to + at, a), v128.store(to + at, b, 16), v128.store(to + at, c, 32), v128.store(to + at, d, 48);
  }
  for (; i + 4 <= count; i += 4) v128.store(to + (<usize>i << 2), v128.load(from + (<usize>i << 2)));
  return i;
}

// @ts-ignore: decorator
@inline
function fillVectors(to: usize, value: v128, count: i32): i32 {
  let i = 0;
  for (; i + 4 <= count; i += 4) v128.store(to + (<usize>i << 2), value);
  return i;
}

/** From the last element of a row to the first, where `from` is the last one. */
// @ts-ignore: decorator
@inline
function turnVectors(to: usize, from: usize, count: i32): i32 {
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const v = v128.load(from - 12 - (<usize>i << 2));
    v128.store(to + (<usize>i << 2), v128.shuffle<i32>(v, v, 3, 2, 1, 0));
  }
  return i;
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
  const wholeRows = rows & ~3;
  const wholeColumns = columns & ~3;
  for (let c = 0; c < wholeColumns; c += 4) {
    const source = from + <usize>c * fromStep;
    const target = to + (<usize>c << 2);
    for (let r = 0; r < wholeRows; r += 4) transpose4(target + <usize>r * toStep, toStep, source + (<usize>r << 2), fromStep);
  }
  const fromStride = <i32>(fromStep >> 2);
  for (let r = wholeRows; r < rows; r++) {
    copyRow(to + <usize>r * toStep, 1, from + (<usize>r << 2), fromStride, columns);
  }
  for (let c = wholeColumns; c < columns; c++) {
    copyRow(to + (<usize>c << 2), <i32>(toStep >> 2), from + <usize>c * fromStep, 1, wholeRows);
  }
}
