/** The test digits: what they are against what the CNN takes them for, and their pictures. */
import { css } from "../../../draw/colours.ts";
import { Picture } from "../../../draw/picture.ts";
import { h } from "../../../page/dom.ts";
import { choosable, outline, percent, within, write } from "../canvas.ts";
import type { Context } from "../context.ts";
import { CLASSES, type TestScores } from "../pictures.ts";
import { examplesPicture } from "./examples.ts";

const HEAD = 34;

interface Cell {
  readonly label: number;
  readonly taken: number;
}

export function confusionSection(context: Context): void {
  const { section, words, remote } = context;
  const { title, text, label, is, taken, wait, measured, caption } = words.confusion;
  const body = section({
    title,
    text,
    isWide: true,
    code: () => import("../snippets/confusion.ts?raw"),
  });
  let counts: number[] = [];
  let chosen: Cell = { label: 4, taken: 9 };
  /** By a visitor; else it is the most frequent mistake. */
  let isPicked = false;
  const told = h("p", { class: "quiet" }, wait);
  const cellSide = (width: number) => (width - HEAD - 1) / CLASSES;

  const picture = new Picture({
    label: title,
    role: "application",
    height: (width) => width + 1,
    draw(canvas, width) {
      const side = cellSide(width);
      drawCounts(canvas, counts, side);
      const middle = HEAD + (width - HEAD) / 2;
      write(canvas, `${taken} →`, middle, 8, { align: "center", size: 11 });
      canvas.save();
      canvas.translate(8, middle);
      canvas.rotate(-Math.PI / 2);
      write(canvas, `← ${is}`, 0, 0, { align: "center", size: 11 });
      canvas.restore();
      const { label: row, taken: column } = chosen;
      outline(canvas, [HEAD + column * side, HEAD + row * side, side, side], "ink");
    },
  });
  const examples = examplesPicture(context);
  const choose = (cell: Cell, byVisitor: boolean) => {
    chosen = {
      label: within(cell.label, 0, CLASSES - 1),
      taken: within(cell.taken, 0, CLASSES - 1),
    };
    isPicked ||= byVisitor;
    const count = counts[chosen.label * CLASSES + chosen.taken] ?? 0;
    picture.describe(label(chosen.label, chosen.taken, count));
    picture.redraw();
    examples.show(chosen, caption(chosen.label, chosen.taken, count));
  };
  choosable(picture, {
    point(x, y, isPress) {
      const side = cellSide(picture.canvas.clientWidth);
      if (!isPress || x < HEAD || y < HEAD) return;
      choose({ label: Math.floor((y - HEAD) / side), taken: Math.floor((x - HEAD) / side) }, true);
    },
    move: (rows, columns) =>
      choose({ label: chosen.label + rows, taken: chosen.taken + columns }, true),
  });
  body.append(
    h("div", { class: "confusion" }, h("div", {}, picture.canvas, told), examples.element),
  );
  // For programs.
  const note = (scores: TestScores, right: number) => {
    picture.canvas.dataset.right = String(right);
    picture.canvas.dataset.step = String(scores.step);
  };
  const watch = remote.watch(picture.canvas, "test", {}, (scores) => {
    if (scores.cnn.length === 0) {
      // A measurement comes in pieces, also while nothing is trained.
      watch.ask({});
      return;
    }
    counts = countsOf(scores);
    const right = counts.reduce((sum, n, i) => sum + (i % (CLASSES + 1) === 0 ? n : 0), 0);
    told.textContent = measured(percent(right / scores.count, 1), scores.step);
    note(scores, right / scores.count);
    choose(isPicked ? chosen : commonestMistake(counts), false);
  });
}

function countsOf({ labels, cnn }: TestScores): number[] {
  const counts = new Array<number>(CLASSES * CLASSES).fill(0);
  labels.forEach((label, i) => {
    const at = label * CLASSES + (cnn[i] ?? 0);
    counts[at] = (counts[at] ?? 0) + 1;
  });
  return counts;
}

function commonestMistake(counts: readonly number[]): Cell {
  const mistakes = counts.map((n, i) => (i % (CLASSES + 1) === 0 ? -1 : n));
  const at = mistakes.indexOf(Math.max(...mistakes));
  return { label: Math.floor(at / CLASSES), taken: at % CLASSES };
}

/** What is right in blue, what is not in orange: each by its share of the digits in its row. */
function drawCounts(context: CanvasRenderingContext2D, counts: readonly number[], side: number) {
  for (let i = 0; i < CLASSES; i++) {
    const centre = { align: "center", colour: "ink", isBold: true } as const;
    write(context, String(i), HEAD + (i + 0.5) * side, 24, centre);
    write(context, String(i), 24, HEAD + (i + 0.5) * side, centre);
  }
  context.strokeStyle = css("rule");
  context.lineWidth = 1;
  for (let label = 0; label < CLASSES; label++) {
    const row = counts.slice(label * CLASSES, (label + 1) * CLASSES);
    const total = row.reduce((sum, n) => sum + n, 0) || 1;
    for (let taken = 0; taken < CLASSES; taken++) {
      const [x, y] = [HEAD + taken * side, HEAD + label * side];
      const count = row[taken] ?? 0;
      const share = count / total;
      const isRight = label === taken;
      // A few mistakes are to be seen, too.
      const strength = isRight ? 0.55 * share : count === 0 ? 0 : within(0.12 + 3 * share, 0, 0.75);
      context.fillStyle = css(isRight ? "accent" : "warm", strength);
      context.fillRect(x, y, side, side);
      context.strokeRect(x + 0.5, y + 0.5, side, side);
      if (count === 0) continue;
      const size = within(side / 2.6, 9, 13);
      write(context, String(count), x + side / 2, y + side / 2, {
        align: "center",
        colour: "ink",
        size,
      });
    }
  }
}
