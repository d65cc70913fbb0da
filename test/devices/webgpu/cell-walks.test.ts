/** Every mode of the walks, forced, for every cell that they take, against the reference in float64. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RecurrentMode } from "../../../src/devices/webgpu/lowering/recurrent-mode.ts";
import { cellWalks } from "../../../src/devices/webgpu/lowering/walk/index.ts";
import { bodyOfCell } from "../../../src/graph/cell-body.ts";
import { cell } from "../../../src/ops/cells/cell.ts";
import { gru } from "../../../src/ops/cells/gru.ts";
import { lstm } from "../../../src/ops/cells/lstm.ts";
import { minGru } from "../../../src/ops/cells/min-gru.ts";
import { minimalGatedUnit } from "../../../src/ops/cells/minimal-gated-unit.ts";
import { peepholeLstm } from "../../../src/ops/cells/peephole-lstm.ts";
import { resetBeforeGru } from "../../../src/ops/cells/reset-before-gru.ts";
import { rnn } from "../../../src/ops/cells/rnn.ts";
import { slstm } from "../../../src/ops/cells/slstm.ts";
import type { Value } from "../../../src/ops/op.ts";
import type { Sequence } from "../../cases/walks.ts";
import { walkCase, walkGradCase } from "../../cases/walks.ts";
import { type HardwareKernels, openHardwareKernels } from "../../support/hardware-kernels.ts";
import { plannedError } from "../../support/planned-error.ts";

/** Five sums, one of them without an input, and an input without a sum; two numbers on the tape. */
const odd = cell({
  name: "odd",
  states: ["h", "c"],
  inputs: ["a", "b", "c", "d", "lone"],
  sums: ["a", "b", "c", "d", "more"],
  vectors: ["peephole"],
  step(m, { a, b, c, d, lone, more }, before, { peephole }) {
    const gate = m.sigmoid(m.add(a, m.mul(peephole, before.c)));
    const next = m.add(m.mul(gate, before.c), m.mul(m.tanh(m.add(b, more)), m.sigmoid(lone)));
    return { h: m.mul(m.tanh(m.mul(c, next)), m.sigmoid(m.add(d, lone))), c: next };
  },
});

/** Two sums: vectors of two. A state that only looks on, and a number that is not finite. */
const pair = cell({
  name: "pair",
  states: ["h", "most"],
  sums: ["gate", "candidate"],
  step(m, { gate, candidate }, { h, most }) {
    const z = m.sigmoid(gate);
    const next = m.add(m.mul(m.sub(1, z), h), m.mul(z, m.tanh(candidate)));
    return { h: next, most: m.max(m.min(most, Number.POSITIVE_INFINITY), next) };
  },
});

/** Five sums of a first product, two of a second one, a vector and an input that only what that multiplies reads; two states. */
const twice = cell({
  name: "twice",
  states: ["h", "c"],
  inputs: ["a", "b", "d", "late", "lone"],
  sums: ["a", "b", "d", "e", "f"],
  between: {
    sums: ["late", "later"],
    of: (m, { a, e, lone }, { h, c }, { peephole }) =>
      m.mul(m.sigmoid(m.add(a, m.mul(peephole, c))), m.add(h, m.tanh(m.add(e, lone)))),
  },
  vectors: ["peephole"],
  step(m, { a, b, d, f, late, later }, before, { peephole }) {
    const gate = m.sigmoid(m.add(b, m.mul(peephole, before.c)));
    const next = m.add(m.mul(gate, before.c), m.mul(m.tanh(m.add(late, a)), m.sigmoid(d)));
    return { h: m.mul(m.tanh(m.add(next, later)), m.sigmoid(m.add(f, before.h))), c: next };
  },
});

const cells = [
  rnn.tanh,
  lstm,
  gru,
  peepholeLstm,
  slstm,
  odd,
  pair,
  resetBeforeGru,
  minimalGatedUnit,
  twice,
];

const modes: readonly (readonly [name: string, mode: RecurrentMode, units: readonly number[]])[] = [
  [
    "all steps, 1 row",
    { kind: "steps", rows: 1, slices: 2, each: 1, kept: 1, held: 1, unroll: 2 },
    [7],
  ],
  [
    "all steps, 4 rows, 2 units",
    { kind: "steps", rows: 4, slices: 4, each: 2, kept: 1, held: 0, unroll: 1 },
    [8],
  ],
  [
    "all steps, weights from the cache",
    { kind: "steps", rows: 2, slices: 1, each: 1, kept: 0, held: 0, unroll: 2 },
    [8],
  ],
  ["software, 1 row, 1 unit", { kind: "softwareSteps", rows: 1, unitsEach: 1 }, [7]],
  ["software, 2 rows, 4 units", { kind: "softwareSteps", rows: 2, unitsEach: 4 }, [8]],
  [
    "a step",
    { kind: "step", across: 4, each: 2, groups: 1, slices: 4, depth: 8, unroll: 1 },
    [7, 33],
  ],
  [
    "a step, many cells an invocation",
    { kind: "step", across: 2, each: 1, groups: 2, slices: 2, depth: 4, unroll: 2 },
    [8],
  ],
];

/** Few kernels, since SwiftShader compiles slowly: without anything, and with everything. */
function sequences(units: number): Sequence[] {
  const all = { lengths: [1, 4, 0, 9, 3], flow: true, reverse: true };
  return [
    { name: "alone", size: [3, 2, units] },
    { name: "with everything", size: [4, 5, units], ...all },
  ];
}

/** A step adds about U · 2⁻²⁴ to a sum, and a few ulp of each function; exponentials of sums make more of it. */
const TOLERANCE = 5e-6;

async function check(device: HardwareKernels["device"], of: (typeof cells)[number], s: Sequence) {
  const body = bodyOfCell(of);
  const watched = s.flow ? body.states.map((_, place) => place) : [0];
  const walk = { name: `${body.name} ${s.name}, ${s.size}`, cell: body, sequence: s, watched };
  const there = await plannedError(device, "recurrence", walkCase(walk));
  const back = await plannedError(device, "recurrenceGrad", walkGradCase(walk));
  expect(there.kernels, walk.name).toContain("recurrent/walk");
  expect(back.kernels, walk.name).toContain("recurrent/walk_grad");
  expect(there.error, walk.name).toBeLessThan(TOLERANCE);
  expect(back.error, walk.name).toBeLessThan(TOLERANCE);
}

describe.each(modes)("in the mode of %s", (_, mode, sizes) => {
  let kernels: HardwareKernels;
  beforeAll(async () => {
    kernels = await openHardwareKernels({
      instead: (target) => ({ walks: cellWalks(target, () => mode) }),
    });
  });
  afterAll(() => kernels.close());

  it.each(cells)("$name and its gradient agree with the reference", async (of) => {
    for (const sequence of sizes.flatMap(sequences)) await check(kernels.device, of, sequence);
  });
});

describe("with twelve sums", () => {
  let kernels: HardwareKernels;
  beforeAll(async () => {
    kernels = await openHardwareKernels();
  });
  afterAll(() => kernels.close());

  it("a dispatch a step, and all steps, agree with the reference", async () => {
    const sums = Array.from({ length: 12 }, (_, i) => `s${i}`);
    const wide = cell({
      name: "wide",
      states: ["h"],
      sums,
      step: (m, x) => ({
        h: m.tanh(
          sums.map((name, i) => m.mul(x[name] as Value, i / 12)).reduce((a, b) => m.add(a, b)),
        ),
      }),
    });
    for (const units of [8, 257])
      await check(kernels.device, wide, { name: "alone", size: [2, 2, units] });
  });
});

describe("where a step has no product", () => {
  let kernels: HardwareKernels;
  beforeAll(async () => {
    kernels = await openHardwareKernels();
  });
  afterAll(() => kernels.close());

  it("each unit walks alone, of any number of them", async () => {
    for (const sequence of [1, 7, 300].flatMap(sequences))
      await check(kernels.device, minGru, sequence);
    const deaf = cell({
      name: "deaf",
      states: ["h"],
      inputs: ["x"],
      sums: [],
      step: (m, _, { h }) => ({ h: m.mul(h, 0.5) }),
    });
    for (const sequence of sequences(7)) await check(kernels.device, deaf, sequence);
  });
});
