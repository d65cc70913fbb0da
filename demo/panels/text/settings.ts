/** What a visitor may set of the text panel. */
import type { Settings } from "../../settings.ts";

export const textSettings = {
  // A name of texts.ts.
  text: { kind: "text", default: "alice", maxLength: 24, hidden: true },
  units: { kind: "choice", of: ["32", "64", "128", "256"], default: "128" },
  window: { kind: "number", default: 48, min: 4, max: 96, step: 4 },
  learningRate: { kind: "number", default: 0.007, min: 0.0003, max: 0.1, scale: "log" },
  temperature: {
    kind: "number",
    default: 0.7,
    min: 0.2,
    max: 2,
    scale: "log",
    live: true,
    hidden: true,
  },
} as const satisfies Settings;
