/** Every layer's maps, and what a cell of them comes from. */
import { css } from "../../../draw/colours.ts";
import { drawTile, largest, Picture } from "../../../draw/picture.ts";
import { h } from "../../../page/dom.ts";
import { type Box, border, choosable, number, outline, within, write } from "../canvas.ts";
import type { Context } from "../context.ts";
import { type Layers, type Maps, SIDE } from "../pictures.ts";
import {
  LAYER_NAMES,
  type LayerName,
  type Region,
  receptiveFields,
  regionOf,
  winnerOf,
} from "../receptive.ts";
import { kernels } from "./kernels.ts";

interface Cell {
  readonly layer: LayerName;
  readonly map: number;
  readonly row: number;
  readonly column: number;
}

/** Where the tiles of a layer are. */
interface Row {
  readonly layer: LayerName;
  readonly maps: Maps;
  readonly perRow: number;
  readonly side: number;
  readonly left: number;
  /** Of the title; tiles are below. */
  readonly top: number;
}

const GAP = 6;
const TITLE = 24;
/** From here on the picture is beside the maps. */
const WIDE = 620;
/** Tiles are not larger than this: pooled maps are smaller, as they have fewer cells. */
const MOST_SIDE: Readonly<Record<LayerName, number>> = {
  input: 150,
  conv1: 104,
  pool1: 64,
  conv2: 64,
  pool2: 46,
};

export function mapsSection(context: Context): void {
  const { section, words, state, remote, settings } = context;
  const { title, text, hint } = words.maps;
  const body = section({
    title,
    text,
    isWide: true,
    code: () => import("../snippets/layers.ts?raw"),
  });
  let layers: Layers | undefined;
  let scales: Partial<Record<LayerName, number>> = {};
  let chosen: Cell = { layer: "conv2", map: 5, row: 4, column: 8 };
  const filterSize = () => Number(settings().size);

  const mapsOf = (layer: LayerName): Maps | undefined =>
    layer === "input"
      ? { count: 1, rows: SIDE, columns: SIDE, values: inkValues(state.now.ink) }
      : layers?.[layer];

  const layout = (width: number): { readonly rows: readonly Row[]; readonly height: number } => {
    const isWide = width >= WIDE;
    const rows: Row[] = [];
    const indent = isWide ? MOST_SIDE.input + 24 : 1;
    let top = 0;
    for (const layer of LAYER_NAMES) {
      const maps = mapsOf(layer);
      if (maps === undefined) continue;
      if (layer === "input") {
        const side = isWide ? MOST_SIDE.input : Math.min(MOST_SIDE.input, width / 2);
        rows.push({ layer, maps, perRow: 1, side, left: 1, top });
        if (!isWide) top += TITLE + side + GAP;
        continue;
      }
      const room = width - indent;
      const perRow = rowLength(maps.count, room, layer);
      const side = Math.floor(Math.min(MOST_SIDE[layer], (room + GAP) / perRow - GAP));
      rows.push({ layer, maps, perRow, side, left: indent, top });
      top += TITLE + Math.ceil(maps.count / perRow) * (side + GAP) + 4;
    }
    return { rows, height: Math.max(top, TITLE + MOST_SIDE.input) };
  };

  const picture = new Picture({
    label: title,
    role: "application",
    height: (width) => layout(width).height,
    draw(canvas, width) {
      const { rows } = layout(width);
      for (const row of rows) drawRow(canvas, row, words.maps, scales[row.layer] ?? 1);
      if (layers !== undefined) markOrigins(canvas, rows, chosen, filterSize(), layers);
    },
  });
  const told = h("p", { class: "readout" }, hint);
  const kernel = kernels(context);

  const describe = () => {
    const maps = mapsOf(chosen.layer);
    if (maps === undefined) return;
    const value = number(valueAt(maps, chosen));
    told.textContent = `${words.maps.layers[chosen.layer]}. ${sayOrigin(value)}`;
    picture.describe(`${told.textContent} ${hint}`);
    picture.redraw();
    kernel.show(chosen.layer, chosen.map);
  };
  const sayOrigin = (value: string): string => {
    const { layer, map, row, column } = chosen;
    const { pixel, pooling, convolution } = words.maps;
    if (layer === "input") return pixel(row + 1, column + 1, value);
    if (layer === "pool1" || layer === "pool2") return pooling(map + 1, value);
    const inputs = layer === "conv1" ? 1 : (layers?.pool1.count ?? 1);
    return convolution(map + 1, value, inputs * filterSize() ** 2, inputs);
  };
  const choose = (cell: Cell) => {
    const maps = mapsOf(cell.layer);
    if (maps === undefined) return;
    chosen = {
      layer: cell.layer,
      map: within(cell.map, 0, maps.count - 1),
      row: within(cell.row, 0, maps.rows - 1),
      column: within(cell.column, 0, maps.columns - 1),
    };
    if (cell.layer === "conv1") state.change({ filter: chosen.map });
    describe();
  };

  choosable(picture, {
    point(x, y) {
      const cell = cellAt(layout(picture.canvas.clientWidth).rows, x, y);
      if (cell !== undefined) choose(cell);
    },
    move: (rows, columns) => choose(moved(chosen, mapsOf(chosen.layer), rows, columns)),
    key(key) {
      const by = key === "PageDown" ? 1 : key === "PageUp" ? -1 : 0;
      const layer = LAYER_NAMES[LAYER_NAMES.indexOf(chosen.layer) + by];
      if (by === 0 || layer === undefined) return false;
      choose({ ...chosen, layer });
      return true;
    },
  });
  body.append(picture.canvas, told, kernel.element);
  const watch = remote.watch(picture.canvas, "layers", { ink: state.now.ink }, (answer) => {
    layers = answer;
    scales = { input: 1 };
    for (const layer of LAYER_NAMES)
      if (layer !== "input") scales[layer] = largest(answer[layer].values);
    choose(chosen);
  });
  state.onChange(({ ink }, before) => {
    if (ink !== before.ink) watch.ask({ ink });
  });
}

let inked: { readonly ink: Uint8Array; readonly values: Float32Array } | undefined;
function inkValues(ink: Uint8Array): Float32Array {
  if (inked?.ink !== ink) inked = { ink, values: Float32Array.from(ink, (byte) => byte / 255) };
  return inked.values;
}

/** All in one line where they are large enough then; else in lines of the same length. */
function rowLength(count: number, room: number, layer: LayerName): number {
  const least = layer === "conv1" ? 60 : 34;
  let perRow = count;
  while (perRow > 4 && room / perRow < least) perRow = Math.ceil(perRow / 2);
  return perRow;
}

function boxOf({ perRow, side, left, top }: Row, map: number): Box {
  const x = left + (map % perRow) * (side + GAP);
  return [x, top + TITLE + Math.floor(map / perRow) * (side + GAP), side, side];
}

function drawRow(
  context: CanvasRenderingContext2D,
  row: Row,
  words: Context["words"]["maps"],
  scale: number,
): void {
  const { layer, maps, left, top } = row;
  const { count, rows, columns, values } = maps;
  const shape = count === 1 ? `${rows} × ${columns}` : `${count} × ${rows} × ${columns}`;
  const title = `${words.layers[layer]} · ${shape}`;
  write(context, title, left, top + 11, { colour: "ink", isBold: true });
  if (layer !== "input") {
    const width = context.measureText(title).width;
    write(context, words.scale(number(scale)), left + width + 12, top + 11);
  }
  for (let map = 0; map < count; map++) {
    const own = values.subarray(map * rows * columns, (map + 1) * rows * columns);
    const box = boxOf(row, map);
    const colours = layer === "input" ? "sequential" : "diverging";
    drawTile(context, { values: own, rows, columns, colours, scale }, box);
    border(context, box);
  }
}

/** Outlines what the chosen cell comes from, in all layers before it, and of four pooled cells the winner. */
function markOrigins(
  context: CanvasRenderingContext2D,
  rows: readonly Row[],
  { layer, map, row, column }: Cell,
  filterSize: number,
  layers: Layers,
): void {
  const fields = receptiveFields(layer, regionOf(row, column), filterSize);
  const isPooled = layer === "pool1" || layer === "pool2";
  const before = LAYER_NAMES[LAYER_NAMES.indexOf(layer) - 1];
  for (const one of rows) {
    const field = fields[one.layer];
    if (field === undefined) continue;
    const isOneMap = one.layer === layer || (isPooled && one.layer === before);
    for (let i = 0; i < one.maps.count; i++) {
      if (isOneMap && i !== map) continue;
      const colour = one.layer === layer ? "ink" : "accent";
      outline(context, regionBox(one, i, field), colour, isOneMap ? 2 : 1.25);
    }
  }
  if (!isPooled || before === undefined) return;
  const winner = winnerOf(layer === "pool1" ? layers.conv1 : layers.conv2, map, row, column);
  const source = rows.find((one) => one.layer === before);
  if (source === undefined) return;
  context.fillStyle = css("accent");
  context.fillRect(...regionBox(source, map, regionOf(winner.row, winner.column)));
}

/** A region of a map, as far as it lies inside. */
function regionBox(row: Row, map: number, region: Region): Box {
  const [x, y, side] = boxOf(row, map);
  const { rows, columns } = row.maps;
  const cell = side / columns;
  const [left, right] = [within(region.left, 0, columns), within(region.right, 0, columns)];
  const [top, bottom] = [within(region.top, 0, rows), within(region.bottom, 0, rows)];
  return [x + left * cell, y + top * cell, (right - left) * cell, (bottom - top) * cell];
}

function cellAt(rows: readonly Row[], x: number, y: number): Cell | undefined {
  for (const row of rows)
    for (let map = 0; map < row.maps.count; map++) {
      const [left, top, side] = boxOf(row, map);
      if (x < left || y < top || x >= left + side || y >= top + side) continue;
      const cell = side / row.maps.columns;
      return {
        layer: row.layer,
        map,
        row: Math.floor((y - top) / cell),
        column: Math.floor((x - left) / cell),
      };
    }
  return undefined;
}

/** Beyond the left and right side of a map is the one beside it. */
function moved(cell: Cell, maps: Maps | undefined, rows: number, columns: number): Cell {
  const { map, row, column } = cell;
  const last = (maps?.columns ?? 1) - 1;
  const next = column + columns;
  if (next < 0 && map > 0) return { ...cell, map: map - 1, column: last };
  if (next > last && map < (maps?.count ?? 1) - 1) return { ...cell, map: map + 1, column: 0 };
  return { ...cell, row: row + rows, column: next };
}

function valueAt({ rows, columns, values }: Maps, { map, row, column }: Cell): number {
  return values[(map * rows + row) * columns + column] ?? 0;
}
