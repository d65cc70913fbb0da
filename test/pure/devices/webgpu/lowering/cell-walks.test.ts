/** What walks of cells are lowered to: how many dispatches, of how many buffers, and of which pipelines. */
import { describe, expect, it } from "vitest";
import { DEFAULT_LIMITS } from "../../../../../src/devices/webgpu/target.ts";
import { webgpuTraits } from "../../../../../src/devices/webgpu/traits.ts";
import { bodyOfCell } from "../../../../../src/graph/cell-body.ts";
import { type Cell, cell } from "../../../../../src/ops/cells/cell.ts";
import { gru } from "../../../../../src/ops/cells/gru.ts";
import { lstm } from "../../../../../src/ops/cells/lstm.ts";
import { minGru } from "../../../../../src/ops/cells/min-gru.ts";
import { minimalGatedUnit } from "../../../../../src/ops/cells/minimal-gated-unit.ts";
import { peepholeLstm } from "../../../../../src/ops/cells/peephole-lstm.ts";
import { resetBeforeGru } from "../../../../../src/ops/cells/reset-before-gru.ts";
import { rnn } from "../../../../../src/ops/cells/rnn.ts";
import { slstm } from "../../../../../src/ops/cells/slstm.ts";
import type { Value } from "../../../../../src/ops/op.ts";
import { isFallback, type KernelCall } from "../../../../../src/scheduler/lowering.ts";
import { callsOf } from "../../../../../src/scheduler/plan.ts";
import type { Sequence } from "../../../../cases/walks.ts";
import { walkCase, walkGradCase } from "../../../../cases/walks.ts";
import { checkPlan } from "../../../../support/check-plan.ts";
import { plannedCase } from "../../../../support/lowered-calls.ts";

/** All that a walk may have to bind: a lone input, a sum without one, a vector with a gradient of its own. */
const everything = cell({
  name: "everything",
  states: ["h"],
  inputs: ["a", "lone", "other"],
  sums: ["a", "more"],
  vectors: ["p"],
  step: (m, { a, lone, other, more }, { h }, { p }) => ({
    h: m.mul(m.tanh(m.add(a, m.mul(p, h))), m.sigmoid(m.add(m.mul(lone, other), more))),
  }),
});

/** The calls of a walk and of its gradient. */
function walks(of: Cell, sequence: Sequence, traits = webgpuTraits()): KernelCall[][] {
  const body = bodyOfCell(of);
  const watched = sequence.flow ? body.states.map((_, s) => s) : [0];
  const walk = { name: of.name, cell: body, sequence, watched };
  const plans = [
    plannedCase(traits, "recurrence", walkCase(walk)),
    plannedCase(traits, "recurrenceGrad", walkGradCase(walk)),
  ];
  return plans.map((plan) => {
    expect(checkPlan(plan)).toEqual([]);
    return callsOf(plan.steps).flatMap(({ call }) =>
      !isFallback(call) && call.kernel.startsWith("recurrent/") ? [call] : [],
    );
  });
}

const lengths = [1, 2, 0];

describe.each([rnn.relu, lstm, gru, peepholeLstm, slstm])("$name", (of) => {
  const { name } = of;

  it("is one dispatch for few units, however many steps", () => {
    for (const steps of [1, 65])
      expect(walks(of, { name, size: [steps, 2, 16] }).map((calls) => calls.length)).toEqual([
        1, 1,
      ]);
  });

  it("is a dispatch a step for many units, and one more backwards", () => {
    expect(walks(of, { name, size: [5, 2, 257] }).map((calls) => calls.length)).toEqual([5, 6]);
  });

  it("binds 8 buffers at most, with lengths and the gradient of every state", () => {
    for (const units of [16, 257]) {
      const all = walks(of, { name, size: [2, 3, units], lengths, flow: true }).flat();
      expect(Math.max(...all.map(({ operands }) => operands.length))).toBeLessThanOrEqual(8);
    }
  });

  it("shares its pipelines between numbers of steps and rows, and those of a step between sizes", () => {
    const constants = (size: Sequence["size"]) =>
      walks(of, { name, size }).map(([call]) => call?.constants);
    expect(constants([9, 3, 16])).toEqual(constants([2, 7, 16]));
    expect(constants([3, 5, 384])).toEqual(constants([2, 7, 512]));
  });
});

it("without a product in a step is one dispatch of any number of units", () => {
  for (const units of [1, 300, 70_000]) {
    const calls = walks(minGru, { name: "minGru", size: [3, 2, units] });
    expect(calls.map(({ length }) => length)).toEqual([1, 1]);
  }
});

it("with more tensors than a target has buffers puts vectors beside the weights", () => {
  const sequence: Sequence = { name: "full", size: [2, 3, 16], flow: true };
  const traits = webgpuTraits({
    limits: { ...DEFAULT_LIMITS, maxStorageBuffersPerShaderStage: 7 },
  });
  const counts = (calls: KernelCall[][]) =>
    calls.map((list) => Math.max(0, ...list.map(({ operands }) => operands.length)));
  const [, roomy = 0] = counts(walks(peepholeLstm, { ...sequence, lengths }));
  expect(roomy).toBe(8);
  const [, narrow = 0] = counts(walks(peepholeLstm, { ...sequence, lengths }, traits));
  expect(narrow).toBe(7);
});

it("with a second product is two dispatches a step for many units, and one for few", () => {
  for (const of of [minimalGatedUnit, resetBeforeGru]) {
    const { name } = of;
    const counts = (units: number) =>
      walks(of, { name, size: [5, 2, units], lengths: [3, 5], flow: true }).map(
        ({ length }) => length,
      );
    expect(counts(16)).toEqual([1, 1]);
    expect(counts(257)).toEqual([10, 11]);
  }
});

/** Sums that are added up, `count` of them. */
const wide = (count: number) => {
  const sums = Array.from({ length: count }, (_, i) => `s${i}`);
  return cell({
    name: `wide ${count}`,
    states: ["h"],
    sums,
    step: (m, x) => ({
      h: m.tanh(sums.map((name) => x[name] as Value).reduce((a, b) => m.add(a, b))),
    }),
  });
};

it("is a loop where it cannot be bound, where it has more than 12 sums, or only a second product", () => {
  const full: Sequence = { name: "full", size: [2, 3, 16], flow: true, lengths };
  const narrow = webgpuTraits({
    limits: { ...DEFAULT_LIMITS, maxStorageBuffersPerShaderStage: 6 },
  });
  expect(walks(everything, full, narrow)[1]).toEqual([]);
  expect(walks(everything, full)[0]).not.toEqual([]);
  expect(walks(wide(12), full).map(({ length }) => length)).toEqual([1, 1]);
  expect(walks(wide(13), full)).toEqual([[], []]);
  const late = cell({
    name: "late",
    states: ["h"],
    inputs: ["a"],
    sums: [],
    between: { sums: ["a"], of: (m, _, { h }) => m.square(h) },
    step: (m, { a }) => ({ h: m.tanh(a) }),
  });
  expect(walks(late, full)).toEqual([[], []]);
});
