/** What the pictures of this panel share: text, outlines, numbers, and choosing a place. */
import { type ColourName, css } from "../../draw/colours.ts";
import type { Picture } from "../../draw/picture.ts";
import { on } from "../../page/dom.ts";

type Context2d = CanvasRenderingContext2D;
/** Left, top, width, height. */
export type Box = readonly [x: number, y: number, width: number, height: number];

export interface TextOptions {
  readonly size?: number;
  readonly colour?: ColourName;
  readonly align?: CanvasTextAlign;
  readonly isBold?: boolean;
  /** Where y is: its middle, or the line that letters stand on. */
  readonly baseline?: CanvasTextBaseline;
}

let family: string | undefined;

export function write(
  context: Context2d,
  text: string,
  x: number,
  y: number,
  options: TextOptions = {},
): void {
  const { size = 12, colour = "dim", align = "left", isBold = false } = options;
  family ??= getComputedStyle(document.body).fontFamily;
  context.font = `${isBold ? "600 " : ""}${size}px ${family}`;
  context.textAlign = align;
  context.textBaseline = options.baseline ?? "middle";
  context.fillStyle = css(colour);
  context.fillText(text, x, y);
}

/** A frame that is seen on light and on dark. */
export function outline(
  context: Context2d,
  [x, y, width, height]: Box,
  colour: ColourName = "ink",
  lineWidth = 2,
): void {
  context.lineWidth = lineWidth + 2;
  context.strokeStyle = css("card", 0.85);
  context.strokeRect(x, y, width, height);
  context.lineWidth = lineWidth;
  context.strokeStyle = css(colour);
  context.strokeRect(x, y, width, height);
}

/** A thin line around a tile. */
export function border(context: Context2d, [x, y, width, height]: Box): void {
  context.lineWidth = 1;
  context.strokeStyle = css("rule");
  context.strokeRect(x - 0.5, y - 0.5, width + 1, height + 1);
}

/** Two places behind the point, and a minus that is as wide as a plus. */
export function number(value: number, digits = 2): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

export function percent(share: number, digits = 0): string {
  return `${(100 * share).toFixed(digits)} %`;
}

export interface Choosing {
  /** A pointer is over the picture, or was pressed there. */
  point(x: number, y: number, isPress: boolean): void;
  /** An arrow key: so many rows down, so many columns to the right. */
  move(rows: number, columns: number): void;
  /** Another key; whether it means something. */
  key?(key: string): boolean;
}

/** What an arrow key means. */
export const ARROWS: Readonly<Record<string, readonly [rows: number, columns: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Lets pointers and keys choose something on a picture. A finger scrolls the page up and down all the same. */
export function choosable(picture: Picture, { point, move, key }: Choosing): void {
  const { canvas } = picture;
  canvas.tabIndex = 0;
  canvas.classList.add("choosable");
  const pointed = (event: PointerEvent, isPress: boolean) => {
    const { x, y } = picture.at(event);
    point(x, y, isPress);
  };
  on(canvas, "pointermove", (event) => pointed(event, false));
  on(canvas, "pointerdown", (event) => pointed(event, true));
  on(canvas, "keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const arrow = ARROWS[event.key];
    if (arrow !== undefined) move(...arrow);
    else if (key?.(event.key) !== true) return;
    event.preventDefault();
  });
}

export function within(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
