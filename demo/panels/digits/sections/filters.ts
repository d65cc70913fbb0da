/** The first layer's filters, one of them chosen. */
import { drawTile, largest, Picture } from "../../../draw/picture.ts";
import { h } from "../../../page/dom.ts";
import { border, choosable, number, outline, within } from "../canvas.ts";
import type { Context } from "../context.ts";
import type { Filters } from "../pictures.ts";

const GAP = 10;

export function filtersSection({ section, words, state, remote }: Context): void {
  const { title, text, label, scale } = words.filters;
  const body = section({ title, text, code: () => import("../snippets/filters.ts?raw") });
  const caption = h("p", { class: "quiet" });
  let shown: Filters | undefined;
  let most = 1;
  const layout = (width: number) => {
    const count = shown?.count ?? 8;
    const columns = count <= 4 ? count : count <= 12 && count % 4 !== 0 ? Math.ceil(count / 2) : 4;
    return { columns, side: (width - GAP * (columns + 1)) / columns, count };
  };
  const boxOf = (filter: number, width: number) => {
    const { columns, side } = layout(width);
    const [row, column] = [Math.floor(filter / columns), filter % columns];
    return [GAP + column * (side + GAP), GAP + row * (side + GAP), side, side] as const;
  };
  const picture = new Picture({
    label: title,
    role: "application",
    height(width) {
      const { columns, side, count } = layout(width);
      return Math.ceil(count / columns) * (side + GAP) + GAP;
    },
    draw(context, width) {
      if (shown === undefined) return;
      const { size, count, weights } = shown;
      for (let filter = 0; filter < count; filter++) {
        const values = weights.subarray(filter * size * size, (filter + 1) * size * size);
        const box = boxOf(filter, width);
        drawTile(
          context,
          { values, rows: size, columns: size, colours: "diverging", scale: most },
          box,
        );
        if (filter === state.now.filter) outline(context, box, "ink", 2.5);
        else border(context, box);
      }
    },
  });
  const choose = (filter: number) => {
    const last = (shown?.count ?? 1) - 1;
    state.change({ filter: within(filter, 0, last) });
  };
  choosable(picture, {
    point(x, y, isPress) {
      if (!isPress || shown === undefined) return;
      const width = picture.canvas.clientWidth;
      for (let filter = 0; filter < shown.count; filter++) {
        const [left, top, side] = boxOf(filter, width);
        if (x >= left && y >= top && x < left + side && y < top + side) choose(filter);
      }
    },
    move(rows, columns) {
      const { columns: perRow } = layout(picture.canvas.clientWidth);
      choose(state.now.filter + columns + rows * perRow);
    },
  });
  const describe = () => picture.describe(label(state.now.filter + 1, shown?.count ?? 0));
  state.onChange(({ filter }, before) => {
    if (filter === before.filter) return;
    describe();
    picture.redraw();
  });
  remote.watch(picture.canvas, "filters", {}, ({ conv1 }) => {
    shown = conv1;
    most = largest(conv1.weights);
    if (state.now.filter >= conv1.count) choose(conv1.count - 1);
    caption.textContent = scale(number(most));
    describe();
    picture.redraw();
  });
  body.append(picture.canvas, caption);
}
