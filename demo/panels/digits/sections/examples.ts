/** The pictures behind one cell of the confusion matrix; one that is pressed is looked into. */
import { Picture } from "../../../draw/picture.ts";
import { h } from "../../../page/dom.ts";
import { border, choosable, outline, within } from "../canvas.ts";
import type { Context } from "../context.ts";
import { drawInk } from "../ink-tile.ts";
import { type Ink, PIXELS } from "../pictures.ts";

const MOST = 24;
const GAP = 8;
const LEAST_SIDE = 58;

interface Cell {
  readonly label: number;
  readonly taken: number;
}

export function examplesPicture({ words, state, remote }: Context) {
  let cell: Cell = { label: 4, taken: 9 };
  let ink: Ink = new Uint8Array();
  let chosen = 0;
  const caption = h("figcaption");
  const none = h("p", { class: "quiet", hidden: true }, words.confusion.none);
  const count = () => ink.length / PIXELS;
  const layout = (width: number) => {
    const perRow = Math.max(3, Math.floor((width + GAP) / (LEAST_SIDE + GAP)));
    return { perRow, side: (width - 2 - GAP * (perRow - 1)) / perRow };
  };
  const boxOf = (i: number, width: number) => {
    const { perRow, side } = layout(width);
    const x = 1 + (i % perRow) * (side + GAP);
    return [x, 1 + Math.floor(i / perRow) * (side + GAP), side, side] as const;
  };
  const picture = new Picture({
    label: words.confusion.pictures,
    role: "application",
    height(width) {
      const { perRow, side } = layout(width);
      return Math.max(1, Math.ceil(count() / perRow)) * (side + GAP);
    },
    draw(canvas, width) {
      for (let i = 0; i < count(); i++) {
        const box = boxOf(i, width);
        drawInk(canvas, pictureAt(i), box[2], box[0], box[1]);
        if (i === chosen && canvas.canvas === document.activeElement) outline(canvas, box);
        else border(canvas, box);
      }
    },
  });
  const pictureAt = (i: number) => ink.slice(i * PIXELS, (i + 1) * PIXELS);
  const look = () => {
    if (count() > 0) state.change({ ink: pictureAt(chosen), label: cell.label, picked: undefined });
  };
  choosable(picture, {
    point(x, y, isPress) {
      if (!isPress) return;
      const width = picture.canvas.clientWidth;
      for (let i = 0; i < count(); i++) {
        const [left, top, side] = boxOf(i, width);
        if (x < left || y < top || x >= left + side || y >= top + side) continue;
        chosen = i;
        look();
        picture.redraw();
      }
    },
    move(rows, columns) {
      const { perRow } = layout(picture.canvas.clientWidth);
      chosen = within(chosen + columns + rows * perRow, 0, Math.max(0, count() - 1));
      picture.redraw();
    },
    key(key) {
      if (key !== "Enter" && key !== " ") return false;
      look();
      return true;
    },
  });
  // Of no pictures none is chosen: there is no place to come to, but for somebody who is there already.
  const showPlace = () => {
    picture.canvas.hidden = count() === 0 && picture.canvas !== document.activeElement;
    picture.redraw();
  };
  picture.canvas.hidden = true;
  for (const type of ["focus", "blur"] as const) picture.canvas.addEventListener(type, showPlace);
  const element = h("figure", { class: "examples" }, caption, picture.canvas, none);
  const watch = remote.watch(element, "examples", { ...cell, most: MOST }, (answer) => {
    ink = answer.ink;
    chosen = within(chosen, 0, Math.max(0, count() - 1));
    none.hidden = count() > 0;
    showPlace();
  });
  return {
    element,
    show(next: Cell, said: string): void {
      caption.textContent = said;
      if (next.label === cell.label && next.taken === cell.taken) return;
      cell = next;
      chosen = 0;
      watch.ask({ ...cell, most: MOST });
    },
  };
}
