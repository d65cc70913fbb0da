import { describe, expect, it } from "vitest";
import { cpuTraits } from "../../../src/devices/cpu/traits.ts";
import { referenceTraits } from "../../../src/devices/reference/device.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import {
  add,
  concat,
  exp,
  grad,
  matmul,
  mul,
  scan,
  slice,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
} from "../../../src/functions.ts";
import { planStep } from "../../../src/runtime/compile.ts";
import { dispatchesOf, explainPlan } from "../../../src/scheduler/explain.ts";
import { callsOf, type LoopStep, type Plan } from "../../../src/scheduler/plan.ts";
import { schedule } from "../../../src/scheduler/schedule.ts";
import type { TensorType } from "../../../src/tensor/shape.ts";
import { checkAliasing, checkPlan } from "../../support/check-plan.ts";
import { input, planned, wishOf } from "../../support/plans.ts";
import { requestOf } from "../../support/run-graph.ts";
import { openCounting } from "../runtime/open.ts";

const f32 = (...shape: number[]): TensorType => ({ dtype: "f32", shape });

/** A factor of 1 falls away in a plan; with it a step is none of a recurrent cell's, which would be walked. */
const apart = (h: Tensor) => mul(h, 1);

/** h' = tanh(x·W + h·U), y = h'. */
const cell = (w: Tensor, u: Tensor) => (h: Tensor, x: Tensor) => {
  const next = tanh(add(matmul(x, w), matmul(apart(h), u)));
  return { carry: next, y: next };
};
const typesOf = (steps: number) => [f32(2, 8), f32(steps, 2, 4), f32(4, 8), f32(8, 8)];
const forward = (...[h, x, w, u]: Tensor[]) =>
  scan(cell(w as Tensor, u as Tensor), h as Tensor, x as Tensor);
const training = (...inputs: Tensor[]) =>
  grad((...all) => sum(square(forward(...all).ys)), ...inputs);

const loopsOf = (plan: Plan) => plan.steps.filter((step): step is LoopStep => step.kind === "loop");
/** The labels of a plan's steps, once where several calls do one thing. */
const workOf = (plan: Plan | undefined) =>
  (plan?.steps ?? []).map(({ label }) => label).filter((label, i, all) => label !== all[i - 1]);
const labelsOf = (loop: LoopStep | undefined) =>
  callsOf(loop?.body ?? []).map(({ label }) => label);

const devices = {
  reference: referenceTraits,
  cpu: cpuTraits,
  webgpu: webgpuTraits(),
};

const [h, x, w, u] = typesOf(5).map(({ shape }, i) => input("hxwu"[i] ?? "", shape)) as [
  Tensor,
  Tensor,
  Tensor,
  Tensor,
];

describe("the plan of a scan", () => {
  it.each(Object.entries(devices))("is sound on %s, forward and backward", (_, traits) => {
    for (const fn of [forward, training]) {
      const plan = planStep(fn, typesOf(5), traits);
      expect(checkPlan(plan)).toEqual([]);
      if (traits === devices.webgpu) expect(checkAliasing(plan)).toEqual([]);
    }
  });

  it.each(Object.entries(devices))(
    "has as many steps for T = 1000 as for T = 10 on %s",
    (_, traits) => {
      for (const fn of [forward, training]) {
        const [short, long] = [10, 1000].map((steps) => planStep(fn, typesOf(steps), traits));
        // Behind the loop a device may cut a long product into parts.
        expect(workOf(long)).toEqual(workOf(short));
        const bodies = [short, long].map((plan) => loopsOf(plan as Plan).map(labelsOf));
        expect(bodies[1]).toEqual(bodies[0]);
        expect(dispatchesOf(long?.steps ?? [])).toBeGreaterThan(
          99 * callsOf(loopsOf(long as Plan)).length,
        );
      }
    },
  );

  it("computes what the graph says, forward and backward", async () => {
    await planned({ outputs: [forward(h, x, w, u).carry, forward(h, x, w, u).ys] });
    await planned({ outputs: training(h, x, w, u) });
    const aligned = { ...referenceTraits, viewAlignment: 64 };
    await planned({ outputs: training(h, x, w, u) }, aligned);
  });

  it("runs the loop forward once and the loop backward once", () => {
    const plan = planStep(
      (...all) => [forward(...all).ys, ...training(...all)],
      typesOf(5),
      cpuTraits,
    );
    // The first step forward stands apart: it reads what the loop starts with, others the result of the step before.
    expect(loopsOf(plan).map(({ count, reverse }) => [count, reverse])).toEqual([
      [4, false],
      [5, true],
    ]);
  });

  it("is one loop for two cells that compute the same", async () => {
    const [one, two] = [forward(h, x, w, u), forward(h, x, w, u)];
    const plan = await planned({ outputs: [one.carry, two.ys] });
    expect(loopsOf(plan).length).toBe(1);
    const other = scan((c: Tensor, at: Tensor) => ({ carry: mul(c, 2), y: at }), h, x);
    const third = scan((c: Tensor, at: Tensor) => ({ carry: mul(c, 3), y: at }), h, x);
    expect(loopsOf(await planned({ outputs: [other.carry, third.carry] })).length).toBe(2);
  });

  it("computes what does not depend on the step once, and products of slices as one, before the loop", async () => {
    const plan = await planned({
      outputs: [
        scan(
          (c: Tensor, at: Tensor) => ({
            carry: add(stopGradient(c), matmul(at, exp(w))),
            y: undefined,
          }),
          h,
          x,
        ).carry,
      ],
    });
    expect(plan.steps.map(({ label }) => label)).toEqual(["exp", "matmul", "copy", "scan"]);
    expect(labelsOf(loopsOf(plan)[0])).toEqual(["add"]);
  });

  it("keeps a result that is the next carry in one place, where the next step reads it", () => {
    const plan = planStep(
      (...[c, at]: Tensor[]) =>
        scan(
          (carry: Tensor, part: Tensor) => {
            // No cell's step, so it is no walk.
            const next = add(mul(carry, 0.5), stopGradient(part));
            return { carry: next, y: next };
          },
          c as Tensor,
          at as Tensor,
        ).ys,
      [f32(64), f32(7, 64)],
      cpuTraits,
    );
    expect(labelsOf(loopsOf(plan)[0])).toEqual(["mul + add"]);
    const [step] = callsOf(loopsOf(plan)[0]?.body ?? []);
    const [carry, part, next] = step?.call.operands.map(({ region }) => region) ?? [];
    expect([carry?.perStep, part?.perStep, next?.perStep]).toEqual([64, 64, 64]);
    expect([carry?.buffer, carry?.offset]).toEqual([next?.buffer, (next?.offset ?? 0) - 64]);
  });

  it("keeps no row but the last where only the end is wanted, of the carry or of a result", () => {
    const step = (h: Tensor) => {
      const next = tanh(mul(h, 0.5));
      return { carry: next, y: next };
    };
    const ends: ((h: Tensor) => Tensor)[] = [
      (h) => scan(step, h, undefined, { length: 1000 }).carry,
      (h) => slice(scan(step, h, undefined, { length: 1000 }).ys, [999, 0, 0], [1, 256, 256]),
      (h) =>
        slice(scan(step, h, undefined, { length: 9, reverse: true }).ys, [0, 0, 0], [1, 256, 256]),
    ];
    for (const end of ends)
      for (const traits of [cpuTraits, webgpuTraits()]) {
        const plan = planStep((h) => end(h as Tensor), [f32(256, 256)], traits);
        expect(explainPlan(plan)).toContain("Temporaries: 0 B");
      }
  });

  it("updates a variable that it starts from in place, unless the cell reads it as well", async () => {
    const state = input("state", [2, 8]);
    const own = await planned({ updates: [[state, forward(state, x, w, u).carry]] });
    expect(own.steps.map(({ label }) => label)).toEqual(["matmul", "scan"]);
    const reading = scan(
      (c: Tensor, at: Tensor) => ({ carry: add(c, mul(state, sum(at))), y: undefined }),
      state,
      x,
    );
    const both = await planned({ updates: [[state, reading.carry]], outputs: [sum(state)] });
    expect(both.steps.map(({ label }) => label)).toContain("copy");
  });

  it("starts two carries from one value, or from a value and a view of it", async () => {
    const start = exp(h);
    const swap = ([a, b]: readonly Tensor[], at: Tensor) => ({
      carry: [b as Tensor, mul(a as Tensor, sum(at))],
      y: undefined,
    });
    for (const second of [start, slice(concat([start, start]), [0, 0], [2, -1])]) {
      const { carry } = scan(swap, [start, second], x);
      await planned({ outputs: [...carry, start] });
    }
  });
});

describe("what nobody reads of a scan", () => {
  const sizes = (plan: Plan) => labelsOf(loopsOf(plan)[0]);

  it("is left out: results, and carries that feed nothing else", async () => {
    const both = scan(
      ({ c, unread }: { c: Tensor; unread: Tensor }, at: Tensor) => ({
        carry: { c: add(c, sum(at)), unread: exp(add(unread, c)) },
        y: { last: tanh(c), other: exp(c) },
      }),
      { c: h, unread: exp(h) },
      x,
    );
    const plan = await planned({ outputs: [both.carry.c] });
    expect(sizes(plan)).toEqual(["reduce", "add"]);
    const more = await planned({ outputs: [both.carry.unread] });
    expect(sizes(more).join()).toContain("exp");
  });

  it("is the tape, where nothing is differentiated", () => {
    const bytes = (fn: typeof training | ((...all: Tensor[]) => Tensor)) =>
      planStep(fn, typesOf(100), cpuTraits).memory.peakBytes;
    // x·W of all steps, and h of all steps.
    const [products, tape] = [100 * 2 * 8 * 4, 100 * 2 * 8 * 4];
    expect(bytes((...all) => forward(...all).carry)).toBeLessThan(products + tape);
    expect(bytes(training)).toBeGreaterThan(products + tape);
  });

  it("is the tape of a carry that is a result a step later", () => {
    // On webgpu parts of 16 elements begin where no binding may.
    const copiesFor = (y: (next: Tensor) => Tensor, steps: number) => {
      const loss = (...[h, x, w, u]: Tensor[]) => {
        const own = cell(w as Tensor, u as Tensor);
        const { ys } = scan(
          (c: Tensor, at: Tensor) => {
            const { carry } = own(c, at);
            return { carry, y: y(carry) };
          },
          h as Tensor,
          x as Tensor,
        );
        return sum(square(ys));
      };
      const plan = planStep((...all) => grad(loss, ...all), typesOf(steps), webgpuTraits());
      expect(checkPlan(plan)).toEqual([]);
      return labelsOf(loopsOf(plan)[0]).filter((label) => label === "copy").length;
    };
    // x·W in; h out, or its exponential, its tape, and the sum that it is made from.
    expect(copiesFor((next) => next, 5)).toBe(2);
    expect(copiesFor((next) => next, 1)).toBe(2);
    expect(copiesFor(exp, 5)).toBe(4);
  });

  it("is the gradient of what no gradient is asked for", () => {
    const gradientOf = (...which: number[]) =>
      planStep(
        (...all) =>
          grad(
            (...inputs) => {
              const given = all.map((own, i) => inputs[which.indexOf(i)] ?? own);
              return sum(square(forward(...given).ys));
            },
            ...which.map((i) => all[i] as Tensor),
          ),
        typesOf(5),
        cpuTraits,
      );
    const products = (plan: Plan) =>
      labelsOf(loopsOf(plan)[1]).filter((label) => label.startsWith("matmul")).length;
    const outside = (plan: Plan) =>
      plan.steps.filter(
        ({ label, why }) => label.startsWith("matmul") && !why.endsWith("step of a scan"),
      ).length;
    // From the cotangent of the carry the one before; x·W stands in front of the loops.
    expect(products(gradientOf(0))).toBe(1);
    expect(outside(gradientOf(0))).toBe(1);
    // Those for x, W and U are products of all steps at once, behind the loop.
    const [forX, all] = [gradientOf(0, 1), gradientOf(0, 1, 2, 3)];
    expect([products(forX), outside(forX)]).toEqual([1, 2]);
    expect([products(all), outside(all)]).toEqual([1, 4]);
    expect(products(gradientOf(2))).toBe(1);
  });
});

describe("a plan with a loop", () => {
  const plan = planStep(forward, typesOf(5), webgpuTraits());

  it("counts its dispatches as often as they run, in one submission", () => {
    const [loop] = loopsOf(plan);
    const outside = plan.steps.length - 1;
    expect(dispatchesOf(plan.steps)).toBe(outside + 5 * (loop?.body.length ?? 0));
    const text = explainPlan(plan);
    expect(text).toContain(`Plan for webgpu: ${dispatchesOf(plan.steps)} dispatches, 1 submit.`);
    expect(text).toMatch(/ scan ×5 {2}\(5 steps of one plan; .*\)\n {5}2 {3}copy → movement/);
  });

  it("counts the memory of its body once, however many steps it has", () => {
    const last = (...[start, at, u]: Tensor[]) =>
      scan(
        (c: Tensor, part: Tensor) => {
          const next = tanh(add(part, matmul(apart(c), u as Tensor)));
          return { carry: next, y: next };
        },
        start as Tensor,
        at as Tensor,
      ).carry;
    const peak = (steps: number) =>
      planStep(last, [f32(2, 8), f32(steps, 2, 8), f32(8, 8)], webgpuTraits()).memory;
    expect(peak(1000)).toEqual(peak(10));
  });

  it("is several loops where a sequence is beyond a kernel's reach", () => {
    const small = { ...webgpuTraits(), maxRegionBytes: 4096 };
    const loops = ({ steps }: Plan) => steps.filter(({ kind }) => kind === "loop");
    const [reach, beyond] = [10, 1000].map((steps) => planStep(forward, typesOf(steps), small));
    if (reach === undefined || beyond === undefined) return expect.unreachable();
    expect([checkPlan(reach), checkPlan(beyond)]).toEqual([[], []]);
    expect(loops(reach).length).toBe(1);
    expect(loops(beyond).length).toBeGreaterThan(1);
    const counts = loops(beyond).map((loop) => (loop.kind === "loop" ? loop.count : 0));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1000);
  });
});

describe("eager scans", () => {
  it("share one plan when their cells compute the same, and have another when they do not", async () => {
    const { device } = openCounting();
    const run = async (factor: number, start: number) => {
      const { ys } = scan(
        (c: Tensor, at: Tensor) => ({ carry: sub(mul(c, factor), at), y: c }),
        tensor([start]),
        tensor([1, 2, 3]),
      );
      return [...(await ys.data())];
    };
    expect(await run(2, 5)).toEqual([5, 9, 16]);
    expect(await run(2, 1)).toEqual([1, 1, 0]);
    expect(device.loads).toBe(1);
    expect(await run(3, 1)).toEqual([1, 2, 4]);
    expect(device.loads).toBe(2);
  });
});

describe("scans of scans", () => {
  it("are loops of loops", async () => {
    const rows = input("rows", [3, 4, 8]);
    const outer = scan(
      (c: Tensor, row: Tensor) => {
        const inner = scan(
          (d: Tensor, at: Tensor) => ({ carry: tanh(add(mul(d, c), at)), y: mul(d, at) }),
          c,
          row,
          { reverse: true },
        );
        return { carry: inner.carry, y: sum(inner.ys, { axis: 0 }) };
      },
      input("start", [8]),
      rows,
    );
    const plan = await planned({ outputs: [outer.carry, outer.ys] });
    const [loop] = loopsOf(plan);
    expect(loop?.body.filter(({ kind }) => kind === "loop").length).toBe(1);
    await planned({
      outputs: grad(
        (given) => {
          const own = scan(
            (c: Tensor, row: Tensor) => ({
              carry: scan(
                (d: Tensor, at: Tensor) => ({ carry: tanh(add(mul(d, c), at)), y: undefined }),
                c,
                row,
              ).carry,
              y: undefined,
            }),
            given as Tensor,
            rows,
          );
          return sum(square(own.carry));
        },
        input("start", [8]),
      ),
    });
    const request = requestOf(wishOf({ outputs: [outer.ys] }));
    for (const traits of Object.values(devices))
      expect(checkPlan(schedule(request, traits))).toEqual([]);
  });
});
