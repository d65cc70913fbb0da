/** What can be set of the digits' networks. */
import type { Settings } from "../../settings.ts";

export const digitsSettings = {
  learningRate: { kind: "number", default: 0.003, min: 0.0003, max: 0.1, scale: "log" },
} as const satisfies Settings;
