/** Copies of 32-bit elements, of anything, by strides. */

/** Rows that are transposed together, which lie side by side down their columns: a cache line. */
export const TILE_ROWS: i32 = 16;

/** `count` elements; strides are in elements. */
export function copyRow(to: usize, toStride: i32, from: usize, fromStride: i32, count: i32): void {
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
