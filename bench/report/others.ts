/** A run beside those of other machines: the same cases by the same engines, and peers that were measured there alone. */
import type { MeasuredRow, Report, Row } from "../runner/rows.ts";
import { labelOf } from "./label.ts";
import { digits, table } from "./markup.ts";

export interface Elsewhere {
  readonly case: string;
  /** With its threads, or that its adapter was a software one. */
  readonly engine: string;
  readonly device: MeasuredRow["device"];
  /** Undefined for a peer that was not measured here. */
  readonly hereMs: number | undefined;
  readonly thereMs: number;
  /** The machine, and what it ran in. */
  readonly there: string;
}

const isMeasured = (row: Row): row is MeasuredRow => row.outcome === "measured";

/** The same work on the same kind of adapter, with whatever threads the machine has. */
const workOf = (row: MeasuredRow) =>
  `${row.case} ${row.engine}${row.isFallbackAdapter === true ? " software" : ""}`;

/** What `others` have of the cases of `report`, case by case. */
export function elsewhere(report: Pick<Report, "rows">, others: readonly Report[]): Elsewhere[] {
  const here = report.rows.filter(isMeasured);
  const cases = [...new Set(here.map((row) => row.case))];
  const times = new Map(here.map((row) => [workOf(row), row.medianMs]));
  return cases.flatMap((name) =>
    others.flatMap((other) =>
      other.rows
        .filter(isMeasured)
        .filter((row) => row.case === name)
        .map((row) => ({
          case: name,
          engine: labelOf(row),
          device: row.device,
          hereMs: times.get(workOf(row)),
          thereMs: row.medianMs,
          there: `${other.machine.cpu}, ${other.machine.cores} cores, ${other.runner}`,
        })),
    ),
  );
}

const ms = (value: number | undefined) => (value === undefined ? "" : `${digits(value)} ms`);

const factor = ({ hereMs, thereMs }: Elsewhere) =>
  hereMs === undefined ? "" : `× ${digits(thereMs / hereMs)}`;

/** A line for each, for the terminal: engines that were measured here. */
export function describeOthers(report: Report, others: readonly Report[]): string[] {
  return elsewhere(report, others)
    .filter(({ hereMs }) => hereMs !== undefined)
    .map(
      (row) =>
        `  ${row.case} ${row.engine}: ${ms(row.hereMs)} here, ${ms(row.thereMs)} on ${row.there} (${factor(row)})`,
    );
}

/** A table with the peers, too. */
export function othersTable(report: Report, others: readonly Report[]): string {
  const rows = elsewhere(report, others).map((row) => [
    row.case,
    row.engine,
    ms(row.hereMs),
    ms(row.thereMs),
    factor(row),
    row.there,
  ]);
  if (rows.length === 0) return "";
  return `<h2>Other machines</h2>${table(["case", "engine", "here", "there", "there over here", "there is"], rows)}`;
}
