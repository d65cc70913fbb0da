/** The page's side of the text: what the network writes, and what goes on in it while it reads. */
import type { PanelPage } from "../../page/panel.ts";
import { insideSection } from "./page/inside-section.ts";
import { samplesSection } from "./page/samples-section.ts";
import { sourceSection } from "./page/source-section.ts";
import { writeSection } from "./page/write-section.ts";
import type { TextPictures } from "./pictures.ts";
import type { textSettings } from "./settings.ts";
import type { TextWords } from "./words/en.ts";
import "./text.css";

const bits = (value: number) => value.toFixed(2);

export const textPanel: PanelPage<TextPictures, typeof textSettings, TextWords> = {
  curves: [
    {
      values: ["bits", "heldOut"],
      guides: ["trigram", "uniform"],
      unit: (words) => words.values.unit ?? "",
    },
  ],
  figures: [
    { value: "bits", format: bits },
    { value: "heldOut", format: bits },
    { value: "trigram", format: bits },
  ],
  mount(context) {
    context.curves({ isWide: true });
    samplesSection(context);
    const write = writeSection(context);
    insideSection(context, write);
    sourceSection(context);
  },
};
