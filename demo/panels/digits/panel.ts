/** The page's side of the digits: what is shown of the network that trains. */
import { drawTile, largest, Picture } from "../../draw/picture.ts";
import type { PanelPage } from "../../page/panel.ts";
import type { DigitsPictures } from "./pictures.ts";
import type { digitsSettings } from "./settings.ts";
import type { DigitsWords } from "./words/en.ts";

export const digitsPanel: PanelPage<DigitsPictures, typeof digitsSettings, DigitsWords> = {
  curves: [{ values: ["loss"], unit: (words) => words.values.loss ?? "" }],
  figures: [
    { value: "loss", format: (loss) => loss.toFixed(3) },
    { value: "accuracy", format: (share) => `${(100 * share).toFixed(1)} %` },
  ],
  mount({ section, words, remote }) {
    const body = section({ title: words.filters, text: words.filtersText });
    let seen: DigitsPictures["filters"]["answer"] | undefined;
    const picture = new Picture({
      label: words.filters,
      height: (width) => width / 4,
      draw(context, width) {
        if (seen === undefined) return;
        const { size, count, values } = seen;
        const scale = largest(values);
        const side = width / 8;
        for (let filter = 0; filter < count; filter++) {
          const own = Float32Array.from(
            { length: size * size },
            (_, i) => values[i * count + filter] ?? 0,
          );
          const tile = {
            values: own,
            columns: size,
            rows: size,
            colours: "diverging",
            scale,
          } as const;
          drawTile(context, tile, [
            (filter % 8) * side + 2,
            Math.floor(filter / 8) * side + 2,
            side - 4,
            side - 4,
          ]);
        }
      },
    });
    body.append(picture.canvas);
    remote.watch(picture.canvas, "filters", undefined, (answer) => {
      seen = answer;
      picture.redraw();
    });
  },
};
