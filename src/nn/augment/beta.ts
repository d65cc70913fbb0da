/**
 * The quantiles of the beta distribution with both parameters α, at u = 0, 1/n, …, 1: what uniform numbers become to be
 * distributed so.
 *
 * F(t) ∝ ∫₀ᵗ x^(α−1) (1 − x)^(α−1) dx; s = x^α makes of it ∫ (1 − s^(1/α))^(α−1) ds, which has no pole for x ≤ ½. The other
 * half is its mirror image.
 */
export function betaQuantiles(alpha: number, n: number): Float64Array {
  const end = 0.5 ** alpha;
  const density = (s: number) => (1 - s ** (1 / alpha)) ** (alpha - 1);
  const step = end / STEPS;
  const areas = new Float64Array(STEPS + 1);
  for (let i = 1; i <= STEPS; i++)
    areas[i] = (areas[i - 1] ?? 0) + step * density((i - 0.5) * step);
  const half = areas[STEPS] ?? 1;
  const quantiles = new Float64Array(n + 1).fill(0.5);
  let i = 1;
  for (let k = 0; 2 * k < n; k++) {
    const area = ((2 * k) / n) * half;
    while (i < STEPS && (areas[i] ?? 0) < area) i++;
    const [low = 0, high = 1] = [areas[i - 1], areas[i]];
    const s = step * (i - 1 + (area - low) / (high - low));
    const t = s ** (1 / alpha);
    quantiles[k] = t;
    quantiles[n - k] = 1 - t;
  }
  return quantiles;
}

/** The midpoint rule's error is of the order of its square. */
const STEPS = 1 << 14;
