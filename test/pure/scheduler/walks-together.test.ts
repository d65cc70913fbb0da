/** Recurrent layers that a GPU walks together: plans of random networks, what is joined and what is not. */
import { describe, expect, it } from "vitest";
import { cpuTraits } from "../../../src/devices/cpu/traits.ts";
import type { RecurrentMode } from "../../../src/devices/webgpu/lowering/recurrent-mode.ts";
import { cellWalks } from "../../../src/devices/webgpu/lowering/walk/index.ts";
import { DEFAULT_LIMITS } from "../../../src/devices/webgpu/target.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import {
  add,
  cells,
  mul,
  recurrent,
  slice,
  sum,
  type Tensor,
  valueAndGrad,
} from "../../../src/functions.ts";
import { nn } from "../../../src/index.ts";
import { planStep } from "../../../src/runtime/compile.ts";
import { explainPlan } from "../../../src/scheduler/explain.ts";
import type { DeviceTraits } from "../../../src/scheduler/lowering.ts";
import { callsOf, type Plan } from "../../../src/scheduler/plan.ts";
import { schedule } from "../../../src/scheduler/schedule.ts";
import { checkPlan } from "../../support/check-plan.ts";
import { input, wishOf } from "../../support/plans.ts";
import { step as stepMode, steps as stepsMode } from "../../support/recurrent-modes.ts";
import { recurrentStack } from "../../support/recurrent-stacks.ts";
import { requestOf } from "../../support/run-graph.ts";

const target = { isSoftware: false, limits: DEFAULT_LIMITS };
const gpu = webgpuTraits();
const inMode = (mode: RecurrentMode): DeviceTraits => ({
  ...gpu,
  walks: cellWalks(target, () => mode),
});

/** Calls of recurrent kernels, by label. */
function walksIn(plan: Plan): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { label, call } of callsOf(plan.steps))
    if (call.kernel.startsWith("recurrent/")) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}

const planOf = (traits: DeviceTraits, ...outputs: readonly Tensor[]) =>
  schedule(requestOf(wishOf({ outputs })), traits);

describe("plans of random stacks, directions and towers", () => {
  const stacks = Array.from({ length: 30 }, (_, i) => recurrentStack(i + 1));

  it.each([stepMode, stepsMode])("are sound in the mode $kind, and join what can be", (mode) => {
    for (const { name, outputs, steps, together, isStacked, isPlain, isTwice, isChain } of stacks) {
      const plan = planOf(inMode(mode), ...outputs);
      expect(checkPlan(plan), name).toEqual([]);
      if (!isPlain) continue;
      const walks = walksIn(plan);
      const isOneByOne = isStacked && (mode.kind === "steps" || isTwice);
      const forward = isOneByOne ? "recurrence" : `recurrence × ${together}`;
      const last = isStacked ? steps + together - 1 : steps;
      const forwards = Object.keys(walks).filter((label) => !label.includes("Grad"));
      expect(forwards, name).toEqual([forward]);
      const isCounted = mode.kind === "step" && !isTwice;
      if (isCounted) expect((walks[forward] ?? 0) % last, name).toBe(0);
      if (isOneByOne || (isStacked && !isChain)) continue;
      const backward = `recurrenceGrad × ${together}`;
      expect(walks[backward], name).toBeGreaterThan(0);
      if (isCounted) expect((walks[backward] ?? 0) % (last + 1), name).toBe(0);
    }
  });

  it("are one by one on a software adapter and on the cpu", () => {
    for (const traits of [webgpuTraits({ software: true }), cpuTraits])
      for (const { outputs, name } of stacks.slice(0, 12))
        expect(explainPlan(planOf(traits, ...outputs)), name).not.toContain(" × ");
  });
});

describe("on a GPU", () => {
  const [T, B] = [64, 32];
  const step = (layer: nn.RecurrentModule) => {
    const fn = (x: Tensor) => {
      const [loss, gradients] = valueAndGrad(layer.parameters(), () => sum(layer(x)));
      return [loss, ...gradients.values()];
    };
    return planStep(fn as never, [{ dtype: "f32", shape: [T, B, 32] }], gpu);
  };

  it("two lstm layers of 512 units are T + 1 dispatches, and T + 2 backwards", () => {
    const plan = step(nn.lstm(32, 512, { layers: 2 }));
    expect(walksIn(plan)).toEqual({ "recurrence × 2": T + 1, "recurrenceGrad × 2": T + 2 });
    const why = "2 layers of lstm in one walk, each a step behind the one that it waits for";
    expect(explainPlan(plan)).toContain(why);
  });

  it("both directions of a layer are one dispatch each way, or one a step", () => {
    const both = { "recurrence × 2": 1, "recurrenceGrad × 2": 1 };
    expect(walksIn(step(nn.gru(32, 128, { bidirectional: true })))).toEqual(both);
    const large = walksIn(step(nn.gru(32, 512, { bidirectional: true })));
    expect(large).toEqual({ "recurrence × 2": T, "recurrenceGrad × 2": T + 1 });
  });

  it("layers of different cells, sizes and lengths are walked one by one", () => {
    const one = (units: number) => nn.lstm(16, units)(input(`x ${units}`, [T, B, 16]));
    const other = nn.gru(16, 512)(input("x", [T, B, 16]));
    const plan = planOf(gpu, one(512), one(300), other);
    expect(Object.keys(walksIn(plan))).toEqual(["recurrence"]);
  });

  it("a layer that begins with what the one below ends with waits for all of it", () => {
    const { rnn } = cells;
    const x = input("x", [4, 2, 8]);
    const weights = (name: string) => ({
      input: input(`${name} W`, [8, 8, 1]),
      recurrent: input(`${name} R`, [8, 8, 1]),
      bias: input(`${name} b`, [8, 1]),
    });
    const below = recurrent(rnn.tanh, x, weights("below"));
    const above = recurrent(rnn.tanh, below.y, weights("above"), below.state);
    expect(walksIn(planOf(inMode(stepMode), above.y))).toEqual({ recurrence: 8 });
  });

  it("what is computed of the states of a layer below is computed as ever", () => {
    const { rnn } = cells;
    const x = input("x", [4, 2, 8]);
    const weights = (name: string) => ({
      input: input(`${name} W`, [8, 8, 1]),
      recurrent: input(`${name} R`, [8, 8, 1]),
      bias: input(`${name} b`, [8, 1]),
    });
    const below = recurrent(rnn.tanh, x, weights("below"));
    const doubled = mul(below.y, 2);
    const above = recurrent(rnn.tanh, below.y, weights("above"), {
      h: slice(input("h", [2, 16]), [0, 8], [2, 8]),
    });
    const plan = planOf(inMode(stepMode), above.y, doubled, add(above.y, below.y));
    expect(checkPlan(plan)).toEqual([]);
    expect(walksIn(plan)).toEqual({ "recurrence × 2": 5 });
  });
});
