import { plotChart, type Series } from "../../shared/plot.ts";
import type { Scale } from "../../shared/scale.ts";
import { isBuiltIn } from "../model.ts";
import type { AccuracyRow, CostRow, FlowCurve, GrowthRow, TruncationRow } from "../results.ts";
import { leftAt, pathOf } from "./facts.ts";
import { cellsOf, written } from "./words.ts";

const COLOURS = { rnn: 0, gru: 1, lstm: 2, own: 5 } as const;

function colourOf(cell: string): number {
  return COLOURS[isBuiltIn(cell) ? cell : "own"];
}

const PERCENT = { kind: "linear", low: 0, high: 100, unit: "right answers (%)" } as const;
/** Gradients below this leave the chart. */
export const FAINTEST = 1e-12;

export function accuracyChart(title: string, rows: readonly AccuracyRow[], chance: number): string {
  const lags = [...new Set(rows.map(({ lag }) => lag))];
  return plotChart({
    title,
    x: { ...around(lags), unit: "lag (steps)", ticks: lags },
    y: PERCENT,
    level: { label: "chance", value: 100 * chance },
    series: cellsOf(rows).map((cell) => ({
      name: written(cell),
      colour: colourOf(cell),
      points: rows
        .filter((row) => row.cell === cell)
        .map(({ lag, accuracy }) => [lag, 100 * accuracy] as const),
    })),
  });
}

/** h of every cell, c of the lstm dashed, and a control. */
export function gradientChart(
  title: string,
  curves: readonly FlowCurve[],
  control?: FlowCurve,
): string {
  const extra = control && {
    name: `RNN, h, ${control.name}`,
    colour: COLOURS.rnn,
    isDashed: true,
    points: shares(control.h),
  };
  return flowChart(
    title,
    curves.flatMap((curve, i) => {
      const own = { name: written(curve.cell), colour: colourOf(curve.cell) };
      const h = { ...own, points: shares(curve.h) };
      if (curve.c === undefined) {
        return [{ ...h, name: `${own.name}, h` }, ...(extra && i === 0 ? [extra] : [])];
      }
      const c = { ...own, isDashed: true, points: shares(curve.c), name: `${own.name}, c` };
      return [{ ...h, name: `${own.name}, h` }, c];
    }),
  );
}

export function biasChart(title: string, curves: readonly FlowCurve[]): string {
  const colours = [3, 4, COLOURS.lstm];
  return flowChart(
    title,
    curves.map((curve, i) => ({
      name: `LSTM, c, ${curve.name}`,
      colour: colours[i] ?? 0,
      isDashed: true,
      points: shares(pathOf(curve)),
    })),
  );
}

function shares(norms: readonly number[]): (readonly [number, number])[] {
  return norms
    .map((_, distance) => [distance, leftAt(norms, distance)] as const)
    .filter(([, share]) => share >= FAINTEST);
}

function flowChart(title: string, series: readonly Series[]): string {
  const all = series.flatMap(({ points }) => points);
  const faintest = Math.min(...all.map(([, share]) => share));
  const highest = Math.max(...all.map(([, share]) => share));
  return plotChart({
    title,
    x: {
      kind: "linear",
      low: 0,
      high: Math.max(1, ...all.map(([distance]) => distance)),
      unit: "distance from the last step (steps)",
    },
    y: {
      kind: "log",
      low: 10 ** Math.floor(Math.log10(faintest)),
      high: 10 ** Math.ceil(Math.log10(highest) + 0.1),
      unit: "share of the last step's",
    },
    series,
  });
}

/** `distance`: steps from the word to the question. */
export function truncationChart(
  rows: readonly TruncationRow[],
  distance: number,
  chance: number,
): string {
  const windows = rows.map(({ window }) => window);
  return plotChart({
    title: "Accuracy by window",
    x: {
      ...around(windows),
      unit: "window (steps)",
      ticks: windows,
      written: (window) =>
        rows.find((row) => row.window === window)?.isWhole ? "whole" : String(window),
    },
    y: PERCENT,
    level: { label: "chance", value: 100 * chance },
    border: { label: "the word", value: distance },
    series: [
      {
        name: written("lstm"),
        colour: COLOURS.lstm,
        points: rows.map(({ window, accuracy }) => [window, 100 * accuracy]),
      },
    ],
  });
}

export function timeChart(rows: readonly CostRow[]): string {
  const highest = Math.max(...rows.map(({ msPerStep }) => 1000 * msPerStep));
  return costChart("Time by window", rows, ({ msPerStep }) => 1000 * msPerStep, {
    kind: "linear",
    low: 0,
    high: 1.1 * highest,
    unit: "µs for a step of the sequence",
  });
}

export function memoryChart(rows: readonly CostRow[]): string {
  const mebibytes = ({ bytes }: CostRow) => bytes / 2 ** 20;
  const sizes = rows.map(mebibytes);
  return costChart("Memory by window", rows, mebibytes, {
    ...powersAround(sizes),
    unit: "MiB held on the device",
  });
}

const WAYS = [
  { kind: "truncated", name: "truncated", colour: COLOURS.lstm },
  { kind: "whole", name: "whole sequence", colour: COLOURS.rnn },
  { kind: "checkpointed", name: "whole sequence, checkpoint: true", colour: 3 },
] as const;

function costChart(
  title: string,
  rows: readonly CostRow[],
  value: (row: CostRow) => number,
  y: Scale & { readonly unit: string },
): string {
  const windows = [...new Set(rows.map(({ window }) => window))];
  return plotChart({
    title,
    x: { ...around(windows), unit: "steps that the gradient reaches back", ticks: windows },
    y,
    series: WAYS.map(({ kind, name, colour }) => ({
      name,
      colour,
      points: rows
        .filter((row) => row.kind === kind)
        .map((row) => [row.window, value(row)] as const),
    })),
  });
}

/** `window`: that of the truncated ones. */
export function growthChart(rows: readonly GrowthRow[], window: number): string {
  const lengths = [...new Set(rows.map(({ steps }) => steps))];
  const sizes = rows.map(({ bytes }) => bytes / 2 ** 20);
  return plotChart({
    title: "Memory by length of the sequence",
    x: { ...around(lengths), unit: "steps of the sequence", ticks: lengths },
    y: { ...powersAround(sizes), unit: "MiB held on the device" },
    series: WAYS.map(({ kind, name, colour }) => ({
      name: kind === "truncated" ? `windows of ${window} steps` : name,
      colour,
      points: rows
        .filter((row) => row.kind === kind)
        .map(({ steps, bytes }) => [steps, bytes / 2 ** 20] as const),
    })),
  });
}

/** A logarithmic scale between the powers of ten around `values`. */
function powersAround(values: readonly number[]): Scale {
  const low = 10 ** Math.floor(Math.log10(Math.min(...values)));
  return { kind: "log", low, high: 10 ** Math.ceil(Math.log10(Math.max(...values))) };
}

/** A logarithmic scale with some room on either side of `values`. */
function around(values: readonly number[]): Scale {
  return { kind: "log", low: Math.min(...values) / 1.15, high: Math.max(...values) * 1.15 };
}
