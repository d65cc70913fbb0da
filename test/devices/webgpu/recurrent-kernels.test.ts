/** Both modes of the LSTM kernels, forced, against the reference in float64. */
import { beforeAll, describe, expect, it } from "vitest";
import {
  type RecurrentMode,
  recurrentLowerings,
} from "../../../src/devices/webgpu/lowering/recurrent.ts";
import { DEFAULT_LIMITS } from "../../../src/devices/webgpu/target.ts";
import type { Case } from "../../cases/case.ts";
import { checkKernel, openBench } from "../../support/check-kernel.ts";
import type { Bench } from "../../support/run-calls.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});

function forward(steps: number, batch: number, units: number): Case<"lstm"> {
  return {
    name: "forward",
    ins: {
      projected: { shape: [steps, batch, units, 4], range: [-3, 3] },
      recurrent: { shape: [units, units, 4], range: [-0.3, 0.3] },
      h0: { shape: [batch, units] },
      c0: { shape: [batch, units] },
    },
    attrs: {},
  };
}

function backward(
  steps: number,
  batch: number,
  units: number,
  hasCells: boolean,
): Case<"lstmGrad"> {
  const sequence = [steps, batch, units];
  return {
    name: "backward",
    ins: {
      recurrent: { shape: [units, units, 4], range: [-0.3, 0.3] },
      c0: { shape: [batch, units] },
      cells: { shape: sequence },
      gates: { shape: [...sequence, 4], range: [0, 1] },
      gY: { shape: sequence },
      gCells: hasCells ? { shape: sequence } : undefined,
    },
    attrs: {},
  };
}

const modes: readonly (readonly [name: string, mode: RecurrentMode, units: readonly number[]])[] = [
  ["mode B, 1 row, 1 unit", { kind: "steps", rows: 1, unitsEach: 1 }, [1, 17, 33]],
  ["mode B, 2 rows, 1 unit", { kind: "steps", rows: 2, unitsEach: 1 }, [3, 16]],
  ["mode B, 4 rows, 1 unit", { kind: "steps", rows: 4, unitsEach: 1 }, [17, 64]],
  ["mode B, 4 rows, 2 units", { kind: "steps", rows: 4, unitsEach: 2 }, [18]],
  ["mode B, 8 rows, 4 units", { kind: "steps", rows: 8, unitsEach: 4 }, [12, 64]],
  ["mode B, 1 row, 4 units", { kind: "steps", rows: 1, unitsEach: 4 }, [12]],
  ["mode A", { kind: "step" }, [1, 17, 33, 65]],
];
/** RELIABILITY.md asks for 1e-5; a step adds about U · 2⁻²⁴, contracted by the gates. */
const TOLERANCE = 2e-6;

describe("lstm kernels", () => {
  for (const isSoftware of [true, false]) {
    const target = { isSoftware, limits: DEFAULT_LIMITS };
    it.each(modes)(
      `%s agrees with the reference, software ${isSoftware}`,
      async (_, mode, sizes) => {
        const lower = recurrentLowerings(target, () => mode);
        for (const units of sizes) {
          for (const [steps, batch] of [
            [1, 1],
            [5, 3],
            [4, 33],
          ] as const) {
            const { error } = await checkKernel(
              bench,
              "lstm",
              lower.lstm,
              forward(steps, batch, units),
            );
            expect(error).toBeLessThan(TOLERANCE);
            for (const hasCells of [false, true]) {
              const of = backward(steps, batch, units, hasCells);
              const outcome = await checkKernel(bench, "lstmGrad", lower.lstmGrad, of);
              expect(outcome.error).toBeLessThan(TOLERANCE);
            }
          }
        }
      },
    );
  }

  it("dispatches do not grow with the number of steps in mode B, and by one a step in mode A", async () => {
    const target = { isSoftware: false, limits: DEFAULT_LIMITS };
    for (const [units, growth] of [
      [16, 0],
      [257, 1],
    ] as const) {
      const lower = recurrentLowerings(target);
      const count = async (steps: number) => {
        const there = await checkKernel(bench, "lstm", lower.lstm, forward(steps, 2, units));
        const back = await checkKernel(
          bench,
          "lstmGrad",
          lower.lstmGrad,
          backward(steps, 2, units, false),
        );
        expect(Math.max(there.error, back.error)).toBeLessThan(TOLERANCE);
        return [there.calls.length, back.calls.length] as const;
      };
      const few = await count(2);
      const many = await count(5);
      expect(many[0] - few[0]).toBe(3 * growth);
      expect(many[1] - few[1]).toBe(3 * growth);
      if (growth === 0) expect(many).toEqual([1, 2]);
    }
  });

  it("gates saturate at large arguments without NaN", async () => {
    const lower = recurrentLowerings({ isSoftware: true, limits: DEFAULT_LIMITS });
    const { ins, ...rest } = forward(2, 2, 4);
    const of = {
      ...rest,
      ins: { ...ins, projected: { shape: [2, 2, 4, 4], range: [-5000, 5000] as const } },
    };
    const { error } = await checkKernel(bench, "lstm", lower.lstm, of);
    expect(error).toBeLessThan(TOLERANCE);
  });
});
