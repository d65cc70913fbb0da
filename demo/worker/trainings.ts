/** How every panel's networks are opened; loaded when they are asked for. */
import type { PanelName } from "../panels.ts";
import type { AnyValues } from "../settings.ts";
import type { LoadData, OpenDevice, Training } from "./training.ts";

type Open = (settings: AnyValues, load: LoadData, device: OpenDevice) => Promise<Training>;

/** Settings have been checked against the panel's declaration (settings.ts), which is what its `open` asks for. */
const as = (open: (settings: never, load: LoadData, device: OpenDevice) => Promise<unknown>) =>
  open as Open;

export const openings: Readonly<Record<PanelName, () => Promise<Open>>> = {
  digits: async () => as((await import("../panels/digits/training.ts")).open),
  text: async () => as((await import("../panels/text/training.ts")).open),
  memory: async () => as((await import("../panels/memory/training.ts")).open),
  machine: async () => as((await import("../panels/machine/training.ts")).open),
};
