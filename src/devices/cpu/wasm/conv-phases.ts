/**
 * Phases of a stride, along one dimension: the pixels whose distance from the padded edge is the same modulo the
 * stride meet the same taps of a filter, every stride-th.
 */

/** Taps of phase `phase` of `taps`, `stride` apart. */
// @ts-ignore: decorator
@inline
export function phaseTaps(taps: i32, phase: i32, stride: i32): i32 {
  return phase < taps ? (taps - phase + stride - 1) / stride : 0;
}

/** The first pixel ≥ 0 whose distance from the padded edge is `phase` modulo `stride`. */
// @ts-ignore: decorator
@inline
export function phaseStart(phase: i32, padding: i32, stride: i32): i32 {
  return ((phase - padding) % stride + stride) % stride;
}

/** Pixels of `length` that belong to a phase. */
// @ts-ignore: decorator
@inline
export function phaseLength(length: i32, phase: i32, padding: i32, stride: i32): i32 {
  const first = phaseStart(phase, padding, stride);
  return first < length ? (length - first + stride - 1) / stride : 0;
}
