/** Two runs of the suite, row by row: what got slower or faster by more than the rounds themselves vary. */
import { keyOf, type MeasuredRow, type Report, type Row } from "../runner/rows.ts";

export interface Change {
  readonly key: string;
  readonly baseMs: number;
  readonly newMs: number;
  /** newMs / baseMs. */
  readonly factor: number;
  /** What a factor has to exceed (or its inverse fall below) to be more than noise. */
  readonly noise: number;
}

export interface Comparison {
  readonly slower: readonly Change[];
  readonly faster: readonly Change[];
  readonly unchanged: number;
  /** Measured in the base, not measured any more, with the reason. */
  readonly lost: readonly { readonly key: string; readonly why: string }[];
  readonly added: readonly string[];
  /** Why the two should not be compared at all; empty where nothing speaks against it. */
  readonly warnings: readonly string[];
}

/** A tenth is never news on a machine that does other things as well. */
const LEAST_NOISE = 1.1;

/**
 * How far a median may wander by chance: the larger of the two runs' own spreads, from the fastest to the slowest
 * tenth of rounds, taken from the median. Few samples know little of their spread: theirs is widened.
 */
function noiseOf(rows: readonly MeasuredRow[]): number {
  const spreads = rows.map(({ medianMs, minMs, p90Ms, samples }) => {
    const spread = Math.max(p90Ms / medianMs, medianMs / minMs);
    return 1 + (spread - 1) * (samples < 5 ? 1.5 : 1);
  });
  return Math.max(LEAST_NOISE, ...spreads.filter((spread) => Number.isFinite(spread)));
}

const timeOf = (row: MeasuredRow) => row.kernelMs ?? row.medianMs;

function changeOf(key: string, base: MeasuredRow, now: MeasuredRow): Change {
  const [baseMs, newMs] =
    base.kernelMs === undefined || now.kernelMs === undefined
      ? [base.medianMs, now.medianMs]
      : [timeOf(base), timeOf(now)];
  return { key, baseMs, newMs, factor: newMs / baseMs, noise: noiseOf([base, now]) };
}

const measured = (row: Row | undefined) => (row?.outcome === "measured" ? row : undefined);

export function compareReports(base: Report, now: Report): Comparison {
  const rows = new Map(now.rows.map((row) => [keyOf(row), row]));
  const known = new Set(base.rows.map(keyOf));
  const changes: Change[] = [];
  const lost: { key: string; why: string }[] = [];
  for (const row of base.rows) {
    const key = keyOf(row);
    const before = measured(row);
    const after = rows.get(key);
    const then = measured(after);
    if (before === undefined) continue;
    if (then !== undefined) changes.push(changeOf(key, before, then));
    // A run of fewer cases has lost nothing.
    else if (after !== undefined && "why" in after) lost.push({ key, why: after.why });
  }
  const byFactor = (a: Change, b: Change) => b.factor - a.factor;
  const slower = changes.filter(({ factor, noise }) => factor > noise).sort(byFactor);
  const faster = changes
    .filter(({ factor, noise }) => 1 / factor > noise)
    .sort(byFactor)
    .reverse();
  return {
    slower,
    faster,
    unchanged: changes.length - slower.length - faster.length,
    lost,
    added: now.rows.filter((row) => measured(row) && !known.has(keyOf(row))).map(keyOf),
    warnings: warningsOf(base, now),
  };
}

function warningsOf(base: Report, now: Report): string[] {
  const warnings: string[] = [];
  const differ = (what: string, a: string | number, b: string | number) => {
    if (a !== b) warnings.push(`${what} differs: ${a} then, ${b} now`);
  };
  differ("the CPU", base.machine.cpu, now.machine.cpu);
  differ("the number of cores", base.machine.cores, now.machine.cores);
  differ("the runner", base.runner, now.runner);
  differ("the host", base.host, now.host);
  if (!base.isComplete) warnings.push("the base run was not finished");
  if (!now.isComplete) warnings.push("the new run was not finished");
  return warnings;
}

/** For people: what got slower first. */
export function describeComparison(comparison: Comparison): string {
  const { slower, faster, unchanged, lost, added, warnings } = comparison;
  const line = ({ key, baseMs, newMs, factor, noise }: Change) =>
    `  ${key}: ${baseMs.toPrecision(3)} → ${newMs.toPrecision(3)} ms (× ${factor.toFixed(2)}, noise × ${noise.toFixed(2)})`;
  const part = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : [`${title}: ${lines.length}`, ...lines];
  return [
    ...warnings.map((warning) => `note: ${warning}`),
    ...part("slower", slower.map(line)),
    ...part(
      "no longer measured",
      lost.map(({ key, why }) => `  ${key}: ${why}`),
    ),
    ...part("faster", faster.map(line)),
    ...part(
      "new",
      added.map((key) => `  ${key}`),
    ),
    `within noise: ${unchanged}`,
  ].join("\n");
}

/** A report from a file's text. @throws Error that says what is wrong with it */
export function parseReport(text: string, name: string): Report {
  const report = JSON.parse(text) as Partial<Report> | null;
  if (report?.format !== 1 || !Array.isArray(report.rows) || report.machine === undefined) {
    throw new Error(`${name}: is no report of this suite (format 1).`);
  }
  return report as Report;
}
