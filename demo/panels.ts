/** The page's panels and what can be set in each. What else one consists of is loaded when it is opened. */
import { digitsSettings } from "./panels/digits/settings.ts";
import { machineSettings } from "./panels/machine/settings.ts";
import { memorySettings } from "./panels/memory/settings.ts";
import { textSettings } from "./panels/text/settings.ts";
import type { Settings } from "./settings.ts";

export type PanelName = "digits" | "text" | "memory" | "machine";

/** In the order of the page's navigation. */
export const panelNames: readonly PanelName[] = ["digits", "text", "memory", "machine"];

export const panelSettings: Readonly<Record<PanelName, Settings>> = {
  digits: digitsSettings,
  text: textSettings,
  memory: memorySettings,
  machine: machineSettings,
};
