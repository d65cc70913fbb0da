/** One canvas a picture: as sharp as the screen, drawn anew when its size or the colours change. */
import { h } from "../page/dom.ts";
import { onTheme } from "../page/theme.ts";
import { diverging, sequential } from "./colours.ts";

export interface PictureOptions {
  /** What is to be seen, for those who cannot; may change (`describe`). */
  readonly label: string;
  /** Height in CSS pixels for a width in CSS pixels. */
  readonly height: (width: number) => number;
  /** Draws all of it. Coordinates are CSS pixels. */
  draw(context: CanvasRenderingContext2D, width: number, height: number): void;
  /** Takes keys and pointers; its role is what it is then. */
  readonly role?: string;
}

export class Picture {
  readonly canvas: HTMLCanvasElement;
  readonly #options: PictureOptions;
  readonly #observer: ResizeObserver;
  readonly #forget: () => void;
  #width = 0;
  #isDue = false;

  constructor(options: PictureOptions) {
    this.#options = options;
    const { label, role = "img" } = options;
    // A slider has a place from the start, where there is nothing to be seen yet as well.
    const place = { "aria-valuemin": 0, "aria-valuemax": 0, "aria-valuenow": 0 };
    this.canvas = h("canvas", {
      role,
      "aria-label": label,
      class: "picture",
      ...(role === "slider" && place),
    });
    this.#observer = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry?.contentRect.width ?? 0);
      if (width === this.#width || width === 0) return;
      this.#width = width;
      this.#paint();
    });
    this.#observer.observe(this.canvas);
    this.#forget = onTheme(() => this.redraw());
  }

  describe(label: string): void {
    if (this.canvas.getAttribute("aria-label") !== label)
      this.canvas.setAttribute("aria-label", label);
  }

  /** In the next animation frame, however often it is called before. */
  redraw(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => this.#paint());
  }

  /** Where on the picture a pointer is, in CSS pixels. */
  at(event: PointerEvent | MouseEvent): { readonly x: number; readonly y: number } {
    const { left, top } = this.canvas.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#forget();
  }

  #paint(): void {
    this.#isDue = false;
    const { canvas } = this;
    const width = this.#width;
    if (width === 0) return;
    const height = Math.max(1, Math.round(this.#options.height(width)));
    const scale = Math.min(2, devicePixelRatio);
    if (
      canvas.width !== Math.round(width * scale) ||
      canvas.height !== Math.round(height * scale)
    ) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
      canvas.style.height = `${height}px`;
    }
    const context = canvas.getContext("2d");
    if (context === null) return;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    this.#options.draw(context, width, height);
  }
}

export interface Tile {
  /** Row by row. */
  readonly values: ArrayLike<number>;
  readonly columns: number;
  readonly rows: number;
  /** Of colours: "diverging" for −scale … scale, "sequential" for 0 … scale. */
  readonly colours: "diverging" | "sequential";
  readonly scale: number;
}

const scratch = document.createElement("canvas");

/** Draws numbers as cells of colour into a rectangle. */
export function drawTile(
  context: CanvasRenderingContext2D,
  { values, columns, rows, colours, scale }: Tile,
  [x, y, width, height]: readonly [number, number, number, number],
): void {
  const pixels = new ImageData(columns, rows);
  const ramp = colours === "diverging" ? diverging() : sequential();
  for (let i = 0; i < columns * rows; i++) {
    const share = (values[i] ?? 0) / (scale || 1);
    const place = colours === "diverging" ? (share + 1) / 2 : share;
    const from = 4 * Math.round(255 * Math.min(1, Math.max(0, place)));
    pixels.data.set(ramp.subarray(from, from + 4), 4 * i);
  }
  scratch.width = columns;
  scratch.height = rows;
  scratch.getContext("2d")?.putImageData(pixels, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(scratch, x, y, width, height);
}

/** The largest of the magnitudes, for a scale that all tiles of a picture share. */
export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i] ?? 0));
  return most;
}
