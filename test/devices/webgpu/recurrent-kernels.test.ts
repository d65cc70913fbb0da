/** Every mode of the recurrent kernels, forced, against the reference in float64. */
import { beforeAll, describe, expect, it } from "vitest";
import { recurrentLowerings } from "../../../src/devices/webgpu/lowering/recurrent.ts";
import type { RecurrentMode } from "../../../src/devices/webgpu/lowering/recurrent-mode.ts";
import { DEFAULT_LIMITS } from "../../../src/devices/webgpu/target.ts";
import type { Case } from "../../cases/case.ts";
import { checkKernel, openBench } from "../../support/check-kernel.ts";
import type { Bench } from "../../support/run-calls.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});

interface Walk {
  readonly size: readonly [steps: number, batch: number, units: number];
  readonly reverse?: boolean;
  readonly flow?: boolean;
  /** Of the first rows; the others live for all steps. */
  readonly lengths?: readonly number[];
}

function common({ size: [steps, batch], reverse = false, flow = false, lengths }: Walk) {
  const values = Array.from({ length: batch }, (_, row) => lengths?.[row] ?? steps);
  return {
    lengths: lengths && { shape: [batch], dtype: "i32" as const, values },
    attrs: { reverse, flow },
  };
}

function lstm(walk: Walk): Case<"lstm"> {
  const [steps, batch, units] = walk.size;
  const { lengths, attrs } = common(walk);
  return {
    name: "lstm",
    ins: {
      projected: { shape: [steps, batch, units, 4], range: [-3, 3] },
      recurrent: { shape: [units, units, 4], range: [-0.3, 0.3] },
      h0: { shape: [batch, units] },
      c0: { shape: [batch, units] },
      lengths,
    },
    attrs,
  };
}

function lstmGrad(walk: Walk, hasCells: boolean): Case<"lstmGrad"> {
  const [steps, batch, units] = walk.size;
  const { lengths, attrs } = common(walk);
  const sequence = [steps, batch, units];
  const bound = 1 / Math.sqrt(units);
  return {
    name: "lstmGrad",
    ins: {
      recurrent: { shape: [units, units, 4], range: [-bound, bound] },
      cells: { shape: [steps + 1, batch, units] },
      gates: { shape: [...sequence, 4], range: [0, 1] },
      gY: { shape: sequence },
      gCells: hasCells ? { shape: sequence } : undefined,
      lengths,
    },
    attrs,
  };
}

const modes: readonly (readonly [name: string, mode: RecurrentMode, units: readonly number[]])[] = [
  ["all steps, 1 row", { kind: "steps", rows: 1 }, [1, 7, 130]],
  ["all steps, 2 rows", { kind: "steps", rows: 2 }, [7, 16]],
  ["all steps, 4 rows", { kind: "steps", rows: 4 }, [7, 64]],
  ["software, 1 row, 1 unit", { kind: "softwareSteps", rows: 1, unitsEach: 1 }, [1, 7]],
  ["software, 2 rows, 2 units", { kind: "softwareSteps", rows: 2, unitsEach: 2 }, [130]],
  ["software, 8 rows, 4 units", { kind: "softwareSteps", rows: 8, unitsEach: 4 }, [12]],
  ["a step", { kind: "step" }, [1, 7, 130]],
];

/** One row and one step; a block of rows and one more; walks with everything in either direction. */
function walks(units: number): Walk[] {
  const lengths = [1, 4, 0, -1, 9];
  return [
    { size: [1, 1, units] },
    { size: [2, 33, units], reverse: true },
    { size: [5, 3, units], flow: true },
    { size: [4, 6, units], lengths },
    { size: [4, 6, units], lengths, reverse: true, flow: true },
  ];
}

/** RELIABILITY.md asks for 1e-5; a step adds about U · 2⁻²⁴, contracted by the gates. */
const TOLERANCE = 2e-6;
const target = { isSoftware: false, limits: DEFAULT_LIMITS };

describe("recurrent kernels", () => {
  it.each(modes)("lstm in the mode %s agrees with the reference", async (_, mode, sizes) => {
    const lower = recurrentLowerings(target, () => mode);
    for (const walk of sizes.flatMap(walks)) {
      const there = await checkKernel(bench, "lstm", lower.lstm, lstm(walk));
      expect(there.error, `forward ${JSON.stringify(walk)}`).toBeLessThan(TOLERANCE);
      for (const hasCells of [false, true]) {
        const of = lstmGrad(walk, hasCells);
        const back = await checkKernel(bench, "lstmGrad", lower.lstmGrad, of);
        expect(back.error, `backward ${JSON.stringify(walk)}`).toBeLessThan(TOLERANCE);
      }
    }
  });
});
