/**
 * Phases of a stride, along one dimension: the pixels whose distance from the padded edge is the same modulo the
 * stride meet the same taps of a filter, every stride-th. Behind that, what the gradient with respect to the input (conv.ts)
 * keeps of each phase: packed filters, the table of their terms, and where the windows of its pixels start.
 */
import { fillTable } from "./conv-band";

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

/** Where the starts of the windows of `phase` lie, in memory that holds those of all phases from `first` on. */
export function phaseStarts(first: usize, phase: i32, sh: i32, sw: i32, H: i32, W: i32, above: i32, left: i32): usize {
  let elements = 0;
  for (let before = 0; before < phase; before++) {
    elements += phaseLength(H, before / sw, above, sh) * phaseLength(W, before % sw, left, sw);
  }
  return first + (<usize>elements << 2);
}

/** Where panels and table of `phase` lie, in memory that holds those of one group from `scratch` on. */
export function phaseMemory(scratch: usize, phase: i32, KH: i32, KW: i32, OC: i32, sh: i32, sw: i32, count: i32): usize {
  let terms = 0;
  for (let before = 0; before < phase; before++) {
    terms += phaseTaps(KH, before / sw, sh) * phaseTaps(KW, before % sw, sw) * OC;
  }
  return scratch + (<usize>(terms * (count * 8 + 1)) << 2);
}

/** Panels [C][taps turned round · OC] of w [KH, KW, C], rows of `step` with OC of this group, and one phase's table. */
export function packPhase(
  w: usize, py: i32, px: i32, KH: i32, KW: i32, C: i32, OC: i32, step: i32, sh: i32, sw: i32, width: i32, to: usize,
): void {
  const tapRows = phaseTaps(KH, py, sh), tapColumns = phaseTaps(KW, px, sw);
  const terms = tapRows * tapColumns * OC;
  const count = (C + 7) >> 3;
  for (let i = 0; i < tapRows; i++) {
    for (let j = 0; j < tapColumns; j++) {
      const kh = py + sh * (tapRows - 1 - i), kw = px + sw * (tapColumns - 1 - j);
      const tap = w + (<usize>((kh * KW + kw) * C * step) << 2);
      const first = (i * tapColumns + j) * OC;
      for (let c = 0; c < count * 8; c++) {
        // [panel][term][8]
        let out = to + (<usize>(((c >> 3) * terms + first) * 8 + (c & 7)) << 2);
        const from = tap + (<usize>(min(c, C - 1) * step) << 2);
        for (let oc = 0; oc < OC; oc++) {
          store<f32>(out, load<f32>(from + (<usize>oc << 2)));
          out += 32;
        }
      }
    }
  }
  fillTable(to + (<usize>(count * terms) << 5), tapRows, tapColumns, OC, width * OC, OC);
}
