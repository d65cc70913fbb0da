/** Scales of charts: where a value lies on an axis, and which values are written there. */

export interface Scale {
  readonly kind: "linear" | "log";
  readonly low: number;
  readonly high: number;
}

/** Where `value` lies from `low`, 0, to `high`, 1; values beyond are taken for the nearest end. */
export function shareOf({ kind, low, high }: Scale, value: number): number {
  const at = kind === "log" ? Math.log10 : (x: number) => x;
  const inside = Math.min(Math.max(value, low), high);
  return (at(inside) - at(low)) / (at(high) - at(low));
}

/** Round values on a scale: of a logarithmic one powers of ten, eight of them at most. */
export function ticksOf({ kind, low, high }: Scale): number[] {
  if (kind === "linear") return ticks(low, high);
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const stride = Math.max(1, Math.ceil((last - first + 1) / 8));
  // Counted from above, where curves begin.
  const count = Math.floor((last - first) / stride) + 1;
  return Array.from({ length: count }, (_, i) => 10 ** (last - i * stride)).reverse();
}

/** Four to eight round numbers in [low, high]. */
export function ticks(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5].find((n) => n * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, i) => (first + i) * step);
}

/** `value` with four digits at most. */
export function label(value: number): string {
  return Number(value.toPrecision(4)).toLocaleString("en");
}
