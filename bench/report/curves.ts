/** How time grows with sequence length, batch and depth: one chart a curve, both axes logarithmic. */
import type { MeasuredRow, Row } from "../runner/rows.ts";
import { digits, escapeText } from "./markup.ts";

const [WIDTH, HEIGHT, LEFT, BOTTOM, RIGHT] = [860, 300, 60, 28, 170];

interface Point {
  readonly at: number;
  readonly ms: number;
}

interface Line {
  readonly label: string;
  readonly isOurs: boolean;
  readonly points: readonly Point[];
}

function linesOf(rows: readonly MeasuredRow[]): Line[] {
  const byEngine = new Map<string, MeasuredRow[]>();
  for (const row of rows) {
    const threads = row.threads === undefined ? "" : ` ${row.threads}t`;
    const label = row.engine + (row.isFallbackAdapter === true ? " software" : threads);
    byEngine.set(label, [...(byEngine.get(label) ?? []), row]);
  }
  return [...byEngine].map(([label, own]) => ({
    label,
    isOurs: label.startsWith("gradgpu"),
    points: own
      .map((row) => ({ at: row.growth?.at ?? 0, ms: row.medianMs }))
      .sort((a, b) => a.at - b.at),
  }));
}

function axis(values: readonly number[], from: number, to: number): (value: number) => number {
  const logs = values.map(Math.log);
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  return (value) => from + ((to - from) * (Math.log(value) - low)) / Math.max(high - low, 1e-9);
}

function chart(curve: string, rows: readonly MeasuredRow[]): string {
  const lines = linesOf(rows);
  const points = lines.flatMap((line) => line.points);
  const ats = [...new Set(points.map(({ at }) => at))].sort((a, b) => a - b);
  const times = points.map(({ ms }) => ms);
  const x = axis(ats, LEFT, WIDTH - RIGHT);
  const y = axis(times, HEIGHT - BOTTOM, 12);
  const drawn = lines.map((line, i) => {
    const path = line.points
      .map(({ at, ms }, p) => `${p === 0 ? "M" : "L"}${x(at).toFixed(1)} ${y(ms).toFixed(1)}`)
      .join("");
    const last = line.points.at(-1) ?? { at: ats[0] ?? 1, ms: times[0] ?? 1 };
    const dots = line.points
      .map(({ at, ms }) => `<circle cx="${x(at).toFixed(1)}" cy="${y(ms).toFixed(1)}" r="3"/>`)
      .join("");
    const text = `<text x="${(x(last.at) + 8).toFixed(1)}" y="${(y(last.ms) + 4).toFixed(1)}">${escapeText(line.label)}, ${digits(last.ms)} ms</text>`;
    return `<g class="${line.isOurs ? "line mine" : "line"}" style="--hue:${(i * 67) % 360}"><path d="${path}"/>${dots}${text}</g>`;
  });
  const marks = ats.map(
    (at) => `<text class="value" x="${x(at).toFixed(1)}" y="${HEIGHT - 8}">${digits(at)}</text>`,
  );
  const ends = [Math.min(...times), Math.max(...times)].map(
    (ms) => `<text class="value" x="0" y="${(y(ms) + 4).toFixed(1)}">${digits(ms)} ms</text>`,
  );
  return `<section><h3>${escapeText(curve)}</h3><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">${[...marks, ...ends, ...drawn].join("\n")}</svg></section>`;
}

/** Curves of which at least two points were measured. */
export function growthCharts(rows: readonly Row[]): string {
  const byCurve = new Map<string, MeasuredRow[]>();
  for (const row of rows) {
    if (row.outcome !== "measured" || row.growth === undefined) continue;
    const { curve } = row.growth;
    byCurve.set(curve, [...(byCurve.get(curve) ?? []), row]);
  }
  const charts = [...byCurve]
    .filter(([, own]) => new Set(own.map(({ growth }) => growth?.at)).size > 1)
    .map(([curve, own]) => chart(curve, own));
  return charts.length === 0 ? "" : `<h2>Growth</h2>${charts.join("\n")}`;
}
