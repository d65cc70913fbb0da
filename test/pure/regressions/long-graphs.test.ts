/**
 * Planning takes as long per node in a long graph as in a short one. Counted rather than timed: how often the passes ask a
 * value for its node, which every walk over a graph does.
 */
import { describe, expect, it } from "vitest";
import { backward } from "../../../src/autodiff/backward.ts";
import { cpuTraits } from "../../../src/devices/cpu/traits.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import {
  add,
  concat,
  exp,
  matmul,
  mul,
  slice,
  softmax,
  square,
  sum,
  Tensor,
  tanh,
} from "../../../src/functions.ts";
import { GraphValue } from "../../../src/graph/graph.ts";
import { Gaps, type Span } from "../../../src/scheduler/gaps.ts";
import { schedule } from "../../../src/scheduler/schedule.ts";
import { keyOf, words } from "../../../src/tensor/random.ts";
import { checkPlan } from "../../support/check-plan.ts";
import { input, type TensorWish, wishOf } from "../../support/plans.ts";
import { requestOf } from "../../support/run-graph.ts";

const repeat = (n: number, x: Tensor, step: (x: Tensor, i: number) => Tensor) => {
  let y = x;
  for (let i = 0; i < n; i++) y = step(y, i);
  return y;
};
const inputs = (n: number, shape: readonly number[] = [3]) =>
  Array.from({ length: n }, (_, i) => input(`x${i}`, shape));

/** The sum of `y` and what its gradient is. */
function differentiated(y: Tensor, x: Tensor): TensorWish {
  const loss = sum(y);
  const seed = add(mul(loss, 0), 1);
  const [gradient] = backward([{ value: loss.value, cotangent: seed.value }], [x.value]);
  return { outputs: [loss, ...(gradient === undefined ? [] : [new Tensor(gradient)])] };
}

const graphs: { readonly [name: string]: (n: number) => TensorWish } = {
  "a chain of sums with a tensor of its own at each step": (n) => {
    const xs = inputs(n);
    return { outputs: [repeat(n, input("x", [3]), (x, i) => add(x, xs[i] ?? x))] };
  },
  "a chain of functions of one tensor": (n) => ({
    outputs: [repeat(n, input("x", [3]), (x) => tanh(x))],
  }),
  "a recurrence of products with its gradient": (n) => {
    const w = input("w", [4, 4]);
    return differentiated(
      repeat(n, input("h", [2, 4]), (h) => tanh(add(matmul(h, w), 0.1))),
      w,
    );
  },
  "an elementwise recurrence with its gradient": (n) => {
    const w = input("w", [3]);
    return differentiated(
      repeat(n, input("h", [3]), (h) => tanh(add(mul(h, w), 0.1))),
      w,
    );
  },
  "a tensor read in slices, with its gradient": (n) => {
    const x = input("x", [n]);
    const parts = Array.from({ length: n }, (_, i) => square(slice(x, [i], [1])));
    return differentiated(concat(parts), x);
  },
  "many tensors in one": (n) => ({ outputs: [concat(inputs(n).map((x) => exp(x)))] }),
  "sums of many tensors": (n) => ({
    outputs: [inputs(n).reduce((total, x) => add(total, sum(x)), sum(input("x", [3])))],
  }),
  "variables that take each other's values": (n) => {
    const xs = inputs(n);
    return { updates: xs.map((x, i) => [x, xs[(i + 1) % n] ?? x] as const) };
  },
  "a chain that alternates between kernels": (n) => ({
    outputs: [repeat(n, input("x", [4]), (x) => mul(x, softmax(x)))],
  }),
};

/** The plan, and how often values were asked for their nodes while it was made. */
function counted(wish: TensorWish, traits: Parameters<typeof schedule>[1]) {
  const request = requestOf(wishOf(wish));
  const node = Object.getOwnPropertyDescriptor(GraphValue.prototype, "node");
  let count = 0;
  Object.defineProperty(GraphValue.prototype, "node", {
    configurable: true,
    get(this: GraphValue) {
      count++;
      return node?.get?.call(this);
    },
  });
  try {
    const plan = schedule(request, traits);
    return { plan, count };
  } finally {
    if (node !== undefined) Object.defineProperty(GraphValue.prototype, "node", node);
  }
}

const devices = { cpu: cpuTraits, "a GPU": webgpuTraits() };

it("slots are shared by buffers that never live at the same time, whatever was taken before", () => {
  const calls = 40;
  const dice = words(keyOf(7), 0, 4000);
  const gaps = new Gaps(calls);
  const tenants: Span[][] = [];
  for (let i = 0; i < 2000; i++) {
    const first = (dice[2 * i] ?? 0) % calls;
    const span: Span = [first, Math.min(calls - 1, first + ((dice[2 * i + 1] ?? 0) % 9))];
    const isFree = (own: readonly Span[]) => own.every(([a, b]) => b < first || span[1] < a);
    const slot = gaps.take(span);
    expect(slot !== undefined, `span ${i}`).toBe(tenants.some(isFree));
    if (slot === undefined) gaps.addSlot(tenants.push([span]) - 1, span);
    else {
      expect(isFree(tenants[slot] ?? [span])).toBe(true);
      tenants[slot]?.push(span);
    }
  }
});

describe.each(Object.entries(devices))("for %s", (_, traits) => {
  it.each(Object.entries(graphs))("planning is linear in the length of %s", (_, make) => {
    // Up to a length an item has fewer others in reach: what is quadratic grows 64 times.
    const [short, long] = [counted(make(80), traits), counted(make(640), traits)];
    expect(long.count / short.count).toBeLessThan(8 * 1.5);
    expect(checkPlan(short.plan)).toEqual([]);
  });
});
