import type { Report } from "../runner/rows.ts";
export function renderReport(report: Report): string {
  return `<pre>${JSON.stringify(report)}</pre>`;
}
