/** The page's side of the text. */
import type { PanelPage } from "../../page/panel.ts";
import type { TextPictures } from "./pictures.ts";
import type { textSettings } from "./settings.ts";
import type { TextWords } from "./words/en.ts";

export const textPanel: PanelPage<TextPictures, typeof textSettings, TextWords> = {
  curves: [{ values: ["bits", "heldOut"], unit: (words) => words.values.bits ?? "" }],
  figures: [
    { value: "bits", format: (bits) => bits.toFixed(3) },
    { value: "heldOut", format: (bits) => bits.toFixed(3) },
  ],
  mount() {
    // Curves and figures are all there is to see.
  },
};
