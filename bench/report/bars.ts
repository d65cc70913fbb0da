/** One case: a bar for each engine, with the spread of its rounds. SVG, on a logarithmic axis. */
import type { MeasuredRow } from "../runner/rows.ts";
import { labelOf } from "./label.ts";
import { digits, escapeText } from "./markup.ts";

const WIDTH = 860;
const LABEL = 210;
const NUMBERS = 290;
const ROW = 24;

/** Bars begin a little left of the fastest round: a logarithmic axis has no zero. */
function scaleOf(rows: readonly MeasuredRow[]): (ms: number) => number {
  const low = Math.log(Math.min(...rows.map(({ minMs }) => minMs))) - 0.5;
  const high = Math.log(Math.max(...rows.map(({ p90Ms, medianMs }) => Math.max(p90Ms, medianMs))));
  const room = WIDTH - LABEL - NUMBERS;
  return (ms) => LABEL + (room * (Math.log(ms) - low)) / Math.max(high - low, 1e-9);
}

function numbersOf(row: MeasuredRow): string {
  const parts = [`${digits(row.medianMs)} ms`];
  if (row.kernelMs !== undefined) parts.push(`GPU ${digits(row.kernelMs)} ms`);
  if (row.ratio !== undefined) parts.push(`${digits(row.ratio)} ×`);
  if (row.gflops !== undefined) parts.push(`${digits(row.gflops)} GFLOP/s`);
  else if (row.gigabytesPerSecond !== undefined) {
    parts.push(`${digits(row.gigabytesPerSecond)} GB/s`);
  }
  if (row.shareOfPeak !== undefined) parts.push(`${(100 * row.shareOfPeak).toFixed(0)} % of peak`);
  if (row.dispatches !== undefined && row.device === "webgpu") {
    parts.push(`${row.dispatches} disp. ${row.submits ?? "?"} subm.`);
  }
  return parts.join(" · ");
}

export function barChart(rows: readonly MeasuredRow[]): string {
  const sorted = [...rows].sort(
    (a, b) => a.device.localeCompare(b.device) || a.medianMs - b.medianMs,
  );
  const x = scaleOf(rows);
  const bars = sorted.map((row, i) => {
    const y = i * ROW;
    const kind = row.engine.startsWith("gradgpu") ? "ours" : row.device;
    const middle = y + ROW / 2;
    return `<text x="0" y="${middle + 4}">${escapeText(labelOf(row))}</text>
<rect class="${kind}" x="${LABEL}" y="${y + 5}" width="${(x(row.medianMs) - LABEL).toFixed(1)}" height="${ROW - 10}"/>
<path class="spread" d="M${x(row.minMs).toFixed(1)} ${middle}H${x(Math.max(row.p90Ms, row.minMs)).toFixed(1)}"/>
<text class="value" x="${WIDTH - NUMBERS + 12}" y="${middle + 4}">${escapeText(numbersOf(row))}</text>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${sorted.length * ROW}" role="img">${bars.join("\n")}</svg>`;
}
