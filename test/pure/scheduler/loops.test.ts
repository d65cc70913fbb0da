/**
 * Loops that are no recurrent cell's: a step has the dispatches that its groups and products need. Slices and results are
 * read and written where they lie.
 */
import { describe, expect, it } from "vitest";
import { cpuTraits } from "../../../src/devices/cpu/traits.ts";
import { referenceTraits } from "../../../src/devices/reference/device.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import {
  add,
  exp,
  grad,
  matmul,
  mean,
  mul,
  scan,
  sigmoid,
  slice,
  softmax,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  transpose,
} from "../../../src/functions.ts";
import { planStep } from "../../../src/runtime/compile.ts";
import { dispatchesOf } from "../../../src/scheduler/explain.ts";
import { callsOf, type LoopStep, type Plan } from "../../../src/scheduler/plan.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { checkAliasing, checkPlan } from "../../support/check-plan.ts";
import { input, planned } from "../../support/plans.ts";

const [T, B, I, H] = [64, 32, 64, 128];
const webgpu = webgpuTraits();

/** A factor of 1 falls away in a plan; with it a step is none of a recurrent cell's, which would be walked. */
const apart = (h: Tensor) => mul(h, 1);

const simple = (h: Tensor, x: Tensor, w: Tensor, u: Tensor, reverse = false) =>
  scan(
    (c: Tensor, at: Tensor) => {
      const next = tanh(add(matmul(at, w), matmul(apart(c), u)));
      return { carry: next, y: next };
    },
    h,
    x,
    { reverse },
  );

const attention = (h: Tensor, x: Tensor, keys: Tensor, w: Tensor) =>
  scan(
    (c: Tensor, at: Tensor) => {
      const scores = softmax(matmul(add(c, at), keys, { transposeB: true }));
      const next = tanh(add(matmul(scores, keys), matmul(c, w)));
      return { carry: next, y: scores };
    },
    h,
    x,
  );

const twoResults = (h: Tensor, x: Tensor, u: Tensor) =>
  scan(
    (c: Tensor, at: Tensor) => {
      const next = tanh(add(at, matmul(apart(c), u)));
      return { carry: next, y: [exp(next), mul(next, at)] as const };
    },
    h,
    x,
  ).ys;

const loopsOf = (plan: Plan) => plan.steps.filter((step): step is LoopStep => step.kind === "loop");
const bodiesOf = (plan: Plan) =>
  loopsOf(plan).map(({ body }) => callsOf(body).map(({ label }) => label));

type Step = (...given: Tensor[]) => Tensor | readonly Tensor[];

function planOf(fn: Step, shapes: readonly Shape[], traits = webgpu): Plan {
  const plan = planStep(
    fn,
    shapes.map((shape) => ({ dtype: "f32" as const, shape })),
    traits,
  );
  expect(checkPlan(plan)).toEqual([]);
  if (traits === webgpu) expect(checkAliasing(plan)).toEqual([]);
  return plan;
}

const simpleShapes = [
  [B, H],
  [T, B, I],
  [I, H],
  [H, H],
];
type Four = [Tensor, Tensor, Tensor, Tensor];
const gradientOf =
  (loss: (...given: Tensor[]) => Tensor): Step =>
  (...given) =>
    grad(loss, ...given);

describe("a step of a loop", () => {
  it("has no copies, forwards, backwards and in either direction", () => {
    for (const reverse of [false, true]) {
      const loss = (...[h, x, w, u]: Tensor[]) =>
        sum(square(simple(...([h, x, w, u] as Four), reverse).ys));
      for (const traits of [webgpu, cpuTraits]) {
        const plan = planOf(gradientOf(loss), simpleShapes, traits);
        expect(bodiesOf(plan)).toEqual([
          ["matmul + add + tanh"],
          ["add + mul + sub + mul", "matmul"],
        ]);
      }
      // 780 with copies to and fro.
      expect(dispatchesOf(planOf(gradientOf(loss), simpleShapes).steps)).toBeLessThanOrEqual(268);
    }
  });

  it("reads a transposed sequence, a part of one and the results of another scan without copies", () => {
    const over = (show: (whole: Tensor) => Tensor, shape: Shape) => {
      const loss = (...[h, x, w, u]: Four) => sum(simple(h, show(x), w, u).ys);
      return planOf(
        gradientOf((...given) => loss(...(given as Four))),
        [[B, H], shape, [I, H], [H, H]],
      );
    };
    const stacked: Step = (...given) => {
      const [h, x, w, u, second] = given as [...Four, Tensor];
      return simple(h, simple(h, x, w, u).ys, second, u).carry;
    };
    for (const plan of [
      over((x) => transpose(x, [1, 0, 2]), [B, T, I]),
      over((x) => slice(x, [3, 0, 0], [T, B, I]), [T + 8, B, I]),
      planOf(stacked, [...simpleShapes, [H, H]]),
    ])
      expect(bodiesOf(plan).flat()).not.toContain("copy");
  });

  it("has what products and groups need where there are several results, or rows are reduced", () => {
    const two = [
      [B, H],
      [T, B, H],
      [H, H],
    ];
    const pair = planOf((h, x, u) => twoResults(h as Tensor, x as Tensor, u as Tensor), two);
    expect(bodiesOf(pair)).toEqual([["matmul + add", "tanh + exp + mul"]]);
    const loss = (...[h, x, u]: Tensor[]) => {
      const [a, b] = twoResults(h as Tensor, x as Tensor, u as Tensor);
      return add(sum(square(a)), sum(b));
    };
    expect(bodiesOf(planOf(gradientOf(loss), two)).map(({ length }) => length)).toEqual([2, 2]);

    const shapes = [
      [B, H],
      [T, B, H],
      [256, H],
      [H, H],
    ];
    const read = (...given: Tensor[]) => sum(square(attention(...(given as Four)).carry));
    const plan = planOf(gradientOf(read), shapes);
    expect(bodiesOf(plan).map(({ length }) => length)).toEqual([6, 5]);
    // 1,674 with copies to and fro, and what is a result twice twice.
    expect(dispatchesOf(plan.steps)).toBeLessThanOrEqual(779);
  });

  it("copies on webgpu what begins between two places of bindings, and nothing on the cpu", () => {
    const step: Step = (h, x) =>
      scan(
        (c: Tensor, at: Tensor) => {
          const next = sub(mul(c, 0.5), mean(at));
          return { carry: next, y: next };
        },
        h as Tensor,
        x as Tensor,
      ).ys;
    const shapes = [[3], [9, 3]];
    expect(bodiesOf(planOf(step, shapes))[0]?.filter((label) => label === "copy").length).toBe(2);
    expect(bodiesOf(planOf(step, shapes, cpuTraits))[0]).not.toContain("copy");
  });

  it("computes a result once that several sources have as their gradient", () => {
    const loss = (...[h, x, w, u]: Tensor[]) => sum(square(simple(...([h, x, w, u] as Four)).ys));
    const stacks = loopsOf(planOf(gradientOf(loss), simpleShapes, cpuTraits)).map(({ body }) => {
      const written = callsOf(body).flatMap(({ call }) =>
        call.operands.filter(({ region, access }) => region.perStep && access !== "read"),
      );
      return written.length;
    });
    expect(stacks).toEqual([1, 1]);
  });

  it("is not there for a result that is one of the xs", () => {
    const plan = planOf(
      (h, x) => scan((c: Tensor, at: Tensor) => ({ carry: c, y: at }), h as Tensor, x as Tensor).ys,
      [[64], [5, 64]],
    );
    expect(plan.steps.map(({ kind }) => kind)).toEqual(["call"]);
  });
});

describe("loops whose carry lies in their results", () => {
  const states = [input("h", [4]), input("x", [5, 4])] as const;
  const aligned = { ...referenceTraits, viewAlignment: 4 };
  const cells: Record<string, (c: Tensor, at: Tensor) => { carry: Tensor; y: readonly Tensor[] }> =
    {
      "what it becomes": (c, at) => {
        const next = add(mul(c, 0.5), at);
        return { carry: next, y: [next] };
      },
      "what it was": (c, at) => ({ carry: sigmoid(add(mul(c, 0.5), at)), y: [c] }),
      "both, and one of them twice": (c, at) => {
        const next = sub(at, mul(c, 0.5));
        return { carry: next, y: [c, next, next, mul(next, c)] };
      },
    };
  it.each(Object.keys(cells))("compute what the graph says: %s", async (name) => {
    const cell = cells[name] as (typeof cells)[string];
    for (const reverse of [false, true])
      for (const steps of [0, 1, 2, 5]) {
        const [h, x] = [states[0], slice(states[1], [0, 0], [steps, 4])];
        for (const traits of [
          referenceTraits,
          aligned,
          { ...referenceTraits, viewAlignment: 64 },
        ]) {
          const { carry, ys } = scan(cell, h, x, { reverse });
          await planned({ outputs: [...ys, carry] }, traits);
          await planned({ outputs: ys }, traits);
          const loss = (...[a, b]: Tensor[]) => {
            const own = scan(cell, a as Tensor, b as Tensor, { reverse });
            return own.ys.reduce((total, y) => add(total, sum(square(y))), sum(own.carry));
          };
          await planned({ outputs: grad(loss, h, input(`x${steps}`, [steps, 4])) }, traits);
        }
      }
  });

  it("may start from one value, and end in one result", async () => {
    const start = exp(input("h", [4]));
    const { carry, ys } = scan(
      ([a, b]: readonly Tensor[], at: Tensor) => {
        const next = mul(add(a as Tensor, b as Tensor), at);
        return { carry: [next, next], y: next };
      },
      [start, start],
      input("x", [5, 4]),
    );
    const plan = await planned({ outputs: [...carry, ys, start] });
    expect(checkAliasing(plan)).toEqual([]);
  });
});
