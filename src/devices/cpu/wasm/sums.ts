/** The sum of four lanes. */
// @ts-ignore: decorator
@inline
export function lanes(x: v128): f64 {
  const low = f64x2.promote_low_f32x4(x);
  const both = f64x2.add(low, f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 0, 1)));
  return f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
}
