import type { DType } from "../tensor/dtype.ts";

/** The largest f32 values below 2³¹ and 2³²: what WGSL clamps a conversion to. */
const MAX_I32 = 2147483520;
const MAX_U32 = 4294967040;

/**
 * A number of dtype `from` converted to dtype `to`, by WGSL's rules: f32 to integers truncates towards zero and
 * saturates at the limits that both types can represent (NaN becomes 0 here; on a GPU any number); i32 and u32 keep
 * their bits; anything but 0 is true, and true is 1.
 */
export function castValue(x: number, from: DType, to: DType): number {
  if (to === "bool" || from === "bool") return x === 0 ? 0 : 1;
  if (to === "f32" || from === to) return x;
  if (from === "f32") {
    if (Number.isNaN(x)) return 0;
    const [low, high] = to === "i32" ? [-2147483648, MAX_I32] : [0, MAX_U32];
    return Math.trunc(Math.min(high, Math.max(low, x)));
  }
  return to === "i32" ? x | 0 : x >>> 0;
}
