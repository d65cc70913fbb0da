/** Medians and spreads of few samples. No normal distribution is assumed anywhere. */

/** The value below which the share `q` of `samples` lies, between neighbours where it falls between them. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  if (sorted.length === 0) return Number.NaN;
  const at = q * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? below;
  return below + (above - below) * (at - Math.floor(at));
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

export interface Summary {
  readonly medianMs: number;
  readonly minMs: number;
  readonly p90Ms: number;
  readonly samples: number;
}

export function summarise(samples: readonly number[]): Summary {
  return {
    medianMs: median(samples),
    minMs: Math.min(...samples),
    p90Ms: quantile(samples, 0.9),
    samples: samples.length,
  };
}

export interface Ratio {
  readonly ratio: number;
  /** Half of the rounds lie between these. */
  readonly ratioSpread: readonly [low: number, high: number];
}

/**
 * How many times longer than `ours` it took: the median of the rounds' own ratios, because what else the machine was
 * doing weighs on both halves of a round alike. Rounds that one of the two lacks are left out.
 */
export function pairedRatio(
  theirs: readonly (number | undefined)[],
  ours: readonly (number | undefined)[],
): Ratio | undefined {
  const ratios = theirs.flatMap((time, round) => {
    const own = ours[round];
    return time === undefined || own === undefined || own <= 0 ? [] : [time / own];
  });
  if (ratios.length === 0) return undefined;
  return { ratio: median(ratios), ratioSpread: [quantile(ratios, 0.25), quantile(ratios, 0.75)] };
}
