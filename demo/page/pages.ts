/** Every panel's page and words; loaded when the panel is opened, in the language that is read. */
import type { PanelName } from "../panels.ts";
import type { Language, PanelWords } from "../words/language.ts";
import type { AnyPanelPage } from "./panel.ts";

interface PanelFiles {
  page(): Promise<AnyPanelPage>;
  readonly words: Readonly<Record<Language, () => Promise<PanelWords>>>;
}

export const panelFiles: Readonly<Record<PanelName, PanelFiles>> = {
  digits: {
    page: async () => (await import("../panels/digits/panel.ts")).digitsPanel,
    words: {
      en: async () => (await import("../panels/digits/words/en.ts")).en,
      ko: async () => (await import("../panels/digits/words/ko.ts")).ko,
    },
  },
  text: {
    page: async () => (await import("../panels/text/panel.ts")).textPanel,
    words: {
      en: async () => (await import("../panels/text/words/en.ts")).en,
      ko: async () => (await import("../panels/text/words/ko.ts")).ko,
    },
  },
  memory: {
    page: async () => (await import("../panels/memory/panel.ts")).memoryPanel,
    words: {
      en: async () => (await import("../panels/memory/words/en.ts")).en,
      ko: async () => (await import("../panels/memory/words/ko.ts")).ko,
    },
  },
  machine: {
    page: async () => (await import("../panels/machine/panel.ts")).machinePanel,
    words: {
      en: async () => (await import("../panels/machine/words/en.ts")).en,
      ko: async () => (await import("../panels/machine/words/ko.ts")).ko,
    },
  },
};
