/** A run as one HTML file that needs nothing else: machine, bars with spread, growth curves, what could not be done. */
import type { MeasuredRow, Report, Row } from "../runner/rows.ts";
import { barChart } from "./bars.ts";
import { growthCharts } from "./curves.ts";
import { digits, escapeText, table } from "./markup.ts";
import { othersTable } from "./others.ts";
import { STYLE } from "./style.ts";

export function renderReport(report: Report, others: readonly Report[] = []): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>gradgpu benchmarks, ${escapeText(report.startedAt.slice(0, 10))}</title><style>${STYLE}</style></head>
<body><main>${reportBody(report, others)}</main></body></html>
`;
}

/** What goes between the tags; the page that measures in the reader's browser shows it as well. */
export function reportBody(report: Report, others: readonly Report[] = []): string {
  const software = report.rows.some(({ isFallbackAdapter }) => isFallbackAdapter === true);
  return [
    `<h1>gradgpu benchmarks</h1>`,
    report.isComplete ? "" : `<p class="mark">This run was not finished.</p>`,
    software
      ? `<p class="mark">WebGPU rows marked “software” ran on a software adapter: they compare runtimes with each other on it and say nothing about GPUs.</p>`
      : "",
    facts(report),
    `<p>Bars are medians, thin lines reach from the fastest round to the 90th percentile. × is the time over ours on the same kind of device, the median over rounds that were taken in turns; results were compared with ours before the timing.</p>`,
    casesOf(report),
    growthCharts(report.rows),
    resources(report.rows),
    figures(report.rows),
    refusals(report.rows),
    othersTable(report, others),
  ].join("\n");
}

function facts(report: Report): string {
  const { machine } = report;
  const adapters = [...new Set(report.rows.flatMap(({ adapter }) => adapter ?? []))];
  const lines: [string, string][] = [
    ["Machine", `${machine.cpu}, ${machine.cores} cores, ${machine.system}`],
    ["Adapter", adapters.join("; ") || "none used"],
    ["Ran in", `${report.runner}: ${report.host}`],
    ["gradgpu", [report.gradgpu, report.commit].filter(Boolean).join(", ")],
    ["Started", report.startedAt],
    ["Rounds", `${report.rounds}; cut off at ${report.limitSeconds} s`],
  ];
  if (machine.load !== undefined) lines.push(["Load when written", machine.load.toFixed(2)]);
  const engines = report.engines.map(({ engine, version, backend }) => [engine, version, backend]);
  return table(["", ""], lines) + table(["engine", "version", "what really ran"], engines);
}

function casesOf({ rows }: Report): string {
  const byCase = new Map<string, MeasuredRow[]>();
  for (const row of rows) {
    if (row.outcome === "measured") byCase.set(row.case, [...(byCase.get(row.case) ?? []), row]);
  }
  return [...byCase]
    .map(
      ([name, measured]) => `<section><h2>${escapeText(name)}</h2>${barChart(measured)}</section>`,
    )
    .join("\n");
}

function resources(rows: readonly Row[]): string {
  const cells = rows.flatMap((row) => {
    if (row.outcome !== "measured" || row.kind === "overhead") return [];
    const { dispatches, submits, peakBytes } = row;
    if (dispatches === undefined && peakBytes === undefined) return [];
    const memory = peakBytes === undefined ? "" : `${digits(peakBytes / 2 ** 20)} MiB`;
    return [[row.case, engineOf(row), dispatches?.toString(), submits?.toString(), memory]];
  });
  if (cells.length === 0) return "";
  const head = ["case", "engine", "dispatches", "submits", "peak memory"];
  return `<h2>Dispatches, submits and memory</h2>${table(head, cells)}`;
}

function figures(rows: readonly Row[]): string {
  const cells = rows.flatMap((row) =>
    row.outcome === "measured" || row.outcome === "counted"
      ? (row.figures ?? []).map(({ name, value, unit }) => [
          row.case,
          row.engine,
          name,
          `${digits(value)} ${unit}`,
        ])
      : [],
  );
  if (cells.length === 0) return "";
  return `<h2>Further figures</h2>${table(["case", "engine", "figure", "value"], cells)}`;
}

function refusals(rows: readonly Row[]): string {
  const cells = rows.flatMap((row) =>
    "why" in row ? [[row.case, engineOf(row), row.outcome, row.why]] : [],
  );
  if (cells.length === 0) return "";
  return `<h2>What was not measured, and why</h2>${table(["case", "engine", "", "why"], cells)}`;
}

function engineOf({ engine, threads, isFallbackAdapter }: Row): string {
  const parts = [engine];
  if (threads !== undefined) parts.push(`${threads} thread${threads === 1 ? "" : "s"}`);
  if (isFallbackAdapter === true) parts.push("software");
  return parts.join(", ");
}
