/** The last maps in one row, the weights of one digit, and their products: what spoke for the digit, and what against it. */
import { css } from "../../../draw/colours.ts";
import { drawTile, largest, Picture } from "../../../draw/picture.ts";
import { h } from "../../../page/dom.ts";
import { border, choosable, number, outline, within, write } from "../canvas.ts";
import type { Context } from "../context.ts";
import { drawInk } from "../ink-tile.ts";
import { type Flat, SIDE } from "../pictures.ts";

/** Rows and columns of a last map. */
const MAP_SIDE = 7;
const PLACES = MAP_SIDE * MAP_SIDE;
/** How many products are drawn on the digit. */
const MOST = 10;
const STRIP = 16;
const LABEL = 18;
const STRIPS = ["features", "weights", "products"] as const;

export function flatSection(context: Context): void {
  const { section, words, state, remote } = context;
  const { title, text, label, digit, score, onDigit, hovered } = words.flat;
  const body = section({
    title,
    text,
    isWide: true,
    code: () => import("../snippets/layers.ts?raw"),
  });
  let shown: Flat | undefined;
  let products = new Float32Array();
  let chosen = 0;
  const mapCount = () => (shown?.features.length ?? 16 * PLACES) / PLACES;
  const layout = (width: number) => {
    const perLine = width >= 620 ? mapCount() : Math.ceil(mapCount() / 4);
    const part = width / perLine;
    const tile = Math.min(part - 4, 48);
    const lineHeight = tile + 10 + STRIPS.length * (STRIP + LABEL) + 12;
    return { perLine, part, tile, lineHeight, lines: Math.ceil(mapCount() / perLine) };
  };

  const picture = new Picture({
    label: title,
    role: "application",
    height(width) {
      const { lines, lineHeight } = layout(width);
      return lines * lineHeight;
    },
    draw(canvas, width) {
      if (shown === undefined) return;
      const { perLine, part, tile, lineHeight, lines } = layout(width);
      const values = { features: shown.features, weights: shown.weights, products };
      const scales = {
        features: largest(shown.features),
        weights: largest(shown.weights),
        products: largest(products),
      };
      for (let line = 0; line < lines; line++) {
        const top = line * lineHeight;
        const first = line * perLine;
        const maps = Math.min(perLine, mapCount() - first);
        for (let map = 0; map < maps; map++) {
          const from = (first + map) * PLACES;
          const own = shown.features.subarray(from, from + PLACES);
          const x = map * part + (part - tile) / 2;
          const scale = scales.features;
          drawTile(
            canvas,
            { values: own, rows: MAP_SIDE, columns: MAP_SIDE, colours: "diverging", scale },
            [x, top + 2, tile, tile],
          );
          border(canvas, [x, top + 2, tile, tile]);
          // Unrolled: from the map to its part of the row.
          canvas.strokeStyle = css("rule");
          canvas.beginPath();
          const low = top + tile + 10 + LABEL;
          for (const [above, below] of [
            [x, map * part],
            [x + tile, (map + 1) * part],
          ] as const) {
            canvas.moveTo(above, top + tile + 3);
            canvas.lineTo(below, low);
          }
          canvas.stroke();
        }
        STRIPS.forEach((name, i) => {
          const y = top + tile + 10 + i * (STRIP + LABEL) + LABEL;
          if (maps > 0) write(canvas, words.flat[name], 2, y - 8, { size: 11 });
          const own = values[name].subarray(first * PLACES, (first + maps) * PLACES);
          const cells = {
            values: own,
            rows: 1,
            columns: own.length,
            colours: "diverging",
            scale: scales[name],
          } as const;
          drawTile(canvas, cells, [0, y, maps * part, STRIP]);
          border(canvas, [1, y, maps * part - 2, STRIP]);
        });
      }
      markChosen(canvas, layout(width), chosen);
    },
  });

  const digitPicture = new Picture({
    label: digit,
    height: (width) => width,
    draw(canvas, width) {
      canvas.globalAlpha = 0.35;
      drawInk(canvas, state.now.ink, width);
      canvas.globalAlpha = 1;
      border(canvas, [1, 1, width - 2, width - 2]);
      drawLargest(canvas, products, width);
    },
  });
  const total = h("p", { class: "sum" });
  const told = h("p", { class: "readout" });

  const describe = () => {
    if (shown === undefined) return;
    const [feature = 0, weight = 0] = [shown.features[chosen], shown.weights[chosen]];
    const map = Math.floor(chosen / PLACES) + 1;
    told.textContent = hovered(map, number(feature), number(weight, 3), number(feature * weight));
    picture.describe(`${told.textContent}. ${label(shown.features.length)}`);
    picture.redraw();
  };
  const choose = (place: number) => {
    chosen = within(place, 0, mapCount() * PLACES - 1);
    describe();
  };
  choosable(picture, {
    point(x, y) {
      const { perLine, part, tile, lineHeight } = layout(picture.canvas.clientWidth);
      const line = Math.floor(y / lineHeight);
      const map = line * perLine + Math.floor(x / part);
      const inLine = y - line * lineHeight;
      const inMap = x % part;
      if (inLine > tile + 6) return choose(map * PLACES + Math.floor((inMap / part) * PLACES));
      const cell = (at: number) => within(Math.floor((at / tile) * MAP_SIDE), 0, MAP_SIDE - 1);
      choose(map * PLACES + cell(inLine - 2) * MAP_SIDE + cell(inMap - (part - tile) / 2));
    },
    move: (rows, columns) => choose(chosen + columns + rows * MAP_SIDE),
  });
  body.append(
    h(
      "div",
      { class: "flat" },
      h("div", {}, picture.canvas, told, total),
      h("figure", {}, h("figcaption", {}, digit), digitPicture.canvas),
    ),
  );
  const asked = () => ({ ink: state.now.ink, digit: state.digit });
  const watch = remote.watch(picture.canvas, "flat", asked(), (answer) => {
    shown = answer;
    const { features, weights, bias, logit } = answer;
    products = features.map((feature, i) => feature * (weights[i] ?? 0));
    total.textContent = score(state.digit, number(logit - bias), number(bias), number(logit));
    digitPicture.describe(onDigit(state.digit));
    digitPicture.redraw();
    describe();
  });
  let before = state.digit;
  state.onChange(({ ink }, last) => {
    if (ink !== last.ink || state.digit !== before) watch.ask(asked());
    before = state.digit;
    digitPicture.redraw();
  });
}

function markChosen(
  context: CanvasRenderingContext2D,
  line: {
    readonly perLine: number;
    readonly part: number;
    readonly tile: number;
    readonly lineHeight: number;
  },
  chosen: number,
): void {
  const { perLine, part, tile, lineHeight } = line;
  const map = Math.floor(chosen / PLACES);
  const place = chosen % PLACES;
  const top = Math.floor(map / perLine) * lineHeight;
  const left = (map % perLine) * part;
  const cell = tile / MAP_SIDE;
  const [row, column] = [Math.floor(place / MAP_SIDE), place % MAP_SIDE];
  const x = left + (part - tile) / 2 + column * cell;
  outline(context, [x, top + 2 + row * cell, cell, cell], "ink", 1.5);
  const width = Math.max(2, part / PLACES);
  const height = STRIPS.length * (STRIP + LABEL) - LABEL + 4;
  const at = left + (place / PLACES) * part + part / PLACES / 2 - width / 2;
  outline(context, [at, top + tile + 8 + LABEL, width, height], "ink", 1);
}

/** Discs where the largest products come from: the middle of what their cell sees. */
function drawLargest(context: CanvasRenderingContext2D, products: Float32Array, width: number) {
  const order = Array.from(products.keys())
    .sort((a, b) => Math.abs(products[b] ?? 0) - Math.abs(products[a] ?? 0))
    .slice(0, MOST);
  const most = Math.abs(products[order[0] ?? 0] ?? 0) || 1;
  const pixel = width / SIDE;
  for (const at of order) {
    const product = products[at] ?? 0;
    if (product === 0) continue;
    const place = at % PLACES;
    // Several maps may speak at one place: each has its own side of it.
    const angle = Math.floor(at / PLACES) * 2.4;
    const cell = SIDE / MAP_SIDE;
    const x = (((place % MAP_SIDE) + 0.5) * cell + Math.cos(angle)) * pixel;
    const y = ((Math.floor(place / MAP_SIDE) + 0.5) * cell + Math.sin(angle)) * pixel;
    const radius = 1.7 * pixel * Math.sqrt(Math.abs(product) / most);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.fillStyle = css(product > 0 ? "warm" : "accent", 0.75);
    context.fill();
    context.lineWidth = 1;
    context.strokeStyle = css("card");
    context.stroke();
    if (radius < 7) continue;
    const sign = { size: 12, align: "center", colour: "card", isBold: true } as const;
    write(context, product > 0 ? "+" : "−", x, y, sign);
  }
}
