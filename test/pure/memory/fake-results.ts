import { CELLS } from "../../../examples/memory/model.ts";
import type { Results } from "../../../examples/memory/results.ts";
import { FULL } from "../../../examples/memory/settings.ts";

const fading = (share: number, length = 101) => Array.from({ length }, (_, d) => 3 * share ** d);

/** Results of a run that never was. */
export function fakeResults(): Results {
  const accuracies = { rnn: [1, 0.13], gru: [1, 1], lstm: [0.99, 0.123] };
  const curve = { rnn: fading(0.5), gru: fading(0.98), lstm: fading(0.9) };
  const curves = CELLS.map((cell) => ({
    name: cell,
    cell,
    h: curve[cell],
    c: cell === "lstm" ? fading(0.97) : undefined,
  }));
  return {
    run: {
      date: new Date("2025-03-01T10:00:00Z"),
      seed: 5,
      isQuick: false,
      device: "a <device>",
      why: "asked for by name",
      seconds: 321,
    },
    settings: { ...FULL, lags: [10, 500] },
    accuracy: (["recall", "adding"] as const).flatMap((task) =>
      CELLS.flatMap((cell) =>
        [10, 500].map((lag, i) => ({
          task,
          cell,
          lag,
          accuracy: accuracies[cell][i] ?? 0,
          batches: 400,
          seconds: 1,
        })),
      ),
    ),
    flow: {
      lag: 100,
      atStart: curves,
      trained: curves.map((one) => ({ ...one, accuracy: one.cell === "rnn" ? 0.13 : 0.99 })),
      control: {
        name: "larger weights",
        cell: "rnn",
        h: fading(0.8),
        c: undefined,
        accuracy: 0.14,
      },
      biases: [
        { name: "all biases 0", cell: "lstm", h: fading(0.5), c: fading(0.5) },
        { name: "forget bias 1", cell: "lstm", h: fading(0.7), c: fading(0.73) },
      ],
    },
    truncation: [
      { window: 10, isWhole: false, accuracy: 0.12, batches: 1000 },
      { window: 100, isWhole: false, accuracy: 0.99, batches: 500 },
      { window: 200, isWhole: true, accuracy: 1, batches: 480 },
    ],
    cost: [
      { window: 10, kind: "truncated", msPerStep: 0.058, bytes: 2 ** 19 },
      { window: 500, kind: "truncated", msPerStep: 0.024, bytes: 2 ** 23 },
      { window: 2000, kind: "whole", msPerStep: 0.027, bytes: 2 ** 25 },
      { window: 2000, kind: "checkpointed", msPerStep: 0.036, bytes: 2 ** 23 },
    ],
    growth: [
      { steps: 200, kind: "truncated", bytes: 2 ** 20 },
      { steps: 4000, kind: "truncated", bytes: 2 ** 20 },
      { steps: 200, kind: "whole", bytes: 2 ** 22 },
      { steps: 4000, kind: "whole", bytes: 80 * 2 ** 20 },
    ],
  };
}
