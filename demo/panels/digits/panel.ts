/** The page's side of the digits: what is shown of the networks that train. */
import type { PanelPage } from "../../page/panel.ts";
import { percent } from "./canvas.ts";
import type { Context } from "./context.ts";
import { inkOf } from "./ink.ts";
import type { DigitsPictures } from "./pictures.ts";
import { sample } from "./sample.ts";
import { confusionSection } from "./sections/confusion.ts";
import { drawSection } from "./sections/draw.ts";
import { filtersSection } from "./sections/filters.ts";
import { flatSection } from "./sections/flat.ts";
import { mapsSection } from "./sections/maps.ts";
import { saliencySection } from "./sections/saliency.ts";
import { shiftSection } from "./sections/shift.ts";
import { slideSection } from "./sections/slide.ts";
import type { digitsSettings } from "./settings.ts";
import { State } from "./state.ts";
import type { DigitsWords } from "./words/en.ts";
import "./digits.css";

export const digitsPanel: PanelPage<DigitsPictures, typeof digitsSettings, DigitsWords> = {
  curves: [
    { values: ["cnn.loss", "dense.loss"], unit: ({ values }) => values.loss ?? "", scale: "log" },
    { values: ["cnn.test", "dense.test"], unit: ({ values }) => values.right ?? "", range: [0, 1] },
  ],
  figures: [
    { value: "cnn.loss", format: (loss) => loss.toFixed(3) },
    { value: "cnn.test", format: (share) => percent(share, 1) },
    { value: "dense.test", format: (share) => percent(share, 1) },
  ],
  mount(given) {
    const state = new State({
      ink: inkOf(sample),
      label: undefined,
      picked: undefined,
      answer: 3,
      filter: 0,
      row: 5,
      column: 14,
    });
    const context: Context = { ...given, state };
    drawSection(context);
    given.curves();
    filtersSection(context);
    saliencySection(context);
    slideSection(context);
    mapsSection(context);
    flatSection(context);
    shiftSection(context);
    confusionSection(context);
  },
};
