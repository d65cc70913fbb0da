import { escapeHtml, px } from "../../shared/html.ts";
import { label, ticks } from "../../shared/scale.ts";

/** What a model reached at a step. */
export interface Point {
  readonly step: number;
  readonly value: number;
}

export interface Curve {
  readonly title: string;
  /** What the values are: "bits per character". */
  readonly unit: string;
  /** Every step's value, drawn thin, and its running mean, drawn thick. */
  readonly points: readonly Point[];
  /** Measured now and then, drawn as dots: "held-out text". */
  readonly checks?: { readonly label: string; readonly points: readonly Point[] };
  /** A level to compare with, drawn as a dashed line. */
  readonly level?: { readonly label: string; readonly value: number };
}

const WIDTH = 640;
const HEIGHT = 280;
const MARGIN = { top: 12, right: 26, bottom: 40, left: 52 };
/** More points than this cannot be told apart at this width. */
const MAX_POINTS = 600;

/** A line chart of `curve` over the steps, as SVG. */
export function lineChart(curve: Curve): string {
  const points = thin(curve.points.filter(({ value }) => Number.isFinite(value)));
  const smooth = runningMean(points);
  const checks = curve.checks?.points ?? [];
  const maxStep = Math.max(1, ...points.map(({ step }) => step), ...checks.map(({ step }) => step));
  const [low, high] = valueRange(curve, smooth);
  const x = (step: number) => MARGIN.left + (step / maxStep) * (WIDTH - MARGIN.left - MARGIN.right);
  const y = (value: number) => {
    const share = (Math.min(Math.max(value, low), high) - low) / (high - low);
    return HEIGHT - MARGIN.bottom - share * (HEIGHT - MARGIN.top - MARGIN.bottom);
  };
  const path = (line: readonly Point[]) =>
    line.map(({ step, value }, i) => `${i ? "L" : "M"}${px(x(step))} ${px(y(value))}`).join("");
  return [
    `<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(curve.title)}">`,
    axes({ x, y, low, high, maxStep, unit: curve.unit }),
    `<path class="raw" d="${path(points)}"/><path class="smooth" d="${path(smooth)}"/>`,
    level(curve, y),
    ...checks.map(
      ({ step, value }) => `<circle class="check" cx="${px(x(step))}" cy="${px(y(value))}" r="4"/>`,
    ),
    "</svg>",
    legend(curve),
  ].join("");
}

/** Every k-th point, and the last. */
function thin(points: readonly Point[]): Point[] {
  const stride = Math.ceil(points.length / MAX_POINTS);
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}

/** The mean of the last tenth's worth of neighbours, half of them on either side. */
function runningMean(points: readonly Point[]): Point[] {
  const half = Math.max(1, Math.round(points.length / 60));
  return points.map(({ step }, i) => {
    const near = points.slice(Math.max(0, i - half), i + half + 1);
    return { step, value: near.reduce((sum, { value }) => sum + value, 0) / near.length };
  });
}

/** From below the smallest to the largest that matters; single outliers at the start are cut off. */
function valueRange(curve: Curve, smooth: readonly Point[]): [low: number, high: number] {
  const others = [
    ...(curve.checks?.points ?? []).map(({ value }) => value),
    ...(curve.level === undefined ? [] : [curve.level.value]),
  ];
  const values = [...smooth.map(({ value }) => value), ...others];
  const max = Math.max(...values, Number.MIN_VALUE);
  const min = Math.min(...values, max);
  // A loss is read against zero unless that would flatten the curve.
  const low = min > max / 3 ? min - (max - min) * 0.15 : 0;
  return [low, max === low ? low + 1 : max];
}

interface Axes {
  readonly x: (step: number) => number;
  readonly y: (value: number) => number;
  readonly low: number;
  readonly high: number;
  readonly maxStep: number;
  readonly unit: string;
}

function axes({ x, y, low, high, maxStep, unit }: Axes): string {
  const right = WIDTH - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const rows = ticks(low, high).map(
    (value) =>
      `<path class="grid" d="M${MARGIN.left} ${px(y(value))}H${right}"/>` +
      `<text class="tick" x="${MARGIN.left - 8}" y="${px(y(value) + 4)}" text-anchor="end">${label(value)}</text>`,
  );
  const columns = ticks(0, maxStep).map(
    (step) =>
      `<text class="tick" x="${px(x(step))}" y="${bottom + 17}" text-anchor="middle">${label(step)}</text>`,
  );
  const middle = (MARGIN.top + bottom) / 2;
  return [
    ...rows,
    ...columns,
    `<path class="axis" d="M${MARGIN.left} ${bottom}H${right}"/>`,
    `<text class="tick" x="${(MARGIN.left + right) / 2}" y="${HEIGHT - 5}" text-anchor="middle">step</text>`,
    `<text class="tick" transform="translate(12 ${middle}) rotate(-90)" text-anchor="middle">${escapeHtml(unit)}</text>`,
  ].join("");
}

function level({ level: at }: Curve, y: (value: number) => number): string {
  if (at === undefined) return "";
  const right = WIDTH - MARGIN.right;
  return (
    `<path class="level" d="M${MARGIN.left} ${px(y(at.value))}H${right}"/>` +
    `<text class="note" x="${right}" y="${px(y(at.value) - 6)}" text-anchor="end">${escapeHtml(at.label)} ` +
    `${at.value.toFixed(3)}</text>`
  );
}

function legend({ checks }: Curve): string {
  const dots =
    checks === undefined ? "" : `<span><i class="check"></i>${escapeHtml(checks.label)}</span>`;
  return `<p class="legend"><span><i class="raw"></i>single steps</span><span><i class="smooth"></i>running mean</span>${dots}</p>`;
}
