/** One step in time: a block a kernel, the picked one in words below. */
import { css } from "../../../draw/colours.ts";
import { Picture } from "../../../draw/picture.ts";
import { h, on } from "../../../page/dom.ts";
import type { MachineContext, Timeline } from "./context.ts";
import { ms, percent } from "./format.ts";
import { KINDS, type Kind, kindOf } from "./kinds.ts";

const TOP = 6;
const BLOCK = 54;
const AXIS = 22;

export function timelineSection(
  { section, words }: MachineContext,
  onPick: (kernel: number) => void,
) {
  const { timeline: own } = words;
  const body = section({
    title: own.title,
    text: own.text,
    isWide: true,
    code: () => import("../snippets/profile.ts?raw"),
  });
  let seen: Timeline | undefined;
  let picked = 0;
  const picture = new Picture({
    label: own.label,
    role: "slider",
    height: () => TOP + BLOCK + AXIS,
    draw(context, width) {
      if (seen === undefined || seen.elapsedMs === 0) return;
      const scale = width / seen.elapsedMs;
      for (const [i, kernel] of seen.kernels.entries()) {
        const x = kernel.startMs * scale;
        const wide = Math.max(1, kernel.elapsedMs * scale);
        context.fillStyle = css(KINDS[kindOf(kernel)], i === picked ? 1 : 0.55);
        context.fillRect(x, TOP, Math.max(1, wide - 1), BLOCK);
        if (i !== picked) continue;
        context.fillStyle = css("ink");
        context.fillRect(x, TOP - 5, Math.max(2, wide - 1), 3);
      }
      drawAxis(context, width, seen.elapsedMs);
    },
  });
  const { canvas } = picture;
  canvas.tabIndex = 0;
  const caption = h("p", { class: "machine-picked", "data-machine": "picked" }, own.none);
  const summary = h("p", { class: "quiet", "data-machine": "summary" });
  const legend = h(
    "ul",
    { class: "machine-legend" },
    ...(Object.entries(KINDS) as [Kind, string][]).map(([kind, colour]) =>
      h("li", {}, h("i", { style: `background:var(--${colour})` }), own.kinds[kind]),
    ),
  );
  body.append(canvas, caption, legend, summary);
  on(canvas, "pointermove", (event) => pickAt(picture.at(event).x));
  on(canvas, "pointerdown", (event) => pickAt(picture.at(event).x));
  on(canvas, "keydown", (event) => {
    const last = (seen?.kernels.length ?? 1) - 1;
    const to = {
      ArrowRight: picked + 1,
      ArrowUp: picked + 1,
      ArrowLeft: picked - 1,
      ArrowDown: picked - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    pick(Math.min(last, Math.max(0, to)));
  });

  function pickAt(x: number): void {
    if (seen === undefined) return;
    const at = (x / canvas.clientWidth) * seen.elapsedMs;
    const found = seen.kernels.findLastIndex(({ startMs }) => startMs <= at);
    if (found >= 0 && found !== picked) pick(found);
  }

  function pick(kernel: number): void {
    picked = kernel;
    say();
    picture.redraw();
    onPick(kernel);
  }

  function say(): void {
    const kernel = seen?.kernels[picked];
    if (seen === undefined || kernel === undefined) return;
    const share = percent(kernel.elapsedMs / (seen.elapsedMs || 1));
    const text = own.one(picked + 1, kernel.label, ms(kernel.elapsedMs), share);
    caption.textContent = text;
    canvas.setAttribute("aria-valuetext", text);
    canvas.setAttribute("aria-valuenow", String(picked + 1));
  }

  canvas.setAttribute("aria-valuemin", "1");
  canvas.setAttribute("aria-valuemax", "1");
  canvas.setAttribute("aria-valuenow", "1");

  return {
    canvas,
    show(timeline: Timeline): void {
      const isFirst = seen?.kernels.length !== timeline.kernels.length;
      seen = timeline;
      if (isFirst) picked = longest(timeline);
      canvas.setAttribute("aria-valuemax", String(timeline.kernels.length));
      const { kernels, elapsedMs, step } = timeline;
      summary.textContent = own.summary(kernels.length, ms(elapsedMs), step);
      summary.dataset.kernels = String(kernels.length);
      summary.dataset.elapsed = String(elapsedMs);
      say();
      picture.redraw();
      onPick(picked);
    },
    pick,
  };
}

function longest({ kernels }: Timeline): number {
  const most = Math.max(...kernels.map(({ elapsedMs }) => elapsedMs));
  return Math.max(
    0,
    kernels.findIndex(({ elapsedMs }) => elapsedMs === most),
  );
}

function drawAxis(context: CanvasRenderingContext2D, width: number, totalMs: number): void {
  const rough = totalMs / (width < 500 ? 4 : 8);
  const power = 10 ** Math.floor(Math.log10(rough));
  const tick = ([1, 2, 5, 10].find((n) => n * power >= rough) ?? 10) * power;
  const digits = Math.max(0, -Math.floor(Math.log10(tick)));
  context.fillStyle = css("dim");
  context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "bottom";
  for (let at = 0; at <= totalMs; at += tick) {
    const x = (at / totalMs) * width;
    context.fillRect(x, TOP + BLOCK, 1, 4);
    const text = at === 0 ? "0 ms" : at.toFixed(digits);
    const wide = context.measureText(text).width;
    context.fillText(text, Math.min(Math.max(0, x - wide / 2), width - wide), TOP + BLOCK + AXIS);
  }
}
