/**
 * A text as one picture, a colour behind every letter. Where it can be used, a letter is pointed at, picked, or a range of
 * them brushed, by pointer or with the arrow keys; for those who hear it, it is a slider over its letters.
 */
import { between, css, rgb } from "../../../draw/colours.ts";
import { Picture } from "../../../draw/picture.ts";
import { on } from "../../../page/dom.ts";
import type { Range } from "../matching.ts";
import { type Layout, layOut, letterAt } from "./layout.ts";

const [CELL, LINE, FONT] = [8.5, 22, 14];
const MONO = 'ui-monospace, "SF Mono", Menlo, Consolas, "D2Coding", "NanumGothicCoding", monospace';
/** The most of a colour that letters can be read on. */
const MOST = 0.62;

/** A text and its colours. */
export interface Shaded {
  readonly letters: readonly string[];
  /** −1 blue … 0 none … 1 orange, for each letter. */
  readonly shade: (t: number) => number;
  /** Letters that are only there for the others. */
  readonly isFaint?: (t: number) => boolean;
  /** Letters up to here were given, not written: underlined. */
  readonly given?: number;
}

export interface LettersUse {
  /** What is said of a letter. */
  describe(t: number): string;
  onPoint(t: number): void;
  onPick?(t: number): void;
  onBrush?(range: Range | undefined): void;
}

export class Letters {
  readonly picture: Picture;
  readonly #use: LettersUse | undefined;
  #shown: Shaded = { letters: [], shade: () => 0 };
  #layout: Layout = { places: [], lines: 1 };
  #laidOutFor: readonly string[] | undefined;
  #columns = 0;
  #at: number | undefined;
  #range: Range | undefined;
  /** Where a brush began. */
  #anchor: number | undefined;

  constructor(label: string, use?: LettersUse, name?: string) {
    this.#use = use;
    this.picture = new Picture({
      label,
      ...(use && { role: "slider" }),
      height: (width) => this.#fit(width) * LINE + 4,
      draw: (context, width) => this.#draw(context, width),
    });
    if (name !== undefined) this.picture.canvas.dataset.text = name;
    if (use !== undefined) this.#listen(use);
  }

  get at(): number | undefined {
    return this.#at;
  }

  show(shown: Shaded): void {
    this.#shown = shown;
    const last = shown.letters.length - 1;
    if (this.#at !== undefined && this.#at > last) this.#at = undefined;
    this.#say();
    this.picture.redraw();
  }

  /** Moves the frame around a letter, as if it had been pointed at; nobody is told. */
  point(t: number | undefined): void {
    if (this.#at === t) return;
    this.#at = t;
    this.#say();
    this.picture.redraw();
  }

  brush(range: Range | undefined): void {
    this.#range = range;
    this.picture.redraw();
  }

  #fit(width: number): number {
    const columns = Math.max(8, Math.floor(width / CELL) - 1);
    const { letters } = this.#shown;
    if (this.#laidOutFor !== letters || this.#columns !== columns) {
      this.#layout = layOut(letters, columns);
      this.#laidOutFor = letters;
      this.#columns = columns;
    }
    return Math.max(1, this.#layout.lines);
  }

  #draw(context: CanvasRenderingContext2D, width: number): void {
    this.#fit(width);
    const { letters, shade, isFaint, given = 0 } = this.#shown;
    const [card, warm, cold] = [rgb("card"), rgb("warm"), rgb("accent")];
    context.font = `${FONT}px ${MONO}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    this.#layout.places.forEach(({ column, line, width: cells }, t) => {
      const [x, y, w] = [column * CELL, line * LINE + 2, cells * CELL];
      const value = Math.max(-1, Math.min(1, shade(t)));
      if (Math.abs(value) > 0.01) {
        const colour = between(card, value < 0 ? cold : warm, MOST * Math.abs(value));
        context.fillStyle = `rgb(${colour.map(Math.round).join(" ")})`;
        context.fillRect(x, y + 1, w + 0.5, LINE - 2);
      }
      const letter = letters[t] ?? "";
      const isBreak = letter === "\n";
      context.fillStyle = css(isBreak || isFaint?.(t) === true ? "dim" : "ink", isBreak ? 0.6 : 1);
      context.fillText(isBreak ? "↵" : letter, x + w / 2, y + LINE / 2);
      if (t < given) {
        context.fillStyle = css("dim");
        context.fillRect(x, y + LINE - 3, w, 1);
      }
      if (this.#range !== undefined && t >= this.#range.from && t <= this.#range.to) {
        context.fillStyle = css("ink");
        context.fillRect(x, y + LINE - 3, w + 0.5, 2);
      }
    });
    const place = this.#at === undefined ? undefined : this.#layout.places[this.#at];
    if (place === undefined) return;
    context.strokeStyle = css("ink");
    context.lineWidth = 2;
    context.strokeRect(place.column * CELL, place.line * LINE + 3, place.width * CELL, LINE - 2);
  }

  #listen(use: LettersUse): void {
    const { canvas } = this.picture;
    canvas.tabIndex = 0;
    canvas.style.touchAction = "pan-y";
    canvas.style.cursor = "pointer";
    const found = (event: PointerEvent) => {
      const { x, y } = this.picture.at(event);
      return letterAt(this.#layout, Math.floor(x / CELL), Math.floor(y / LINE));
    };
    on(canvas, "pointermove", (event) => {
      const t = found(event);
      if (t === undefined) return;
      if (this.#anchor !== undefined && t !== this.#anchor) this.#brushTo(t);
      if (t !== this.#at) this.#point(t);
    });
    on(canvas, "pointerdown", (event) => {
      const t = found(event);
      if (t === undefined || event.button !== 0) return;
      this.#point(t);
      if (use.onBrush === undefined) return;
      this.#anchor = t;
      canvas.setPointerCapture(event.pointerId);
    });
    on(canvas, "pointerup", (event) => {
      const t = found(event);
      // A press that has not moved picks; one that has is a brush.
      if (t !== undefined && (this.#anchor === undefined || this.#anchor === t)) use.onPick?.(t);
      this.#anchor = undefined;
    });
    on(canvas, "pointercancel", () => {
      this.#anchor = undefined;
    });
    on(canvas, "keydown", (event) => this.#key(event, use));
    on(canvas, "focus", () => {
      if (this.#at === undefined && this.#shown.letters.length > 0) this.#point(0);
    });
  }

  #key(event: KeyboardEvent, use: LettersUse): void {
    const last = this.#shown.letters.length - 1;
    if (last < 0) return;
    const at = this.#at ?? 0;
    const place = this.#layout.places[at];
    const above = (lines: number) =>
      letterAt(this.#layout, place?.column ?? 0, (place?.line ?? 0) + lines) ?? at;
    const moves: Readonly<Record<string, () => number>> = {
      ArrowLeft: () => at - 1,
      ArrowRight: () => at + 1,
      ArrowUp: () => above(-1),
      ArrowDown: () => above(1),
      Home: () => 0,
      End: () => last,
    };
    const move = moves[event.key];
    if (move !== undefined) {
      const to = Math.min(last, Math.max(0, move()));
      if (event.shiftKey && use.onBrush !== undefined) {
        this.#anchor ??= at;
        this.#brushTo(to);
      } else this.#anchor = undefined;
      this.#point(to);
    } else if (event.key === "Enter" || event.key === " ") use.onPick?.(at);
    else if (event.key === "Escape" && use.onBrush !== undefined) {
      this.brush(undefined);
      use.onBrush(undefined);
    } else return;
    event.preventDefault();
  }

  #brushTo(t: number): void {
    const from = this.#anchor ?? t;
    this.brush({ from: Math.min(from, t), to: Math.max(from, t) });
    this.#use?.onBrush?.(this.#range);
  }

  #point(t: number): void {
    this.point(t);
    this.#use?.onPoint(t);
  }

  #say(): void {
    if (this.#use === undefined) return;
    const { canvas } = this.picture;
    const t = this.#at ?? 0;
    canvas.setAttribute("aria-valuemin", "0");
    canvas.setAttribute("aria-valuemax", String(Math.max(0, this.#shown.letters.length - 1)));
    canvas.setAttribute("aria-valuenow", String(t));
    canvas.setAttribute(
      "aria-valuetext",
      this.#shown.letters.length > 0 ? this.#use.describe(t) : "",
    );
  }
}

/** A letter as a reader sees it. */
export function named(letter: string): string {
  return letter === "\n" ? "↵" : letter === " " ? "␣" : letter;
}
