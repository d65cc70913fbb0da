import { escapeHtml } from "../../shared/html.ts";
import { pngDataUri } from "./png.ts";

/** Counts [true class][class that was answered]. */
export type Confusion = readonly (readonly number[])[];

/** A picture that was taken for something else. */
export interface Mistake {
  /** Bytes, side × side, ink is bright. */
  readonly pixels: Uint8Array;
  readonly side: number;
  readonly label: number;
  readonly answer: number;
  /** The probability that was given to the wrong answer. */
  readonly confidence: number;
}

/** The first layer's weights [KH, KW, 1, OC]. */
export interface Filters {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

/** A table of what was taken for what; the more often a mistake was made, the stronger its cell. */
export function confusionTable(counts: Confusion): string {
  const worst = Math.max(1, ...counts.flatMap((row, i) => row.filter((_, j) => i !== j)));
  const heads = counts.map((_, j) => `<th scope="col">${j}</th>`).join("");
  const rows = counts.map((row, i) => {
    const total = row.reduce((sum, n) => sum + n, 0);
    const cells = row.map((n, j) => cell(n, i === j, worst)).join("");
    const recall = total === 0 ? "–" : `${((100 * (row[i] ?? 0)) / total).toFixed(1)} %`;
    return `<tr><th scope="row">${i}</th>${cells}<td class="recall">${recall}</td></tr>`;
  });
  return (
    '<div class="scroll"><table class="confusion"><caption>Rows: the digit; columns: the answer.</caption>' +
    `<thead><tr><td></td>${heads}<th scope="col" class="recall">right</th></tr></thead>` +
    `<tbody>${rows.join("")}</tbody></table></div>`
  );
}

function cell(n: number, isRight: boolean, worst: number): string {
  if (isRight) return `<td class="right">${n}</td>`;
  if (n === 0) return '<td class="none">·</td>';
  // A square root, so that a single mistake can still be seen.
  return `<td style="--strength:${Math.round(12 + 68 * Math.sqrt(n / worst))}%">${n}</td>`;
}

/** Every filter as a small grid: orange for positive weights, blue for negative ones, on one common scale. */
export function filterGrid({ data, shape }: Filters): string {
  const [height = 0, width = 0, inputs = 1, outputs = 0] = shape;
  const weight = (y: number, x: number, filter: number) =>
    data[((y * width + x) * inputs + 0) * outputs + filter] ?? 0;
  let largest = Number.MIN_VALUE;
  for (let i = 0; i < data.length; i++) largest = Math.max(largest, Math.abs(data[i] ?? 0));
  const squares = (filter: number) =>
    Array.from({ length: height * width }, (_, i) => {
      const [y, x] = [Math.floor(i / width), i % width];
      const value = weight(y, x, filter) / largest;
      const sign = value < 0 ? "negative" : "positive";
      return (
        `<rect class="${sign}" x="${x}" y="${y}" width="1.02" height="1.02" ` +
        `fill-opacity="${Math.abs(value).toFixed(2)}"/>`
      );
    }).join("");
  const pictures = Array.from(
    { length: outputs },
    (_, filter) =>
      `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="filter ${filter}">${squares(filter)}</svg>`,
  );
  return (
    `<div class="filters">${pictures.join("")}</div><p class="legend"><span><i class="positive"></i>positive</span>` +
    `<span><i class="negative"></i>negative</span><span>full colour: ±${largest.toPrecision(2)}</span></p>`
  );
}

/** The pictures with what they are and what they were taken for. */
export function mistakeGallery(mistakes: readonly Mistake[]): string {
  const figures = mistakes.map(({ pixels, side, label, answer, confidence }) => {
    const text = `${label} taken for ${answer}`;
    return (
      `<figure><img src="${pngDataUri(pixels, side, side)}" width="84" height="84" alt="${escapeHtml(text)}">` +
      `<figcaption><b>${label}</b> → ${answer}<small>${(100 * confidence).toFixed(1)} %</small></figcaption></figure>`
    );
  });
  return `<div class="gallery">${figures.join("")}</div>`;
}
