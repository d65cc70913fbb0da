import type { Results } from "../../../examples/quickstart/report/report.ts";
import { uniform } from "../../../src/tensor/random.ts";

/** Results such as a run might give, made up: to test and to look at the report. */
export function fakeResults(): Results {
  const noise = uniform([1, 1], 0, 4000);
  const decay = (steps: number, from: number, to: number, spread: number) =>
    Array.from({ length: steps }, (_, i) => {
      const mean = to + (from - to) * Math.exp(-i / (steps / 9));
      return { step: i + 1, value: mean * (1 + spread * ((noise[i] ?? 0) - 0.5)) };
    });
  return {
    summary: {
      device: "cpu",
      digits: { testAccuracy: 0.9891, steps: 2814, msPerStep: 21.3, seconds: 60.2 },
      text: {
        bitsPerChar: 1.842,
        trigramBitsPerChar: 2.833,
        steps: 1500,
        msPerStep: 98.4,
        seconds: 147.6,
        sample:
          "The <b>whale</b> & the ship were standing in the sea, and all the boats were lowered; for the captain had " +
          "been seen upon the quarter-deck—\n\n“There she blows!” cried the look-out from the mast-head.",
      },
    },
    device: {
      why: "there is no hardware GPU",
      facts: [
        ["adapter", "SwiftShader (software)"],
        ["threads", "2"],
      ],
    },
    run: { date: new Date(Date.UTC(2025, 0, 2, 3, 4)), seed: 1, quick: false },
    digits: {
      losses: decay(2814, 2.3, 0.04, 1.2),
      confusion: Array.from({ length: 10 }, (_, i) =>
        Array.from({ length: 10 }, (_, j) => {
          if (i === j) return 960 + 7 * i;
          return Math.max(0, Math.floor((noise[i * 10 + j] ?? 0) * 9) - 4);
        }),
      ),
      filters: {
        data: Float32Array.from(noise.subarray(0, 144), (value) => value - 0.5),
        shape: [3, 3, 1, 16],
      },
      mistakes: Array.from({ length: 24 }, (_, i) => ({
        pixels: Uint8Array.from({ length: 784 }, (_, p) => {
          const [y, x] = [Math.floor(p / 28) - 14, (p % 28) - 14];
          return Math.max(0, 255 - 40 * Math.abs(Math.hypot(x, y * 0.7) - 4 - (i % 5)));
        }),
        side: 28,
        label: 4,
        answer: i === 0 ? 9 : i % 10,
        confidence: 0.999 - i * 0.01,
      })),
    },
    text: {
      losses: decay(1500, 6.2, 1.8, 0.08),
      heldOut: [300, 600, 900, 1200, 1500].map((step, i) => ({
        step,
        value: [2.6, 2.2, 2.0, 1.9, 1.842][i] ?? 0,
      })),
    },
  };
}
