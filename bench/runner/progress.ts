/** What a run tells whoever waits for it: one line a row, and on a terminal what is being done now. */
import type { Row } from "./rows.ts";

export interface Progress {
  /** What is being done; replaced by the next. */
  now(text: string): void;
  /** A line that stays. */
  line(text: string): void;
}

export function showProgress(stream: NodeJS.WriteStream): Progress {
  const clear = stream.isTTY ? "\r\u001b[K" : "";
  return {
    now: (text) => {
      if (stream.isTTY) stream.write(`${clear}${text.slice(0, (stream.columns ?? 80) - 1)}`);
    },
    line: (text) => stream.write(`${clear}${text}\n`),
  };
}

/** Three significant digits, no exponent. */
export function digits(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString("en");
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
}

/** One row as one line. */
export function describeRow(row: Row): string {
  const threads = row.threads === undefined ? "" : ` ${row.threads}t`;
  const software = row.isFallbackAdapter === true ? " (software adapter)" : "";
  const name = `  ${`${row.engine}${threads}${software}`.padEnd(36)}`;
  if (row.outcome === "counted") {
    return `${name}${row.figures.map(({ name, value, unit }) => `${name}: ${digits(value)} ${unit}`).join("; ")}`;
  }
  if (row.outcome !== "measured")
    return `${name}${row.outcome === "over" ? "" : `${row.outcome}: `}${row.why}`;
  const parts = [
    `${digits(row.medianMs)} ms`,
    `min ${digits(row.minMs)}, p90 ${digits(row.p90Ms)}`,
  ];
  if (row.kernelMs !== undefined) parts.push(`${digits(row.kernelMs)} ms on the GPU's clock`);
  if (row.ratio !== undefined) parts.push(`${digits(row.ratio)} × ours`);
  if (row.gflops !== undefined) parts.push(`${digits(row.gflops)} GFLOP/s`);
  else if (row.gigabytesPerSecond !== undefined)
    parts.push(`${digits(row.gigabytesPerSecond)} GB/s`);
  if (row.dispatches !== undefined) parts.push(`${row.dispatches} dispatches`);
  if (row.submits !== undefined) parts.push(`${row.submits} submits`);
  const figures = row.figures?.map(({ name, value, unit }) => `${name}: ${digits(value)} ${unit}`);
  return name + [...parts, ...(figures ?? [])].join(", ");
}
