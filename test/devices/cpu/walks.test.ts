import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CpuOptions, openCpuDevice } from "../../../src/devices/cpu/index.ts";
import { cpuTraits } from "../../../src/devices/cpu/traits.ts";
import type { Device } from "../../../src/devices/device.ts";
import { bodyOfCell } from "../../../src/graph/cell-body.ts";
import { type Cell, cell } from "../../../src/ops/cells/cell.ts";
import { gru } from "../../../src/ops/cells/gru.ts";
import { lstm } from "../../../src/ops/cells/lstm.ts";
import { minGru } from "../../../src/ops/cells/min-gru.ts";
import { peepholeLstm } from "../../../src/ops/cells/peephole-lstm.ts";
import { resetBeforeGru } from "../../../src/ops/cells/reset-before-gru.ts";
import { rnn } from "../../../src/ops/cells/rnn.ts";
import { slstm } from "../../../src/ops/cells/slstm.ts";
import type { WalkOp } from "../../../src/ops/vocabulary.ts";
import { callsOf } from "../../../src/scheduler/plan.ts";
import type { Case } from "../../cases/case.ts";
import type { Sequence } from "../../cases/walks.ts";
import { walkCase, walkGradCase } from "../../cases/walks.ts";
import { caseOutputs } from "../../support/case-outputs.ts";
import { checkCase } from "../../support/conformance.ts";
import { plannedCase } from "../../support/lowered-calls.ts";
import { randomWalks } from "../../support/random-cell.ts";

/** The first shares nothing with anybody: what the others must agree with. */
const forms: readonly CpuOptions[] = [
  { threads: 1 },
  { threads: 2, parallelBytes: 0 },
  { threads: 3, parallelBytes: 0 },
  { shared: false },
];
let devices: Device[];
beforeAll(async () => {
  devices = await Promise.all(forms.map((options) => openCpuDevice(options)));
});
afterAll(async () => {
  for (const device of devices) await device.close();
});

const cells = [rnn.tanh, lstm, gru, peepholeLstm, resetBeforeGru, minGru, slstm];

function casesOf(own: Cell, sequence: Sequence) {
  const body = bodyOfCell(own);
  const described = {
    name: `${own.name} ${sequence.name}`,
    cell: body,
    sequence,
    watched: body.states.map((_, s) => s),
  };
  return { walk: walkCase(described), gradient: walkGradCase(described) };
}

describe("a cell's walk on the cpu device", () => {
  const size = [3, 4, 8] as const;
  const few = cell({
    name: "seventeen",
    states: ["h"],
    inputs: Array.from({ length: 17 }, (_, i) => `x${i}`),
    sums: ["x0"],
    step: (m, { x0, x16 = 0 }) => ({ h: m.tanh(m.add(x0 ?? 0, x16)) }),
  });

  it.each(cells.map((own) => [own.name, own] as const))(
    "%s takes one call for all steps, and one for each part of its matrix where it has two products",
    (_, own) => {
      const { walk, gradient } = casesOf(own, { name: "", size });
      const kernelsOf = <K extends WalkOp>(op: K, of: Case<K>) =>
        callsOf(plannedCase(cpuTraits, op, of).steps)
          .map(({ call }) => call.kernel)
          .filter((kernel) => kernel !== "copy");
      const expected = own.between === undefined ? ["walk"] : ["gather", "gather", "walk"];
      expect(kernelsOf("recurrence", walk)).toEqual(expected);
      expect(kernelsOf("recurrenceGrad", gradient)).toEqual(expected);
    },
  );

  it("is a loop for a cell with more numbers a unit than may be read behind a tensor", async () => {
    const { walk } = casesOf(few, { name: "", size });
    const { steps } = plannedCase(cpuTraits, "recurrence", walk);
    expect(steps.some(({ kind }) => kind === "loop")).toBe(true);
    for (const device of devices) expect(await checkCase(device, "recurrence", walk)).toEqual([]);
  });
});

/** Units are shared below 4 rows a thread, rows above; 13 and 21 units fill no panel, 64 and 40 do. */
const sizes: readonly (readonly [T: number, B: number, U: number])[] = [
  [4, 1, 13],
  [3, 2, 64],
  [5, 7, 21],
  [4, 9, 40],
  [3, 13, 21],
  [2, 29, 8],
];

describe.each(sizes)("walks over %i steps, %i rows and %i units", (T, B, U) => {
  const lengths = Array.from({ length: B }, (_, b) => ((b * 5) % (T + 3)) - 1);

  it.each(cells.map((own) => [own.name, own] as const))(
    "of %s give the same bits with any number of threads",
    async (_, own) => {
      for (const reverse of [false, true]) {
        const sequence = { name: "", size: [T, B, U] as const, reverse, flow: true, lengths };
        const { walk, gradient } = casesOf(own, sequence);
        const bits = await Promise.all(
          devices.map(async (device) => {
            const outs = [
              ...(await caseOutputs(device, "recurrence", walk)),
              ...(await caseOutputs(device, "recurrenceGrad", gradient)),
            ];
            return outs.flatMap(({ buffer }) => [...new Int32Array(buffer)]);
          }),
        );
        const [alone = [], ...others] = bits;
        expect(alone.length).toBeGreaterThan(B * U);
        for (const own of others) expect(own.every((word, i) => word === alone[i])).toBe(true);
      }
    },
  );
});

describe("gradients on their way back", () => {
  const [T, B, U] = [6, 5, 8] as const;

  /** Every output of the gradients, given `value` as the gradient of the last step's state. */
  async function gradientsOf(value: number): Promise<number[]> {
    const values = new Array<number>(T * B * U).fill(0).fill(value, (T - 1) * B * U);
    const all: number[] = [];
    for (const own of [rnn.tanh, lstm, gru]) {
      const { gradient } = casesOf(own, { name: "", size: [T, B, U], flow: true });
      const gStates = gradient.ins.gStates.map((spec, s) =>
        s === 0 ? { ...spec, values } : { ...spec, values: values.map(() => 0) },
      );
      const of = { ...gradient, ins: { ...gradient.ins, gStates } };
      const [device] = devices as [Device];
      for (const out of await caseOutputs(device, "recurrenceGrad", of)) all.push(...out);
    }
    return all;
  }

  it("become 0 below 2^-96 rather than subnormal numbers", async () => {
    const gradients = await gradientsOf(1e-24);
    expect(gradients.some((x) => Math.abs(x) > 1e-25)).toBe(true);
    expect(gradients.filter((x) => x !== 0 && Math.abs(x) < 2 ** -126)).toEqual([]);
    expect((await gradientsOf(1e-30)).every((x) => x === 0)).toBe(true);
  });

  it("stay NaN where they are", async () => {
    const gradients = await gradientsOf(Number.NaN);
    expect(gradients.some((x) => Number.isNaN(x))).toBe(true);
  });
});

describe("random cells", () => {
  /** `npm run fuzz:cells` walks as many as one likes. */
  const COUNT = 30;

  it.each([0, 1, 3])(
    "have the values and gradients of their loops in float64, on form %i of the device",
    async (form) => {
      const failures: string[] = [];
      const [device] = devices.slice(form) as [Device];
      for (let seed = 1 + form * COUNT; seed <= (form + 1) * COUNT; seed++) {
        const { walk, gradient } = randomWalks(seed);
        const wrong = [
          ...(await checkCase(device, "recurrence", walk)),
          ...(await checkCase(device, "recurrenceGrad", gradient)),
        ];
        for (const one of wrong) failures.push(`seed ${seed}: ${one}`);
      }
      expect(failures).toEqual([]);
    },
  );
});
