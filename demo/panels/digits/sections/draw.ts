/** The pad, what the network sees of it, and its answer. */
import { css } from "../../../draw/colours.ts";
import { Picture } from "../../../draw/picture.ts";
import { h, on } from "../../../page/dom.ts";
import { ARROWS, border, percent, within } from "../canvas.ts";
import type { Context } from "../context.ts";
import { inkOf, type Point, type Stroke } from "../ink.ts";
import { drawInk } from "../ink-tile.ts";
import { CLASSES, type Ink, type Probabilities } from "../pictures.ts";
import { sample } from "../sample.ts";

/** The pad's own unit: it is so many wide and high, whatever the screen. */
const PAD = 280;
const PEN = 18;
/** What an arrow key moves the pen by. */
const KEY_STEP = 10;
/** There are 2,000. The visitor is shown one after the other, in an order that jumps about. */
const NEXT_EXAMPLE = 787;
const EXAMPLES = 2000;

export function drawSection(context: Context): void {
  const { section, words, state } = context;
  const { title, text, seen, answers, legend } = words.draw;
  const body = section({
    title,
    text,
    code: () => import("../snippets/train.ts?raw"),
  });
  const note = h("p", { class: "quiet", role: "status" });
  state.onChange(({ label }) => {
    note.textContent = label === undefined ? "" : words.draw.right(label);
  });
  const pad = padPart(context);
  body.append(
    h(
      "div",
      { class: "draw" },
      h("div", { class: "pad" }, pad.canvas, pad.buttons, note),
      h("div", { class: "seen" }, h("h3", {}, seen), seenPicture(context)),
      h("div", { class: "answers" }, h("h3", {}, answers), bars(context), h("small", {}, legend)),
    ),
  );
}

function padPart({ words, state, remote }: Context) {
  let strokes: readonly Stroke[] = sample;
  /** The first stroke of somebody's own begins on an empty pad. */
  let isOwn = false;
  let isDue = false;
  /** Where the pen is that keys move, and whether it draws; none before the first key. */
  let pen: (Point & { readonly isDown: boolean }) | undefined;
  const picture = new Picture({
    label: words.draw.pad,
    role: "application",
    height: (width) => width,
    draw(context, width) {
      const { ink, label } = state.now;
      if (label !== undefined) drawInk(context, ink, width);
      context.scale(width / PAD, width / PAD);
      context.lineWidth = PEN;
      context.lineCap = context.lineJoin = "round";
      context.strokeStyle = css("ink");
      for (const [first, ...rest] of strokes) {
        if (first === undefined) continue;
        context.beginPath();
        context.moveTo(first.x, first.y);
        for (const { x, y } of rest.length > 0 ? rest : [first]) context.lineTo(x, y);
        context.stroke();
      }
      if (pen !== undefined) drawPen(context, pen);
    },
  });
  const { canvas } = picture;
  canvas.tabIndex = 0;
  // All that came since the last frame at once.
  const changed = () => {
    picture.redraw();
    if (isDue) return;
    isDue = true;
    requestAnimationFrame(() => {
      isDue = false;
      state.change({ ink: inkOf(strokes), label: undefined, picked: undefined });
    });
  };
  const clear = () => {
    strokes = [];
    isOwn = true;
    changed();
  };
  const begin = (point: Point) => {
    strokes = [...(isOwn ? strokes : []), [point]];
    isOwn = true;
    changed();
  };
  /** Goes on with the last stroke. */
  const extend = (point: Point) => {
    const last = strokes.at(-1);
    if (last === undefined) return;
    strokes = [...strokes.slice(0, -1), [...last, point]];
    changed();
  };
  const placeOf = (event: PointerEvent): Point => {
    const { x, y } = picture.at(event);
    const scale = PAD / canvas.clientWidth;
    return { x: x * scale, y: y * scale };
  };
  on(canvas, "pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    pen = undefined;
    begin(placeOf(event));
  });
  on(canvas, "pointermove", (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) extend(placeOf(event));
  });
  on(canvas, "keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey) return;
    const { x, y, isDown } = pen ?? { x: PAD / 2, y: PAD / 2, isDown: false };
    const arrow = ARROWS[key];
    if (arrow !== undefined) {
      const [rows, columns] = arrow;
      const to = (from: number, steps: number) => within(from + steps * KEY_STEP, 0, PAD);
      pen = { x: to(x, columns), y: to(y, rows), isDown };
      if (isDown) extend(pen);
    } else if (key === " " || key === "Enter") {
      pen = { x, y, isDown: !isDown };
      if (pen.isDown) begin(pen);
    } else if (["Escape", "Delete", "Backspace"].includes(key)) {
      pen = pen && { x, y, isDown: false };
      clear();
    } else return;
    event.preventDefault();
    picture.describe(pen ? words.draw.penLabel(pen) : words.draw.pad);
    picture.redraw();
  });
  on(canvas, "blur", () => {
    pen = undefined;
    picture.describe(words.draw.pad);
    picture.redraw();
  });
  const show = (ink: Ink, label: number) => {
    strokes = [];
    isOwn = false;
    state.change({ ink, label, picked: undefined });
    picture.redraw();
  };
  state.onChange(({ label, ink }, before) => {
    // Another section has chosen a test digit.
    if (label !== undefined && ink !== before.ink) show(ink, label);
  });

  let example = 0;
  const next = h("button", { type: "button", "data-tool": "example" }, words.draw.example);
  on(next, "click", () => {
    example = (example + NEXT_EXAMPLE) % EXAMPLES;
    remote.ask("digit", { index: example }).then(
      ({ ink, label }) => show(ink, label),
      // Another training was opened meanwhile.
      () => undefined,
    );
  });
  const clearButton = h("button", { type: "button", "data-tool": "clear" }, words.draw.clear);
  on(clearButton, "click", clear);
  return { canvas, buttons: h("div", { class: "buttons" }, clearButton, next) };
}

/** A ring where the pen of the keys is, filled while it draws. */
function drawPen(
  context: CanvasRenderingContext2D,
  { x, y, isDown }: Point & { readonly isDown: boolean },
): void {
  context.beginPath();
  context.arc(x, y, PEN / 2, 0, 2 * Math.PI);
  context.lineWidth = 3;
  context.strokeStyle = css("accent");
  context.fillStyle = css(isDown ? "accent" : "card");
  context.fill();
  context.stroke();
}

function seenPicture({ words, state }: Context): HTMLCanvasElement {
  const picture = new Picture({
    label: words.draw.seen,
    height: (width) => width,
    draw(context, width) {
      drawInk(context, state.now.ink, width);
      border(context, [1, 1, width - 2, width - 2]);
    },
  });
  state.onChange(({ answer }) => {
    picture.describe(words.draw.seenLabel(answer));
    picture.redraw();
  });
  return picture.canvas;
}

/** For programs: data-answer is the digit that the CNN takes the drawing for, data-step the step that it is of. */
function bars({ words, state, remote }: Context): HTMLElement {
  const rows = Array.from({ length: CLASSES }, (_, digit) => {
    const cnn = h("span", { class: "bar" });
    const dense = h("span", { class: "mark" });
    const share = h("span", { class: "share" });
    const button = h(
      "button",
      { type: "button", class: "answer", "data-digit": digit, "aria-pressed": "false" },
      h("span", { class: "digit" }, String(digit)),
      h("span", { class: "track" }, cnn, dense),
      share,
    );
    on(button, "click", () => state.change({ picked: digit }));
    return { button, cnn, dense, share };
  });
  const element = h("div", { class: "bars" }, ...rows.map(({ button }) => button));
  const press = () => {
    rows.forEach(({ button }, digit) => {
      button.setAttribute("aria-pressed", String(digit === state.digit));
    });
  };
  const show = ({ cnn, dense }: Probabilities, step: number) => {
    rows.forEach((row, digit) => {
      const [p = 0, q = 0] = [cnn[digit], dense[digit]];
      row.cnn.style.transform = `scaleX(${p})`;
      row.dense.style.left = `${100 * q}%`;
      // Ten marks at zero would say nothing.
      row.dense.style.opacity = q < 0.005 ? "0" : "1";
      row.share.textContent = percent(p);
      row.button.setAttribute("aria-label", words.draw.bar(digit, percent(p), percent(q)));
    });
    const answer = cnn.indexOf(Math.max(...cnn));
    element.dataset.answer = String(answer);
    element.dataset.step = String(step);
    state.change({ answer });
    press();
  };
  const watch = remote.watch(element, "probabilities", { ink: state.now.ink }, show);
  state.onChange(({ ink }, before) => {
    if (ink !== before.ink) watch.ask({ ink });
    press();
  });
  return element;
}
