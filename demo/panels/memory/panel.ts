/** The page of the memory panel: how far back RNN, GRU, LSTM and the visitor's cell remember, and why. */
import "./memory.css";
import type { PanelPage } from "../../page/panel.ts";
import { checked } from "../../settings.ts";
import { BATCH_SIZE } from "./batch-size.ts";
import type { MemoryPictures } from "./pictures.ts";
import { askedSection } from "./sections/asked.ts";
import { COLUMNS, type MemoryWords, percent } from "./sections/context.ts";
import { filmSection } from "./sections/film.ts";
import { gradientSection } from "./sections/gradient.ts";
import { lstmSection } from "./sections/lstm.ts";
import { ownSection } from "./sections/own.ts";
import { sweepSection } from "./sections/sweep.ts";
import { truncationSection } from "./sections/truncation.ts";
import { memorySettings } from "./settings.ts";

export const memoryPanel: PanelPage<MemoryPictures, typeof memorySettings, MemoryWords> = {
  curves: [
    {
      values: COLUMNS.map((name) => `${name}Accuracy`),
      // The words are this panel's.
      unit: (words) => (words as MemoryWords).accuracyUnit,
      range: [0, 1],
      x: (step) => BATCH_SIZE * step,
    },
  ],
  figures: COLUMNS.map((name) => ({ value: `${name}Accuracy`, format: percent })),
  mount(context) {
    context.curves({ isWide: true });
    const ends = [
      askedSection(context),
      sweepSection(context),
      gradientSection(context),
      filmSection(context),
      lstmSection(context),
      truncationSection(context),
      ownSection(context, offeredCell(context.settings().own)),
    ];
    return () => {
      for (const end of ends) end();
    };
  },
};

/** What the address brings and is not run: the page takes code out of an address only where it has run here before. */
function offeredCell(used: string): string | undefined {
  const asked = checked(memorySettings.own, new URLSearchParams(location.search).get("own"));
  return typeof asked === "string" && asked !== used ? asked : undefined;
}
