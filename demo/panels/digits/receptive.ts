/** Which places of one layer a place of the next one comes from. */
import type { Maps } from "./pictures.ts";

/** Rows and columns from the first to before the last; they may lie outside of the layer, in its padding. */
export interface Region {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** In the order in which a picture passes through them. */
export const LAYER_NAMES = ["input", "conv1", "pool1", "conv2", "pool2"] as const;
export type LayerName = (typeof LAYER_NAMES)[number];

export function regionOf(row: number, column: number): Region {
  return { top: row, left: column, bottom: row + 1, right: column + 1 };
}

/** What a region of a layer, and so of all before it, is made of: by layer, the region itself first. */
export function receptiveFields(
  layer: LayerName,
  region: Region,
  filterSize: number,
): Partial<Record<LayerName, Region>> {
  const fields: Partial<Record<LayerName, Region>> = { [layer]: region };
  let seen = region;
  for (let i = LAYER_NAMES.indexOf(layer); i > 0; i--) {
    const isPool = LAYER_NAMES[i]?.startsWith("pool");
    seen = isPool ? scaled(seen, 2) : grown(seen, (filterSize - 1) / 2);
    const before = LAYER_NAMES[i - 1];
    if (before !== undefined) fields[before] = seen;
  }
  return fields;
}

/** The place of the largest of the four that a pooled place was chosen from, the first of equals. */
export function winnerOf(
  { rows, columns, values }: Maps,
  map: number,
  row: number,
  column: number,
): { readonly row: number; readonly column: number } {
  let best = { row: 2 * row, column: 2 * column };
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < 4; i++) {
    const place = { row: 2 * row + (i >> 1), column: 2 * column + (i & 1) };
    const value = values[(map * rows + place.row) * columns + place.column] ?? 0;
    if (value > most) [best, most] = [place, value];
  }
  return best;
}

function grown({ top, left, bottom, right }: Region, by: number): Region {
  return { top: top - by, left: left - by, bottom: bottom + by, right: right + by };
}

function scaled({ top, left, bottom, right }: Region, by: number): Region {
  return { top: top * by, left: left * by, bottom: bottom * by, right: right * by };
}
