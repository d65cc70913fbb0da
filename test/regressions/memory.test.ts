/** Memory of the cpu device in use for long: plans that are kept, and garbage, are bounded. */
import { afterEach, describe, expect, it } from "vitest";
import {
  add,
  compile,
  exp,
  init,
  mul,
  ones,
  sum,
  type Tensor,
  tensor,
} from "../../src/functions.ts";
import type { Runtime } from "../../src/index.ts";

let runtime: Runtime;
const start = async (memoryBudget = Number.POSITIVE_INFINITY) => {
  ({ runtime } = await init({ device: "cpu", threads: 1, memoryBudget }));
};
afterEach(() => runtime.close());

const numbers = async (x: Promise<Tensor>) => [...(await (await x).data())];

describe("plans", () => {
  it("of 1,500 signatures are bounded, and one that was given back is made again", async () => {
    await start();
    const step = compile((x) => mul(x as Tensor, 2));
    let most = 0;
    for (let n = 1; n <= 1500; n++) {
      using x = ones([n]);
      const y = await step(x);
      y.dispose();
      most = Math.max(most, runtime.memory().buffers);
    }
    expect(step.plans.length).toBeLessThanOrEqual(512);
    expect(most).toBeLessThan(2500);
    expect(await numbers(step(ones([2])))).toEqual([2, 2]);
  });

  it("of large signatures are bounded by their bytes", async () => {
    await start();
    const step = compile((x) => mul(x as Tensor, 2));
    const large = 2 ** 20;
    for (let n = 0; n < 30; n++) {
      using x = ones([large + n]);
      (await step(x)).dispose();
    }
    // An argument and a result of 4 MiB each: 64 MiB hold eight.
    expect(step.plans.length).toBe(8);
    expect(runtime.memory().bytes).toBeLessThan(120 * 2 ** 20);
  });
});

describe("a memory budget", () => {
  it("is not exceeded by garbage: results that nobody reads or holds", async () => {
    await start(8 * 2 ** 20);
    const frame = new Float32Array(2 ** 16);
    for (let i = 0; i < 400; i++) {
      expect(await sum(mul(add(tensor(frame), 1), 0.5)).item()).toBe(2 ** 15);
    }
    const step = compile((x) => exp(x as Tensor));
    for (let i = 0; i < 200; i++) await step(tensor(frame));
    expect(runtime.memory().bytes).toBeLessThanOrEqual(8 * 2 ** 20);
  });
});
