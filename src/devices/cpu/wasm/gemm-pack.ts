/**
 * Copies of operands in the order in which the tiles read them. Packed B is a row of panels, each 8 columns wide,
 * k-major: [k][8]. Columns behind the matrix's edge hold any values, since what they add up to is never stored.
 */

/** Panels of 8 columns of a row-major B: `b` is the first panel's corner, `rowBytes` from row to row. */
export function packColumns(b: usize, rowBytes: usize, depth: i32, panels: i32, to: usize): void {
  for (let panel = 0; panel < panels; panel++) {
    let from = b + (<usize>panel << 5);
    for (let k = depth; k > 0; k--) {
      v128.store(to, v128.load(from));
      v128.store(to, v128.load(from, 16), 16);
      from += rowBytes, to += 32;
    }
  }
}

/** Four rows and four columns of a transposed B: out[k][0…3] = rows[0…3][k]. */
// @ts-ignore: decorator
@inline
function transpose4(r0: usize, r1: usize, r2: usize, r3: usize, to: usize): void {
  const a = v128.load(r0), b = v128.load(r1), c = v128.load(r2), d = v128.load(r3);
  const ab = i32x4.shuffle(a, b, 0, 4, 1, 5), cd = i32x4.shuffle(c, d, 0, 4, 1, 5);
  const AB = i32x4.shuffle(a, b, 2, 6, 3, 7), CD = i32x4.shuffle(c, d, 2, 6, 3, 7);
  v128.store(to, i64x2.shuffle(ab, cd, 0, 2));
  v128.store(to, i64x2.shuffle(ab, cd, 1, 3), 32);
  v128.store(to, i64x2.shuffle(AB, CD, 0, 2), 64);
  v128.store(to, i64x2.shuffle(AB, CD, 1, 3), 96);
}

/**
 * Panels of 8 columns of a B that is stored transposed: `b` is the address of the first panel's first column,
 * `columnBytes` lie between columns, `columns` of them exist.
 */
export function packTransposed(b: usize, columnBytes: usize, columns: i32, depth: i32, panels: i32, to: usize): void {
  for (let panel = 0; panel < panels; panel++) {
    for (let half = 0; half < 2; half++) {
      const n = panel * 8 + half * 4;
      // Behind the edge the last column is read again.
      const last = columns - 1;
      let r0 = b + <usize>min(n, last) * columnBytes, r1 = b + <usize>min(n + 1, last) * columnBytes;
      let r2 = b + <usize>min(n + 2, last) * columnBytes, r3 = b + <usize>min(n + 3, last) * columnBytes;
      let out = to + (<usize>half << 4);
      let k = depth;
      for (; k >= 4; k -= 4) {
        transpose4(r0, r1, r2, r3, out);
        r0 += 16, r1 += 16, r2 += 16, r3 += 16, out += 128;
      }
      for (; k > 0; k--) {
        store<f32>(out, load<f32>(r0));
        store<f32>(out, load<f32>(r1), 4);
        store<f32>(out, load<f32>(r2), 8);
        store<f32>(out, load<f32>(r3), 12);
        r0 += 4, r1 += 4, r2 += 4, r3 += 4, out += 32;
      }
    }
    to += <usize>depth << 5;
  }
}

/** Up to 6 rows of A as [k][6]; a row that is not there is the last one again. Writes up to 3 · 24 bytes too far. */
export function packRows(a: usize, rowBytes: usize, rows: i32, depth: i32, to: usize): void {
  const last = <usize>(rows - 1);
  let r0 = a, r1 = a + min<usize>(1, last) * rowBytes, r2 = a + min<usize>(2, last) * rowBytes;
  let r3 = a + min<usize>(3, last) * rowBytes, r4 = a + min<usize>(4, last) * rowBytes;
  let r5 = a + min<usize>(5, last) * rowBytes;
  for (let k = depth; k > 0; k -= 4) {
    const p = v128.load(r0), q = v128.load(r1), r = v128.load(r2), s = v128.load(r3);
    const t = v128.load(r4), u = v128.load(r5);
    const pq = i32x4.shuffle(p, q, 0, 4, 1, 5), rs = i32x4.shuffle(r, s, 0, 4, 1, 5);
    const PQ = i32x4.shuffle(p, q, 2, 6, 3, 7), RS = i32x4.shuffle(r, s, 2, 6, 3, 7);
    const tu = i32x4.shuffle(t, u, 0, 4, 1, 5), TU = i32x4.shuffle(t, u, 2, 6, 3, 7);
    v128.store(to, i64x2.shuffle(pq, rs, 0, 2)), v128.store64_lane(to, tu, 0, 16);
    v128.store(to, i64x2.shuffle(pq, rs, 1, 3), 24), v128.store64_lane(to, tu, 1, 40);
    v128.store(to, i64x2.shuffle(PQ, RS, 0, 2), 48), v128.store64_lane(to, TU, 0, 64);
    v128.store(to, i64x2.shuffle(PQ, RS, 1, 3), 72), v128.store64_lane(to, TU, 1, 88);
    r0 += 16, r1 += 16, r2 += 16, r3 += 16, r4 += 16, r5 += 16, to += 96;
  }
}

/** Up to 6 neighbouring columns of a transposed A, as [k][6]. */
export function packStrip(a: usize, rowBytes: usize, depth: i32, to: usize): void {
  for (let k = depth; k > 0; k--) {
    v128.store(to, v128.load(a));
    v128.store64_lane(to, v128.load64_zero(a, 16), 0, 16);
    a += rowBytes, to += 24;
  }
}
