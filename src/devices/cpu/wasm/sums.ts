/**
 * Sums of f32 that keep their digits at any length. Vectors are added in pairs of pairs before they join an f32 total,
 * and a total of at most RUN rows or 1,024 elements of a row goes on to an f64: n equal numbers err by some 10⁻⁷ where
 * one after the other they would lose n · 3·10⁻⁸. The order depends on sizes alone.
 */

/** Rows whose sums are f32. */
export const RUN: i32 = 128;
/** Bytes of a row whose sum is f32. */
const RUN_BYTES: usize = 4096;

/** The sum of four lanes. */
// @ts-ignore: decorator
@inline
export function lanes(x: v128): f64 {
  const low = f64x2.promote_low_f32x4(x);
  const both = f64x2.add(low, f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 0, 1)));
  return f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
}

// @ts-ignore: decorator
@inline
function four(from: usize, step: usize): v128 {
  const left = f32x4.add(v128.load(from), v128.load(from + step));
  return f32x4.add(left, f32x4.add(v128.load(from + 2 * step), v128.load(from + 3 * step)));
}

/** Of `bytes` bytes one behind the other. */
export function sumOf(from: usize, bytes: usize): f64 {
  const stop = from + bytes;
  let sum: f64 = 0;
  while (from + 64 <= stop) {
    const end = min(from + RUN_BYTES, from + ((stop - from) & ~63));
    let a = f32x4.splat(0);
    let b = a;
    for (; from + 128 <= end; from += 128) {
      a = f32x4.add(a, four(from, 16));
      b = f32x4.add(b, four(from + 64, 16));
    }
    if (from < end) {
      a = f32x4.add(a, four(from, 16));
      from += 64;
    }
    sum += lanes(f32x4.add(a, b));
  }
  let rest = f32x4.splat(0);
  for (; from + 16 <= stop; from += 16) rest = f32x4.add(rest, v128.load(from));
  sum += lanes(rest);
  for (; from < stop; from += 4) sum += <f64>load<f32>(from);
  return sum;
}

/** x added to the four f64 at `to`. */
// @ts-ignore: decorator
@inline
function pour(to: usize, x: v128): void {
  v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(x)));
  const high = f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 0, 1));
  v128.store(to, f64x2.add(v128.load(to, 16), high), 16);
}

/** The sums of `rows` rows, at most RUN, of 32 columns, added to the 32 f64 at `to`; rows lie `step` bytes apart. */
export function addWide(to: usize, from: usize, rows: i32, step: usize): void {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    a = f32x4.add(a, four(from, step));
    b = f32x4.add(b, four(from + 16, step));
    c = f32x4.add(c, four(from + 32, step));
    d = f32x4.add(d, four(from + 48, step));
    e = f32x4.add(e, four(from + 64, step));
    f = f32x4.add(f, four(from + 80, step));
    g = f32x4.add(g, four(from + 96, step));
    h = f32x4.add(h, four(from + 112, step));
    from += 4 * step;
  }
  for (; i < rows; i++) {
    a = f32x4.add(a, v128.load(from));
    b = f32x4.add(b, v128.load(from, 16));
    c = f32x4.add(c, v128.load(from, 32));
    d = f32x4.add(d, v128.load(from, 48));
    e = f32x4.add(e, v128.load(from, 64));
    f = f32x4.add(f, v128.load(from, 80));
    g = f32x4.add(g, v128.load(from, 96));
    h = f32x4.add(h, v128.load(from, 112));
    from += step;
  }
  pour(to, a);
  pour(to + 32, b);
  pour(to + 64, c);
  pour(to + 96, d);
  pour(to + 128, e);
  pour(to + 160, f);
  pour(to + 192, g);
  pour(to + 224, h);
}

/** The same for four columns. */
export function addNarrow(to: usize, from: usize, rows: i32, step: usize): void {
  let a = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= rows; i += 4) {
    a = f32x4.add(a, four(from, step));
    from += 4 * step;
  }
  for (; i < rows; i++) {
    a = f32x4.add(a, v128.load(from));
    from += step;
  }
  pour(to, a);
}

/** `count` f64 as f32. */
export function round(to: usize, from: usize, count: i32): void {
  for (let i = 0; i < count; i++) store<f32>(to + (<usize>i << 2), <f32>load<f64>(from + (<usize>i << 3)));
}
