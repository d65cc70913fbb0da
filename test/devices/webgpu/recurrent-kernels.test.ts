/** Every mode of the recurrent kernels, forced, against the reference in float64. */
import { beforeAll, describe, expect, it } from "vitest";
import { recurrentLowerings } from "../../../src/devices/webgpu/lowering/recurrent.ts";
import type { RecurrentMode } from "../../../src/devices/webgpu/lowering/recurrent-mode.ts";
import { DEFAULT_LIMITS } from "../../../src/devices/webgpu/target.ts";
import {
  gruCase,
  gruGradCase,
  lstmCase,
  lstmGradCase,
  rnnCase,
  rnnGradCase,
  type Sequence,
} from "../../cases/recurrent.ts";
import { checkKernel, openBench } from "../../support/check-kernel.ts";
import type { Bench } from "../../support/run-calls.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});

const target = { isSoftware: false, limits: DEFAULT_LIMITS };
type Lower = ReturnType<typeof recurrentLowerings>;

/** Both directions of every cell; forward, then backward. */
const cells = {
  rnn: async (lower: Lower, of: Sequence) => [
    await checkKernel(bench, "rnn", lower.rnn, rnnCase(of, "tanh")),
    await checkKernel(bench, "rnnGrad", lower.rnnGrad, rnnGradCase(of, "tanh")),
  ],
  lstm: async (lower: Lower, of: Sequence) => [
    await checkKernel(bench, "lstm", lower.lstm, lstmCase(of)),
    // A gradient of the cells beside everything else, and once without.
    await checkKernel(bench, "lstmGrad", lower.lstmGrad, lstmGradCase(of, of.flow === true)),
  ],
  gru: async (lower: Lower, of: Sequence) => [
    await checkKernel(bench, "gru", lower.gru, gruCase(of)),
    await checkKernel(bench, "gruGrad", lower.gruGrad, gruGradCase(of)),
  ],
};

const modes: readonly (readonly [name: string, mode: RecurrentMode, units: readonly number[]])[] = [
  ["all steps, 1 row", { kind: "steps", rows: 1 }, [1, 7, 130]],
  ["all steps, 2 rows", { kind: "steps", rows: 2 }, [16]],
  ["all steps, 4 rows", { kind: "steps", rows: 4 }, [7]],
  ["software, 1 row, 1 unit", { kind: "softwareSteps", rows: 1, unitsEach: 1 }, [7]],
  ["software, 2 rows, 2 units", { kind: "softwareSteps", rows: 2, unitsEach: 2 }, [130]],
  ["software, 8 rows, 4 units", { kind: "softwareSteps", rows: 8, unitsEach: 4 }, [12]],
  ["software, 2 rows, 8 units", { kind: "softwareSteps", rows: 2, unitsEach: 8 }, [16]],
  ["a step", { kind: "step" }, [1, 7, 130]],
];

/** Few kernels, since SwiftShader compiles slowly: without anything, and with everything. */
function sequences(units: number): Sequence[] {
  const long: Sequence = { name: "over many steps", size: [65, 3, units] };
  return [
    { name: "of one row and step", size: [1, 1, units] },
    { name: "of a block of rows and one more", size: [2, 33, units], reverse: true },
    ...(units === 7 ? [long] : []),
    {
      name: "with lengths and flow",
      size: [4, 5, units],
      lengths: [1, 4, 0, -1, 9],
      flow: true,
    },
    {
      name: "with lengths and flow, in reverse",
      size: [4, 5, units],
      lengths: [1, 4, 0, -1, 9],
      flow: true,
      reverse: true,
    },
  ];
}

/** 1e-5 is asked for; a step adds about U · 2⁻²⁴, contracted by the gates. */
const TOLERANCE = 2e-6;

describe.each(Object.entries(cells))("%s", (_, check) => {
  it.each(modes)("agrees with the reference in the mode of %s", async (_, mode, sizes) => {
    const lower = recurrentLowerings(target, () => mode);
    for (const of of sizes.flatMap(sequences)) {
      for (const { error } of await check(lower, of)) {
        expect(error, `${of.name}, ${of.size}`).toBeLessThan(TOLERANCE);
      }
    }
  });
});

it.each(modes)("rnn with relu agrees with the reference in the mode of %s", async (_, mode) => {
  const lower = recurrentLowerings(target, () => mode);
  const of: Sequence = { name: "with relu", size: [3, 5, 16] };
  const there = await checkKernel(bench, "rnn", lower.rnn, rnnCase(of, "relu"));
  const back = await checkKernel(bench, "rnnGrad", lower.rnnGrad, rnnGradCase(of, "relu"));
  expect(Math.max(there.error, back.error)).toBeLessThan(TOLERANCE);
});

it("gates saturate at large arguments without NaN", async () => {
  const of: Sequence = { name: "saturated", size: [2, 2, 4], range: [-5000, 5000] };
  const lower = recurrentLowerings({ ...target, isSoftware: true });
  const forward = [
    await checkKernel(bench, "rnn", lower.rnn, rnnCase(of, "tanh")),
    await checkKernel(bench, "lstm", lower.lstm, lstmCase(of)),
    await checkKernel(bench, "gru", lower.gru, gruCase(of)),
  ];
  for (const { error } of forward) expect(error).toBeLessThan(TOLERANCE);
});
