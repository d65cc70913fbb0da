import type { Results } from "../results.ts";
import { leftAt, pathOf } from "./facts.ts";
import { cellsOf, mebibytes, microseconds, percent, small, written } from "./words.ts";

/** Rows of the table that ends a run in the terminal. */
export function summaryRows(results: Results): [label: string, value: string][] {
  const { accuracy, flow, truncation, cost } = results;
  const tasks = [...new Set(accuracy.map(({ task }) => task))];
  const reached = tasks.flatMap((task) =>
    cellsOf(accuracy).map((cell): [string, string] => [
      `${task}, ${written(cell)}`,
      accuracy
        .filter((row) => row.task === task && row.cell === cell)
        .map((row) => `${row.lag}: ${percent(row.accuracy)}`)
        .join("  "),
    ]),
  );
  return [
    ["accuracy by lag", ""],
    ...reached,
    [`gradient left ${flow.lag} steps back`, ""],
    ...flow.atStart.map((curve): [string, string] => {
      const trained = flow.trained.find(({ cell }) => cell === curve.cell);
      const after = trained === undefined ? "" : `, ${left(pathOf(trained), flow.lag)} trained`;
      return [
        `${written(curve.cell)}${curve.c ? ", cell state" : ""}`,
        `${left(pathOf(curve), flow.lag)} at the start${after}`,
      ];
    }),
    ["accuracy by window", ""],
    ...truncation.map(({ window, isWhole, accuracy: own }): [string, string] => [
      isWhole ? "whole sequence" : `window ${window}`,
      percent(own),
    ]),
    ["cost of a step of the sequence", ""],
    ...cost.map(({ window, kind, msPerStep, bytes }): [string, string] => [
      kind === "truncated" ? `window ${window}` : `${kind === "whole" ? "whole" : "checkpointed"}`,
      `${microseconds(msPerStep)}, ${mebibytes(bytes)} held`,
    ]),
  ];
}

function left(norms: readonly number[], distance: number): string {
  return small(leftAt(norms, distance));
}
