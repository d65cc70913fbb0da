/** What can be set of the text's network. */
import type { Settings } from "../../settings.ts";

export const textSettings = {
  learningRate: { kind: "number", default: 0.005, min: 0.0003, max: 0.1, scale: "log" },
} as const satisfies Settings;
