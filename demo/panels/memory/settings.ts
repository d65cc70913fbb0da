import type { Settings } from "../../settings.ts";

/**
 * A leaky memory whose leak looks at what comes: with 3 added its gate is open to a twentieth, so that it forgets over about
 * twenty steps at the start.
 */
export const OWN_CELL = `keep = sigmoid(x @ Wk + h @ Rk + 3)
new = tanh(x @ Wn + h @ Rn)
c = keep * c + (1 - keep) * new
h = tanh(c)`;

export const memorySettings = {
  task: {
    kind: "choice",
    of: ["recall", "copy", "adding", "order", "parity", "brackets"],
    default: "recall",
  },
  /** Steps from what has to be known to the answer. */
  lag: { kind: "number", default: 20, min: 5, max: 100, step: 5 },
  /** Steps that a gradient goes back. */
  window: { kind: "choice", of: ["3", "5", "20", "whole"], default: "whole" },
  /** How the gates of LSTM and GRU start: open for up to `lag` steps, or as a layer's own. */
  gates: { kind: "choice", of: ["open", "plain"], default: "open" },
  own: { kind: "text", default: OWN_CELL, maxLength: 600, hidden: true, isCode: true },
} as const satisfies Settings;
