/** Assignments outside of compiled steps: one that fails harms nobody else, and a history does not grow. */
import { beforeEach, describe, expect, it } from "vitest";
import { DisposedError, OutOfMemoryError } from "../../../src/errors.ts";
import {
  add,
  compile,
  matmul,
  mul,
  ones,
  sub,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
  variable,
} from "../../../src/functions.ts";
import { nn, optim } from "../../../src/index.ts";
import type { Runtime } from "../../../src/runtime/runtime.ts";
import { type CountingDevice, openCounting } from "../runtime/open.ts";

let device: CountingDevice;
let runtime: Runtime;
beforeEach(() => {
  ({ device, runtime } = openCounting());
});

const numbers = async (x: Tensor) => [...(await x.data())];

describe("an assignment that fails", () => {
  it("fails those who read the variable, and is dropped", async () => {
    const [v, w, x] = [variable([1]), variable([10]), tensor([5])];
    const step = compile(() => mul(w, 2));
    await step();
    v.assign(add(v, x));
    w.assign(add(w, 1));
    x.dispose();
    const made = mul(v, 2);
    const readers = Promise.allSettled([v.data(), add(v, 1).data(), v.data(), made.data()]);
    expect(await numbers(w)).toEqual([11]);
    expect(await numbers(await step())).toEqual([22]);
    for (const reader of await readers) {
      expect(reader.status).toBe("rejected");
      if (reader.status === "rejected") expect(reader.reason).toBeInstanceOf(DisposedError);
    }
    expect(await numbers(v)).toEqual([1]);
    v.assign(add(v, 1));
    expect(await numbers(v)).toEqual([2]);
  });

  it("is told to the next reader where nobody was waiting for it", async () => {
    const [v, w, x] = [variable([1]), variable([10]), tensor([5])];
    v.assign(add(v, x));
    x.dispose();
    expect(await numbers(add(w, 1))).toEqual([11]);
    const step = compile(() => add(v, w));
    await expect(step()).rejects.toThrow(DisposedError);
    expect(await numbers(await step())).toEqual([11]);
  });

  it("for want of memory lets others take effect, swapped ones, too", async () => {
    ({ device, runtime } = openCounting({ memoryBudget: 100_000 }));
    const [big, a, b] = [variable(new Float32Array(10_000)), variable([1]), variable([2])];
    await sum(big).item();
    big.assign(sum(matmul(ones([10_000, 4]), ones([4, 50])), { axis: 1 }));
    const [oldA, oldB] = [mul(a, 1), mul(b, 1)];
    a.assign(oldB);
    b.assign(oldA);
    await expect(big.data()).rejects.toThrow(OutOfMemoryError);
    expect([...(await numbers(a)), ...(await numbers(b))]).toEqual([2, 1]);
    expect(await sum(big).item()).toBe(0);
  });
});

describe("assignments that nobody reads", () => {
  it("are computed in parts, whose plans are alike", async () => {
    const v = variable([0]);
    for (let i = 0; i < 2000; i++) v.assign(add(v, 1));
    expect(await numbers(v)).toEqual([2000]);
    expect(device.runs).toBeGreaterThan(20);
    expect(device.loads).toBeLessThan(8);
    expect(runtime.memory().buffers).toBeLessThan(60);
  });

  it("may be made of each other's elements, wherever the parts end", async () => {
    const variables = Array.from({ length: 7 }, (_, i) => variable([i + 1]));
    const model = variables.map((_, i) => i + 1);
    for (let round = 0; round < 40; round++) {
      // All are computed of the elements before any is assigned: a round may be cut anywhere.
      const next = variables.map((v, i) => sub(variables[(i + 1) % 7] ?? 0, mul(v, 0)));
      const numbers = model.map((_, i) => model[(i + 1) % 7] ?? 0);
      next.forEach((value, i) => {
        variables[i]?.assign(add(value, i));
        model[i] = (numbers[i] ?? 0) + i;
      });
      if (round % 16 === 5) await undefined;
    }
    const got = await Promise.all(variables.map(async (v) => (await v.data())[0]));
    expect(got).toEqual(model);
  });

  it("of an optimizer do not grow: 60 updates have the plans of a few", async () => {
    const model = nn.linear(4, 3, { seed: 1 });
    const optimizer = optim.adam({ learningRate: 0.01 });
    const update = () => {
      const [, gradients] = valueAndGrad(model.parameters(), () => sum(model(ones([2, 4]))));
      optimizer.update(gradients);
    };
    for (let i = 0; i < 60; i++) update();
    const eager = await model.stateDict();
    const again = nn.linear(4, 3, { seed: 1 });
    const other = optim.adam({ learningRate: 0.01 });
    const step = compile(() => {
      const [, gradients] = valueAndGrad(again.parameters(), () => sum(again(ones([2, 4]))));
      other.update(gradients);
    });
    for (let i = 0; i < 60; i++) await step();
    expect(eager).toEqual(await again.stateDict());
    expect(device.loads).toBeLessThan(20);
  });
});
