/** Letters across, units down: what a gate or the cells did at every letter. The map of Karpathy, Johnson & Fei-Fei 2015. */
import { css } from "../../../draw/colours.ts";
import { drawTile, Picture } from "../../../draw/picture.ts";
import { h, on } from "../../../page/dom.ts";
import type { Quantity, Reading } from "../pictures.ts";
import { named } from "./letters.ts";

const [COLUMN, ROW, HEAD, GUTTER] = [11, 10, 20, 44];

export interface HeatMapUse {
  /** What is said of a letter and a unit. */
  describe(t: number, unit: number): string;
  onPoint(t: number, unit: number): void;
  onPick(unit: number): void;
}

export class HeatMap {
  readonly element: HTMLElement;
  readonly #map: Picture;
  readonly #names: Picture;
  readonly #scroll: HTMLElement;
  readonly #use: HeatMapUse;
  #reading: Reading | undefined;
  #quantity: Quantity = "f";
  #rows: readonly number[] = [];
  #followed: number | undefined;
  #at: { readonly t: number; readonly row: number } | undefined;

  constructor(label: string, use: HeatMapUse) {
    this.#use = use;
    const height = () => HEAD + this.#rows.length * ROW + 2;
    this.#map = new Picture({
      label,
      role: "slider",
      height,
      draw: (context) => this.#draw(context),
    });
    this.#names = new Picture({
      label: "",
      height,
      draw: (context, width) => this.#drawNames(context, width),
    });
    this.#names.canvas.setAttribute("aria-hidden", "true");
    this.#names.canvas.style.width = `${GUTTER}px`;
    this.#map.canvas.dataset.text = "map";
    this.#scroll = h("div", { class: "scroll" }, this.#map.canvas);
    this.element = h("div", { class: "heat-map" }, this.#names.canvas, this.#scroll);
    this.#listen();
  }

  /** Whether a pointer or the keys are on it. */
  get isUsed(): boolean {
    return this.#map.canvas.matches(":hover, :focus");
  }

  /** `rows` are the units that are seen, from above. */
  show(
    reading: Reading,
    quantity: Quantity,
    rows: readonly number[],
    followed: number | undefined,
  ): void {
    this.#reading = reading;
    this.#quantity = quantity;
    this.#rows = rows;
    this.#followed = followed;
    this.#map.canvas.style.width = `${reading.letters.length * COLUMN}px`;
    this.#redraw();
  }

  /** Moves the frame to a letter, and it into view. */
  point(t: number): void {
    if (this.#at?.t === t) return;
    this.#at = { t, row: this.#at?.row ?? 0 };
    this.#reveal();
    this.#redraw();
  }

  #redraw(): void {
    this.#map.redraw();
    this.#names.redraw();
    this.#say();
  }

  #draw(context: CanvasRenderingContext2D): void {
    const reading = this.#reading;
    if (reading === undefined) return;
    const { letters, units, steps } = reading;
    const [columns, rows] = [letters.length, this.#rows.length];
    const all = steps[this.#quantity];
    const values = new Float32Array(columns * rows);
    this.#rows.forEach((unit, row) => {
      for (let t = 0; t < columns; t++) values[row * columns + t] = all[t * units + unit] ?? 0;
    });
    const colours = this.#quantity === "c" ? "diverging" : "sequential";
    const [width, height] = [columns * COLUMN, rows * ROW];
    drawTile(context, { values, columns, rows, colours, scale: 1 }, [0, HEAD, width, height]);
    context.font = "12px ui-monospace, Menlo, Consolas, monospace";
    context.textAlign = "center";
    context.textBaseline = "middle";
    letters.forEach((letter, t) => {
      const isHere = t === this.#at?.t;
      context.fillStyle = css(isHere ? "ink" : "dim");
      context.fillText(named(letter), (t + 0.5) * COLUMN, HEAD / 2);
    });
    const frame = (x: number, y: number, w: number, tall: number) => {
      context.lineWidth = 1;
      context.strokeStyle = css("card");
      context.strokeRect(x - 0.5, y - 0.5, w + 1, tall + 1);
      context.strokeStyle = css("ink");
      context.strokeRect(x + 0.5, y + 0.5, w - 1, tall - 1);
    };
    const followed = this.#rows.indexOf(this.#followed ?? -1);
    if (followed >= 0) frame(0, HEAD + followed * ROW, width, ROW);
    if (this.#at !== undefined) frame(this.#at.t * COLUMN, HEAD, COLUMN, height);
  }

  #drawNames(context: CanvasRenderingContext2D, width: number): void {
    context.font = "10px system-ui, sans-serif";
    context.textAlign = "right";
    context.textBaseline = "middle";
    this.#rows.forEach((unit, row) => {
      const isFollowed = unit === this.#followed;
      context.fillStyle = css(isFollowed ? "ink" : "dim");
      context.fillText(
        isFollowed ? `▸ ${unit}` : String(unit),
        width - 6,
        HEAD + (row + 0.5) * ROW,
      );
    });
  }

  #listen(): void {
    const { canvas } = this.#map;
    canvas.tabIndex = 0;
    canvas.style.cursor = "pointer";
    const found = (event: PointerEvent | MouseEvent) => {
      const { x, y } = this.#map.at(event);
      return this.#within(Math.floor(x / COLUMN), Math.floor((y - HEAD) / ROW));
    };
    on(canvas, "pointermove", (event) => this.#go(found(event)));
    on(canvas, "click", (event) => {
      this.#go(found(event));
      this.#pick();
    });
    on(canvas, "keydown", (event) => {
      const { t, row } = this.#at ?? { t: 0, row: 0 };
      const moves: Readonly<Record<string, readonly [number, number]>> = {
        ArrowLeft: [t - 1, row],
        ArrowRight: [t + 1, row],
        ArrowUp: [t, row - 1],
        ArrowDown: [t, row + 1],
        Home: [0, row],
        End: [Number.POSITIVE_INFINITY, row],
      };
      const move = moves[event.key];
      if (move !== undefined) {
        this.#go(this.#within(...move));
        this.#reveal();
      } else if (event.key === "Enter" || event.key === " ") this.#pick();
      else return;
      event.preventDefault();
    });
  }

  #within(t: number, row: number): { readonly t: number; readonly row: number } {
    const last = (this.#reading?.letters.length ?? 1) - 1;
    const lowest = Math.max(0, this.#rows.length - 1);
    return { t: Math.min(last, Math.max(0, t)), row: Math.min(lowest, Math.max(0, row)) };
  }

  #go(to: { readonly t: number; readonly row: number }): void {
    if (this.#at?.t === to.t && this.#at.row === to.row) return;
    this.#at = to;
    this.#redraw();
    const unit = this.#rows[to.row];
    if (unit !== undefined) this.#use.onPoint(to.t, unit);
  }

  #pick(): void {
    const unit = this.#rows[this.#at?.row ?? -1];
    if (unit !== undefined) this.#use.onPick(unit);
  }

  #reveal(): void {
    const left = (this.#at?.t ?? 0) * COLUMN;
    const { scrollLeft, clientWidth } = this.#scroll;
    if (left < scrollLeft) this.#scroll.scrollLeft = left;
    else if (left + COLUMN > scrollLeft + clientWidth)
      this.#scroll.scrollLeft = left + COLUMN - clientWidth;
  }

  #say(): void {
    const { canvas } = this.#map;
    const { t, row } = this.#at ?? { t: 0, row: 0 };
    canvas.setAttribute("aria-valuemin", "0");
    canvas.setAttribute(
      "aria-valuemax",
      String(Math.max(0, (this.#reading?.letters.length ?? 1) - 1)),
    );
    canvas.setAttribute("aria-valuenow", String(t));
    const unit = this.#rows[row];
    canvas.setAttribute("aria-valuetext", unit === undefined ? "" : this.#use.describe(t, unit));
  }
}
