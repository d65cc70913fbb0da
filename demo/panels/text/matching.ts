/**
 * Which units hold something for exactly as long as a range of letters lasts: on at every one of them, off at the
 * letter before and at the letter behind. Strobelt et al. 2018, LSTMVis.
 */
import type { Reading } from "./pictures.ts";

/** Letters `from` to `to`, both included. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * The units that are on within `range` and off around it, the clearest first: those with the largest gap between the
 * least within and the most around. A unit is on where sign·tanh(c) ≥ threshold; both signs are looked at.
 */
export function unitsOn(
  { steps: { c }, units, letters }: Pick<Reading, "steps" | "units" | "letters">,
  { from, to }: Range,
  threshold: number,
): { readonly unit: number; readonly sign: 1 | -1 }[] {
  const found: { unit: number; sign: 1 | -1; gap: number }[] = [];
  const around = [from - 1, to + 1].filter((t) => t >= 0 && t < letters.length);
  for (let unit = 0; unit < units; unit++) {
    for (const sign of [1, -1] as const) {
      const at = (t: number) => sign * (c[t * units + unit] ?? 0);
      let least = Number.POSITIVE_INFINITY;
      for (let t = from; t <= to; t++) least = Math.min(least, at(t));
      const most = Math.max(-1, ...around.map(at));
      if (least >= threshold && most < threshold) found.push({ unit, sign, gap: least - most });
    }
  }
  return found.toSorted((a, b) => b.gap - a.gap).map(({ unit, sign }) => ({ unit, sign }));
}
