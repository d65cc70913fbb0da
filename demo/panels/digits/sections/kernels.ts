/** The weights behind one map: a filter of the first layer, or one on every map of the layer before. */
import { drawTile, largest, Picture } from "../../../draw/picture.ts";
import { h } from "../../../page/dom.ts";
import { border } from "../canvas.ts";
import type { Context } from "../context.ts";
import type { Filters } from "../pictures.ts";
import type { LayerName } from "../receptive.ts";

const SIDE = 34;
const GAP = 6;

export function kernels({ words, remote }: Context) {
  let all: { readonly conv1: Filters; readonly conv2: Filters } | undefined;
  let shown: { readonly layer: "conv1" | "conv2"; readonly map: number } = {
    layer: "conv1",
    map: 0,
  };
  const perRow = (width: number) => Math.max(1, Math.floor((width + GAP) / (SIDE + GAP)));
  const caption = h("figcaption");
  const picture = new Picture({
    label: words.filters.title,
    height: (width) =>
      Math.ceil((all?.[shown.layer].inputs ?? 1) / perRow(width)) * (SIDE + GAP) + 2,
    draw(context, width) {
      const filters = all?.[shown.layer];
      if (filters === undefined) return;
      const { inputs, size, weights } = filters;
      const own = weights.subarray(
        shown.map * inputs * size * size,
        (shown.map + 1) * inputs * size * size,
      );
      const scale = largest(own);
      for (let input = 0; input < inputs; input++) {
        const values = own.subarray(input * size * size, (input + 1) * size * size);
        const column = input % perRow(width);
        const top = 1 + Math.floor(input / perRow(width)) * (SIDE + GAP);
        const box = [1 + column * (SIDE + GAP), top, SIDE, SIDE] as const;
        drawTile(context, { values, rows: size, columns: size, colours: "diverging", scale }, box);
        border(context, box);
      }
    },
  });
  const element = h("figure", { class: "kernels" }, caption, picture.canvas);
  remote.watch(picture.canvas, "filters", {}, (answer) => {
    all = answer;
    picture.redraw();
  });
  return {
    element,
    /** Of a pooled map, the filter of the convolution before it; of the picture itself there is none. */
    show(layer: LayerName, map: number): void {
      element.style.visibility = layer === "input" ? "hidden" : "visible";
      if (layer === "input") return;
      shown = { layer: layer.endsWith("1") ? "conv1" : "conv2", map };
      caption.textContent = words.maps.kernels(words.maps.layers[shown.layer], map + 1);
      picture.describe(caption.textContent);
      picture.redraw();
    },
  };
}
