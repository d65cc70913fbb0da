/** What a walk holds of the steps that nobody reads. */
import { describe, expect, it } from "vitest";
import { cpuTraits } from "../../../src/devices/cpu/traits.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import {
  add,
  grad,
  lstm,
  matmul,
  scan,
  slice,
  sum,
  type Tensor,
  tanh,
} from "../../../src/functions.ts";
import { planStep } from "../../../src/runtime/compile.ts";
import type { Plan } from "../../../src/scheduler/plan.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { checkPlan } from "../../support/check-plan.ts";

const [B, I, H] = [32, 64, 128];
const STATE_BYTES = B * H * 4;
const devices = { cpu: cpuTraits, webgpu: webgpuTraits() };

type Step = (...given: Tensor[]) => Tensor | readonly Tensor[];
const planOf = (fn: Step, shapes: readonly Shape[], traits: (typeof devices)["cpu"]): Plan => {
  const types = shapes.map((shape) => ({ dtype: "f32" as const, shape }));
  const plan = planStep(fn, types, traits);
  expect(checkPlan(plan)).toEqual([]);
  return plan;
};
const walksOf = ({ steps }: Plan) => steps.filter(({ label }) => label === "recurrence").length;

const simple = (...[h, x, w, u]: Tensor[]) =>
  scan(
    (c: Tensor, at: Tensor) => {
      const next = tanh(add(matmul(at, w as Tensor), matmul(c, u as Tensor)));
      return { carry: next, y: next };
    },
    h as Tensor,
    x as Tensor,
  );
const simpleShapes = (steps: number): Shape[] => [
  [B, H],
  [steps, B, I],
  [I, H],
  [H, H],
];

describe.each(Object.entries(devices))("a walk on %s", (_, traits) => {
  it("holds the states of two parts where the last one alone is read, however long it is", () => {
    const last: Step = (...given) => simple(...given).carry;
    const peak = (steps: number) => planOf(last, simpleShapes(steps), traits).memory.peakBytes;
    // States, and x·W, of parts of 32 steps; what the whole walk held were 2,001 of both.
    expect(peak(1000)).toBeLessThan(3 * 33 * STATE_BYTES);
    expect(peak(1000)).toBe(peak(512));
    expect(walksOf(planOf(last, simpleShapes(1000), traits))).toBe(32);
  });

  it("does so for a state that is sliced from all steps", () => {
    const shapes = [
      [1000, B, I],
      [I, H, 4],
      [H, H, 4],
      [H, 4],
    ];
    const last: Step = (...[x, input, recurrent, bias]) => {
      const weights = { input, recurrent, bias } as Parameters<typeof lstm>[1];
      return slice(lstm(x as Tensor, weights).y, [999, 0, 0], [1, -1, -1]);
    };
    // Two states and four gates of a step.
    expect(planOf(last, shapes, traits).memory.peakBytes).toBeLessThan(4 * 33 * 6 * STATE_BYTES);
  });

  it("is whole where more than the last state is read, where it is differentiated, and where it is short", () => {
    const whole: Record<string, [Step, Shape[]]> = {
      "all steps": [(...given) => simple(...given).ys, simpleShapes(200)],
      "the last and one more": [
        (...given) => {
          const { carry, ys } = simple(...given);
          return [carry, slice(ys, [3, 0, 0], [1, B, H])];
        },
        simpleShapes(200),
      ],
      gradient: [
        (...given) => grad((...all) => sum(simple(...all).carry), ...given),
        simpleShapes(200),
      ],
      short: [(...given) => simple(...given).carry, simpleShapes(127)],
    };
    for (const [fn, shapes] of Object.values(whole))
      expect(walksOf(planOf(fn, shapes, traits))).toBeLessThanOrEqual(2);
  });
});
