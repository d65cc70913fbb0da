/** What can be set of the machine's training. */
import type { Settings } from "../../settings.ts";

export const machineSettings = {
  network: { kind: "choice", of: ["cnn", "lstm"], default: "cnn" },
  batchSize: { kind: "number", default: 32, min: 8, max: 128, step: 8 },
} as const satisfies Settings;
