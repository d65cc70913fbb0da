/** One filter on one place of the picture: pixels, weights, products, their sum, and the cell that it becomes. */
import { css } from "../../../draw/colours.ts";
import { drawTile, largest, Picture } from "../../../draw/picture.ts";
import { h, on } from "../../../page/dom.ts";
import { border, choosable, number, outline, within, write } from "../canvas.ts";
import type { Context } from "../context.ts";
import { drawInk } from "../ink-tile.ts";
import { SIDE, type Slid } from "../pictures.ts";

const PLAY_MS = 100;
/** A cell that is narrower has the product only. */
const ROOMY = 46;

export function slideSection(context: Context): void {
  const { section, words, state, remote } = context;
  const { title, text, input, products, map, play, stop, sum, label, productsLabel } = words.slide;
  const body = section({
    title,
    text,
    isWide: true,
    code: () => import("../snippets/convolution.ts?raw"),
  });
  let shown: Slid | undefined;

  const reach = () => ((shown?.size ?? 5) - 1) / 2;
  /** Pixels of a side with the padding. */
  const paddedSide = () => SIDE + 2 * reach();
  const termsHere = () => terms(shown, state.now.ink, state.now.row, state.now.column);

  const inputPicture = new Picture({
    label: input,
    role: "application",
    height: (width) => width,
    draw(canvas, width) {
      const cell = width / paddedSide();
      const pad = reach() * cell;
      hatch(canvas, width);
      drawInk(canvas, state.now.ink, SIDE * cell, pad, pad);
      const side = (2 * reach() + 1) * cell;
      outline(canvas, [state.now.column * cell, state.now.row * cell, side, side], "warm");
    },
  });
  const mapPicture = new Picture({
    label: map,
    role: "application",
    height: (width) => width,
    draw(canvas, width) {
      // As far from the border as the picture without its padding: the same place is at the same height.
      const cell = width / paddedSide();
      const pad = reach() * cell;
      const side = SIDE * cell;
      if (shown === undefined) return;
      const { map: values } = shown;
      const scale = largest(values);
      const tile = { values, rows: SIDE, columns: SIDE, colours: "diverging", scale } as const;
      drawTile(canvas, tile, [pad, pad, side, side]);
      border(canvas, [pad, pad, side, side]);
      const { row, column } = state.now;
      outline(canvas, [pad + column * cell, pad + row * cell, cell, cell], "ink");
    },
  });
  const productsPicture = new Picture({
    label: products,
    height: (width) => width,
    draw: (canvas, width) => drawProducts(canvas, width, shown, termsHere()),
  });
  const told = h("p", { class: "sum" });

  const redraw = () => {
    for (const picture of [inputPicture, mapPicture, productsPicture]) picture.redraw();
    if (shown === undefined) return;
    const { row, column } = state.now;
    const total = termsHere().reduce((all, { product }) => all + product, 0);
    const cell = shown.map[row * SIDE + column] ?? 0;
    told.textContent = sum(
      number(total),
      number(shown.bias),
      number(total + shown.bias),
      number(cell),
    );
    const said = label(row + 1, column + 1, number(cell));
    inputPicture.describe(`${input}. ${said}`);
    mapPicture.describe(`${map}. ${said}`);
    productsPicture.describe(productsLabel(shown.size ** 2));
  };
  const go = (row: number, column: number) =>
    state.change({ row: within(row, 0, SIDE - 1), column: within(column, 0, SIDE - 1) });
  for (const picture of [inputPicture, mapPicture])
    choosable(picture, {
      point(x, y) {
        const cell = picture.canvas.clientWidth / paddedSide();
        go(Math.floor(y / cell - reach()), Math.floor(x / cell - reach()));
      },
      move: (rows, columns) => go(state.now.row + rows, state.now.column + columns),
    });

  body.append(
    h(
      "div",
      { class: "slide" },
      h("figure", { class: "input" }, h("figcaption", {}, input), inputPicture.canvas),
      h("figure", { class: "products" }, h("figcaption", {}, products), productsPicture.canvas),
      h("figure", { class: "map" }, h("figcaption", {}, map), mapPicture.canvas),
    ),
    told,
    h("div", { class: "buttons" }, player(context, go, { play, stop })),
  );
  const asked = () => ({ ink: state.now.ink, filter: state.now.filter });
  const watch = remote.watch(inputPicture.canvas, "slid", asked(), (answer) => {
    shown = answer;
    redraw();
  });
  state.onChange(({ ink, filter }, before) => {
    if (ink !== before.ink || filter !== before.filter) watch.ask(asked());
    redraw();
  });
}

interface Term {
  readonly pixel: number;
  readonly weight: number;
  readonly product: number;
  readonly isPadding: boolean;
}

/** A product for every weight, with the filter's middle on a place. */
function terms(shown: Slid | undefined, ink: Uint8Array, row: number, column: number): Term[] {
  if (shown === undefined) return [];
  const { size, weights } = shown;
  const reach = (size - 1) / 2;
  return Array.from(weights, (weight, i) => {
    const y = row + Math.floor(i / size) - reach;
    const x = column + (i % size) - reach;
    const isPadding = y < 0 || x < 0 || y >= SIDE || x >= SIDE;
    const pixel = isPadding ? 0 : (ink[y * SIDE + x] ?? 0) / 255;
    return { pixel, weight, product: pixel * weight, isPadding };
  });
}

/** Cells with the colour of their product, and the numbers where there is room. */
function drawProducts(
  context: CanvasRenderingContext2D,
  width: number,
  shown: Slid | undefined,
  all: readonly Term[],
): void {
  if (shown === undefined) return;
  const { size, weights } = shown;
  const cell = width / size;
  const tile = {
    values: all.map(({ product }) => product),
    rows: size,
    columns: size,
    colours: "diverging",
    scale: largest(weights) * 1.5,
  } as const;
  drawTile(context, tile, [0, 0, width, width]);
  context.strokeStyle = css("rule");
  context.lineWidth = 1;
  for (const [i, { pixel, weight, product, isPadding }] of all.entries()) {
    const [x, y] = [(i % size) * cell, Math.floor(i / size) * cell];
    context.strokeRect(x + 0.5, y + 0.5, cell - 1, cell - 1);
    const isRoomy = cell >= ROOMY;
    const middle = { align: "center", colour: "ink" } as const;
    const [cx, cy] = [x + cell / 2, y + cell / 2];
    const bold = { ...middle, size: within(cell / 3.4, 9, 15), isBold: true };
    write(context, isPadding ? "0" : number(product), cx, isRoomy ? cy + 8 : cy, bold);
    if (!isRoomy) continue;
    const small = { ...middle, size: within(cell / 6.6, 8, 11) };
    write(context, `${short(pixel)} × ${short(weight)}`, cx, cy - 9, small);
  }
}

/** ".31" for 0.31, and "1" for 1.00: a cell is narrow. */
const short = (value: number) =>
  number(value)
    .replace(".00", "")
    .replace(/^(−?)0\./, "$1.");

/** What lies outside of the picture: nothing, drawn as such. */
function hatch(context: CanvasRenderingContext2D, side: number): void {
  context.strokeStyle = css("rule");
  context.lineWidth = 1;
  context.beginPath();
  for (let at = -side; at < side; at += 6) {
    context.moveTo(at, 0);
    context.lineTo(at + side, side);
  }
  context.stroke();
}

/** A button that moves the filter cell by cell until the last, as long as it is on screen. */
function player(
  { state }: Context,
  go: (row: number, column: number) => void,
  { play, stop }: { readonly play: string; readonly stop: string },
): HTMLElement {
  let timer: ReturnType<typeof setInterval> | undefined;
  const button = h("button", { type: "button", "data-tool": "slide" }, play);
  const end = () => {
    clearInterval(timer);
    timer = undefined;
    button.textContent = play;
  };
  const step = () => {
    const next = state.now.row * SIDE + state.now.column + 1;
    if (next >= SIDE * SIDE || !button.isConnected) return end();
    go(Math.floor(next / SIDE), next % SIDE);
  };
  on(button, "click", () => {
    if (timer !== undefined) return end();
    if (state.now.row === SIDE - 1 && state.now.column === SIDE - 1) go(0, 0);
    button.textContent = stop;
    timer = setInterval(step, PLAY_MS);
  });
  new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => !isIntersecting)) end();
  }).observe(button);
  return button;
}
