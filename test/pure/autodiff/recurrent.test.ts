import { describe, expect, it } from "vitest";
import { cpuTraits } from "../../../src/devices/cpu/traits.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import { add, grad, mul, sum, type Tensor, tensor } from "../../../src/functions.ts";
import { nextNodeId } from "../../../src/graph/graph.ts";
import { planStep } from "../../../src/runtime/compile.ts";
import type { Plan } from "../../../src/scheduler/plan.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { drawTensor, keyFrom, toHost } from "../../support/case-data.ts";
import { checkPlan } from "../../support/check-plan.ts";
import { evaluateTensor } from "../../support/evaluate-tensor.ts";
import { gradientInputs, gradientLoss, sequenceCells } from "../../support/gradient-loss.ts";
import { input } from "../../support/plans.ts";

const draw = (shape: Shape, name: string) =>
  tensor(toHost(drawTensor({ dtype: "f32", shape }, keyFrom(name))).data, shape);

describe.each(sequenceCells)("the gradient of a gradient of %s", (cell) => {
  const second = (...inputs: Tensor[]) => grad((...given) => gradientLoss(cell, given), ...inputs);

  it("agrees with central differences in float64, for every input", () => {
    const shapes = gradientInputs(cell, 4);
    const inputs = shapes.map((shape, i) => draw(shape, `${cell} input ${i}`));
    const directions = shapes.map((shape, i) => draw(shape, `${cell} direction ${i}`));
    second(...inputs).forEach((slope, i) => {
      const direction = directions[i] as Tensor;
      // The step is a literal, which the reference holds in float64.
      const at = (step: number) => {
        const moved = inputs.map((own, j) => (j === i ? add(own, mul(direction, step)) : own));
        return evaluateTensor(gradientLoss(cell, moved))[0] ?? 0;
      };
      const expected = (at(1e-5) - at(-1e-5)) / 2e-5;
      const actual = evaluateTensor(sum(mul(slope, direction)))[0] ?? 0;
      expect(Math.abs(actual)).toBeGreaterThan(1e-3);
      // The bound of test/support/differences.ts: the step squared times a third derivative, and rounding.
      expect(Math.abs(expected - actual)).toBeLessThanOrEqual(1e-6 * Math.abs(actual) + 1e-9);
    });
  });

  it("is made of as many nodes for 500 steps as for 5", () => {
    const nodesFor = (steps: number) => {
      const inputs = gradientInputs(cell, steps).map((shape, i) => input(`${i}`, shape));
      const first = nextNodeId();
      second(...inputs);
      return nextNodeId() - first;
    };
    expect(nodesFor(500)).toBe(nodesFor(5));
  });

  it.each([
    ["cpu", cpuTraits],
    ["webgpu", webgpuTraits()],
  ])("has a plan on %s that does not grow with the steps", (_, traits) => {
    const planFor = (steps: number) =>
      planStep(
        second,
        gradientInputs(cell, steps).map((shape) => ({ dtype: "f32", shape })),
        traits,
      );
    const labels = ({ steps }: Plan) => steps.map(({ label }) => label);
    // Behind the loops work is joined or not by its size: a few steps more or less, but not one for each of thousands.
    const [plan, longer] = [planFor(1000), planFor(8000)];
    expect(checkPlan(longer)).toEqual([]);
    expect(Math.abs(labels(longer).length - labels(plan).length)).toBeLessThanOrEqual(4);
  });
});
