/**
 * How the unrolled network is drawn. A column is a step; of two states c runs above h. What was handed on is grey, what
 * comes back is orange, and an arrow is as wide as the square root of its gradient's norm.
 */
import { type ColourName, css } from "../../../draw/colours.ts";
import type { FilmAnswer } from "../pictures.ts";
import type { MemoryContext } from "./context.ts";

const LANE_HEIGHT = 92;
const FOOT = 22;
const LEFT = 14;
const RIGHT = 46;
const WIDEST = 13;
/** About as wide as a letter. */
const LETTER = 7;
/** What is less than this share of a node's width is not seen. */
const THINNEST = 0.6;

type Context = CanvasRenderingContext2D;

export function filmHeight(width: number, film: FilmAnswer | undefined): number {
  const states = Object.keys(film?.values ?? { h: 0, c: 0 }).length;
  return wordHeight(width, film?.reads ?? []) + states * LANE_HEIGHT + FOOT;
}

/** Words stand side by side where there is room, else aslant. */
function isLevel(width: number, reads: readonly string[]): boolean {
  const longest = Math.max(...reads.map((word) => word.length));
  return longest * LETTER < pitchOf(width, reads.length) - 4;
}

function wordHeight(width: number, reads: readonly string[]): number {
  const longest = Math.max(1, ...reads.map((word) => word.length));
  return isLevel(width, reads) ? 34 : 24 + longest * LETTER * 0.9;
}

function pitchOf(width: number, steps: number): number {
  return (width - LEFT - RIGHT) / Math.max(1, steps);
}

interface Layout {
  readonly steps: number;
  readonly x: (t: number) => number;
  /** The middle of a state's lane, by its name. */
  readonly y: (state: string) => number;
  readonly radius: number;
  /** Of the lanes. */
  readonly top: number;
  readonly bottom: number;
}

export function drawFilm(
  to: Context,
  [width, height]: readonly [number, number],
  film: FilmAnswer,
  position: number,
  words: MemoryContext["words"],
): void {
  const { reads, values, gradients, cuts } = film;
  const steps = reads.length;
  const states = Object.keys(values).toSorted();
  const pitch = pitchOf(width, steps);
  const top = wordHeight(width, reads);
  const layout: Layout = {
    steps,
    x: (t) => LEFT + (t + 0.5) * pitch,
    y: (state) => top + (states.indexOf(state) + 0.5) * LANE_HEIGHT,
    radius: Math.min(11, pitch * 0.3),
    top,
    bottom: top + states.length * LANE_HEIGHT,
  };
  to.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  to.textBaseline = "middle";
  drawReads(to, film, position, layout, isLevel(width, reads));
  drawCuts(to, cuts, layout, pitch);
  if (states.length > 1) drawLaneNames(to, states, layout, film.lanes ? words.film.lane : {});
  // Where the way back has come to: T is the loss, and nothing has come back.
  const reached = position <= steps ? steps : 2 * steps - position;
  for (const state of states) drawForward(to, values[state], state, position, layout);
  const most = Math.max(1e-30, ...Object.values(gradients).flatMap((norms) => [...norms]));
  const widthOf = (norm: number) => WIDEST * Math.sqrt(norm / most);
  if (position >= steps) drawLoss(to, layout, words.film.loss);
  drawBack(to, film, reached, widthOf, layout);
  for (const state of states) drawNodes(to, film, state, position, reached, layout);
  to.fillStyle = css("dim");
  to.textAlign = "center";
  const stride = pitch < 20 ? 2 : 1;
  for (let t = 0; t < steps; t++)
    if ((steps - 1 - t) % stride === 0) to.fillText(String(t + 1), layout.x(t), height - 10);
}

/** The words of the steps, upright where there is room. */
function drawReads(
  to: Context,
  { reads }: FilmAnswer,
  position: number,
  { x, top }: Layout,
  isWide: boolean,
): void {
  for (const [t, word] of reads.entries()) {
    to.fillStyle = css(t === Math.min(position, reads.length - 1) ? "ink" : "dim");
    to.save();
    to.translate(x(t), top - 14);
    if (!isWide) to.rotate(-Math.PI / 3);
    to.textAlign = isWide ? "center" : "left";
    to.fillText(word, 0, 0);
    to.restore();
  }
}

function drawCuts(
  to: Context,
  cuts: readonly number[],
  { x, top, bottom }: Layout,
  pitch: number,
): void {
  for (const t of cuts) {
    const at = x(t) - pitch / 2;
    to.setLineDash([3, 4]);
    stroke(to, css("warm", 0.9), 1, [
      [at, top - 4],
      [at, bottom + 4],
    ]);
    to.setLineDash([]);
  }
}

function drawLaneNames(
  to: Context,
  states: readonly string[],
  { y }: Layout,
  names: Readonly<Record<string, string>>,
): void {
  to.fillStyle = css("dim");
  to.textAlign = "left";
  // Outside of the two lanes, between which arrows rise.
  for (const [i, state] of states.entries())
    to.fillText(names[state] ?? state, 4, y(state) + (i === 0 ? -1 : 1) * (LANE_HEIGHT / 2 - 8));
}

/** The state that each step hands on, under its lane: it crosses where the gradient is cut. */
function drawForward(
  to: Context,
  values: Float32Array | undefined,
  state: string,
  position: number,
  { x, y, radius, steps }: Layout,
): void {
  const at = y(state) + radius + 4;
  for (let t = 0; t < steps - 1; t++) {
    const isDone = t < position;
    const size = Math.min(3, 0.8 + (values?.[t] ?? 0) / 2);
    arrow(
      to,
      css(isDone ? "ink" : "rule", isDone ? 0.55 : 1),
      size,
      [x(t) + 1, at],
      [x(t + 1) - 1, at],
    );
  }
}

function drawLoss(to: Context, { x, y, steps, radius }: Layout, name: string): void {
  const [from, at] = [x(steps - 1) + radius, y("h")];
  to.fillStyle = css("warm");
  to.textAlign = "left";
  to.fillText(name, from + 12, at);
}

/** What comes back, above each lane, as far as it has come. */
function drawBack(
  to: Context,
  { gradients, cuts, lanes }: FilmAnswer,
  reached: number,
  widthOf: (norm: number) => number,
  { x, y, steps, radius }: Layout,
): void {
  for (let t = steps - 1; t >= Math.max(0, reached - 1); t--) {
    const isCut = cuts.includes(t + 1);
    for (const state of Object.keys(gradients)) {
      if (t === steps - 1 || t < reached) continue;
      // Along c only what the forget gate lets through; along h all that reaches it.
      const norm = state === "c" && lanes ? lanes.kept[t] : gradients[state]?.[t];
      const at = y(state) - radius - 8;
      if (!isCut && norm) back(to, widthOf(norm), [x(t + 1) - 1, at], [x(t) + 1, at]);
      if (isCut) scissors(to, (x(t) + x(t + 1)) / 2, at);
    }
    const read = t >= reached ? lanes?.read[t] : undefined;
    if (read) back(to, widthOf(read), [x(t), y("h") - radius - 3], [x(t), y("c") + radius + 8]);
  }
}

function back(
  to: Context,
  width: number,
  from: readonly [number, number],
  end: readonly [number, number],
): void {
  arrow(to, css("warm", 0.9), Math.max(THINNEST, width), from, end);
}

function scissors(to: Context, x: number, y: number): void {
  to.save();
  to.fillStyle = css("warm");
  to.font = "15px sans-serif";
  to.textAlign = "center";
  to.fillText("✂", x, y);
  to.restore();
}

/** Nodes fill with what their state holds; a ring once the gradient has come. */
function drawNodes(
  to: Context,
  { values, gradients }: FilmAnswer,
  state: string,
  position: number,
  reached: number,
  { x, y, radius, steps }: Layout,
): void {
  const most = Math.max(1e-30, ...(values[state] ?? []));
  for (let t = 0; t < steps; t++) {
    const isRead = t <= position;
    const share = (values[state]?.[t] ?? 0) / most;
    to.beginPath();
    to.arc(x(t), y(state), radius, 0, 2 * Math.PI);
    to.fillStyle = css("card");
    to.fill();
    if (isRead) {
      to.fillStyle = css("accent", 0.15 + 0.65 * share);
      to.fill();
    }
    const hasCome = t >= reached && (gradients[state]?.[t] ?? 0) > 0;
    to.lineWidth = hasCome || t === position || t === reached ? 2 : 1;
    to.strokeStyle = css(hasCome ? "warm" : isRead ? "accent" : ("rule" satisfies ColourName));
    to.stroke();
  }
}

/** A line with a head, `width` wide. */
function arrow(
  to: Context,
  colour: string,
  width: number,
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
): void {
  const length = Math.hypot(x1 - x0, y1 - y0);
  if (length < 1) return;
  const [u, v] = [(x1 - x0) / length, (y1 - y0) / length];
  const head = Math.min(length * 0.6, 3 + width * 0.6);
  const half = Math.max(2.5, width / 2 + 1.5);
  const [hx, hy] = [x1 - u * head, y1 - v * head];
  to.fillStyle = colour;
  to.beginPath();
  const side = (x: number, y: number, by: number) => to.lineTo(x - v * by, y + u * by);
  side(x0, y0, width / 2);
  side(hx, hy, width / 2);
  side(hx, hy, half);
  to.lineTo(x1, y1);
  side(hx, hy, -half);
  side(hx, hy, -width / 2);
  side(x0, y0, -width / 2);
  to.fill();
}

function stroke(
  to: Context,
  colour: string,
  width: number,
  points: readonly (readonly [number, number])[],
): void {
  to.strokeStyle = colour;
  to.lineWidth = width;
  to.beginPath();
  for (const [x, y] of points) to.lineTo(x, y);
  to.stroke();
}
