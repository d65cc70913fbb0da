/** What a visitor can set. */
import type { Settings, ValuesOf } from "../../settings.ts";

export const digitsSettings = {
  /** Of the first convolution; the second has twice as many. */
  filters: { kind: "number", default: 8, min: 2, max: 16, step: 2 },
  /** Rows and columns of a filter. */
  size: { kind: "choice", of: ["3", "5", "7"], default: "5" },
  learningRate: { kind: "number", default: 0.003, min: 0.0003, max: 0.1, scale: "log" },
  /** To learn from, the first of MNIST's. */
  digits: { kind: "number", default: 6000, min: 1000, max: 10_000, step: 1000 },
} as const satisfies Settings;

export type DigitsSettings = ValuesOf<typeof digitsSettings>;
