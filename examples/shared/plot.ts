import { escapeHtml, px } from "./html.ts";
import { label, type Scale, shareOf, ticksOf } from "./scale.ts";

/** A line through measured points, with a dot at each where they are few. */
export interface Series {
  readonly name: string;
  /** 0 … 5: what is drawn in the same colour in every chart is the same thing. */
  readonly colour: number;
  readonly isDashed?: boolean;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Axis extends Scale {
  readonly unit: string;
  /** Where values are written; round ones where nothing is said. */
  readonly ticks?: readonly number[];
  /** How a value is written. */
  readonly written?: (value: number) => string;
}

export interface Plot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** A value of y, and one of x, to compare with: dashed lines. */
  readonly level?: Mark;
  readonly border?: Mark;
}

interface Mark {
  readonly label: string;
  readonly value: number;
}

const WIDTH = 640;
const HEIGHT = 280;
const MARGIN = { top: 14, right: 26, bottom: 42, left: 64 };
/** Radius of the last series' dots, and how much larger those of the one before are. */
const MARK = 3.5;
const RING = 1.2;
/** Lines of more points than this are drawn without dots. */
const MOST_DOTS = 12;

/** `plot` as SVG, and a legend under it. */
export function plotChart({ title, x, y, series, level, border }: Plot): string {
  const right = WIDTH - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const atX = (value: number) => px(MARGIN.left + shareOf(x, value) * (right - MARGIN.left));
  const atY = (value: number) => px(bottom - shareOf(y, value) * (bottom - MARGIN.top));
  const rows = (y.ticks ?? ticksOf(y)).map(
    (value) =>
      `<path class="grid" d="M${MARGIN.left} ${atY(value)}H${right}"/>` +
      `<text x="${MARGIN.left - 8}" y="${atY(value)}" dy="4" text-anchor="end">${written(y, value)}</text>`,
  );
  const columns = (x.ticks ?? ticksOf(x)).map(
    (value) =>
      `<text x="${atX(value)}" y="${bottom + 17}" text-anchor="middle">${written(x, value)}</text>`,
  );
  return [
    `<svg class="chart plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escapeHtml(title)}">`,
    ...rows,
    ...columns,
    `<path class="axis" d="M${MARGIN.left} ${bottom}H${right}"/>`,
    `<text x="${(MARGIN.left + right) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${escapeHtml(x.unit)}</text>`,
    `<text transform="translate(12 ${(MARGIN.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(y.unit)}</text>`,
    level === undefined
      ? ""
      : `<path class="level" d="M${MARGIN.left} ${atY(level.value)}H${right}"/>` +
        `<text class="note" x="${right}" y="${atY(level.value)}" dy="-6" text-anchor="end">${escapeHtml(level.label)}</text>`,
    border === undefined
      ? ""
      : `<path class="level" d="M${atX(border.value)} ${MARGIN.top}V${bottom}"/>` +
        `<text class="note" x="${atX(border.value)}" y="${(MARGIN.top + bottom) / 2}" dx="6">${escapeHtml(border.label)}</text>`,
    ...series.map((one, i) => drawn(one, MARK + RING * (series.length - 1 - i), atX, atY)),
    "</svg>",
    legend(series),
  ].join("");
}

/** Later series have smaller dots, so that none hides another in the same place. */
function drawn(
  { colour, isDashed, points }: Series,
  radius: number,
  atX: (value: number) => string,
  atY: (value: number) => string,
): string {
  const path = points.map(([x, y], i) => `${i ? "L" : "M"}${atX(x)} ${atY(y)}`).join("");
  const dots =
    points.length > MOST_DOTS
      ? []
      : points.map(
          ([x, y]) => `<circle class="s${colour}" cx="${atX(x)}" cy="${atY(y)}" r="${radius}"/>`,
        );
  return `<path class="s${colour}${isDashed ? " dashed" : ""}" d="${path}"/>${dots.join("")}`;
}

function legend(series: readonly Series[]): string {
  const entries = series.map(
    ({ name, colour, isDashed }) =>
      `<span><svg viewBox="0 0 26 6"><path class="s${colour}${isDashed ? " dashed" : ""}" d="M0 3H26"/></svg>${escapeHtml(name)}</span>`,
  );
  return `<p class="legend plot">${entries.join("")}</p>`;
}

function written({ kind, written: own }: Axis, value: number): string {
  if (own !== undefined) return escapeHtml(own(value));
  return kind === "log" && (value < 0.01 || value >= 1e5) ? power(value) : label(value);
}

/** A power of ten: 10⁻⁵. */
function power(value: number): string {
  const raised = [...String(Math.round(Math.log10(value)))].map((c) =>
    c === "-" ? "⁻" : ("⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)] ?? c),
  );
  return `10${raised.join("")}`;
}

/** What the charts of `plotChart` need of a style sheet, beside the page's own. */
export const PLOT_STYLE = `
:root { --s0: #c4570b; --s1: #2d7d46; --s2: #1f6fb2; --s3: #8a4fbf; --s4: #a08400; --s5: #1d2126; }
@media (prefers-color-scheme: dark) { :root { --s0: #f0924d; --s1: #6cc287; --s2: #63b0ee; --s3: #bd92ea; --s4: #d6bd45; --s5: #e6e8ea; } }
.plot path.s0 { stroke: var(--s0); } .plot path.s1 { stroke: var(--s1); } .plot path.s2 { stroke: var(--s2); }
.plot path.s3 { stroke: var(--s3); } .plot path.s4 { stroke: var(--s4); } .plot path.s5 { stroke: var(--s5); }
.plot circle.s0 { fill: var(--s0); } .plot circle.s1 { fill: var(--s1); } .plot circle.s2 { fill: var(--s2); }
.plot circle.s3 { fill: var(--s3); } .plot circle.s4 { fill: var(--s4); } .plot circle.s5 { fill: var(--s5); }
.plot path { fill: none; } .plot path[class^="s"] { stroke-width: 2.2; } .plot path.dashed { stroke-dasharray: 6 4; }
.plot .level { stroke: var(--dim); } .chart.plot .note { fill: var(--dim); font-weight: 400; }
.legend.plot { margin-bottom: .8rem; } .legend.plot svg { width: 26px; height: 6px; margin-right: .4rem; vertical-align: middle; }
`;
