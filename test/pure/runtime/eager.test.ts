import v8 from "node:v8";
import vm from "node:vm";
import { beforeEach, describe, expect, it } from "vitest";
import { DisposedError, GradgpuError, OutOfMemoryError, TraceError } from "../../../src/errors.ts";
import { add, exp, mul, ones, sum, tanh, tensor, variable } from "../../../src/functions.ts";
import type { Runtime } from "../../../src/runtime/runtime.ts";
import { type CountingDevice, openCounting } from "./open.ts";

let device: CountingDevice;
let runtime: Runtime;
beforeEach(() => {
  ({ device, runtime } = openCounting());
});

describe("lazy tensors", () => {
  it("with the same structure share a plan, whatever their data and numbers", async () => {
    for (let i = 0; i < 5; i++) {
      const x = tensor([i, i + 1]);
      expect([...(await add(mul(x, i), 0.5).data())]).toEqual([i * i + 0.5, (i + 1) * i + 0.5]);
    }
    expect(device.loads).toBe(1);
  });

  it("are computed once, and read as often as one likes", async () => {
    const y = exp(tensor([0, 1]));
    await y.data();
    const runs = device.runs;
    await y.data();
    expect(await sum(y).item()).toBeCloseTo(1 + Math.E, 5);
    expect(device.runs).toBe(runs + 1);
  });

  it("hand out arrays of the caller's own", async () => {
    const x = tensor([1, 2]);
    (await x.data()).fill(9);
    expect([...(await x.data())]).toEqual([1, 2]);
    const y = add(x, 1);
    (await y.data()).fill(9);
    expect([...(await y.data())]).toEqual([2, 3]);
  });

  it("keep the plans of the latest 256 structures, and no more", async () => {
    const evaluate = async (length: number) => {
      using y = mul(ones([length]), 2);
      await y.data();
    };
    for (let length = 1; length <= 300; length++) await evaluate(length);
    const { buffers } = runtime.memory();
    for (let length = 301; length <= 330; length++) await evaluate(length);
    expect(runtime.memory().buffers).toBe(buffers);
    const { loads } = device;
    await evaluate(330);
    expect(device.loads).toBe(loads);
    await evaluate(1);
    expect(device.loads).toBe(loads + 1);
  });
});

describe("variables", () => {
  it("take assignments with the next evaluation of anything", async () => {
    const w = variable([1, 2]);
    w.assign(mul(w, 2));
    w.assign(add(w, 1));
    expect([...(await w.data())]).toEqual([3, 5]);
    w.assign(add(w, 1));
    expect(await sum(w).item()).toBe(10);
  });

  it("that are swapped take each other's old value", async () => {
    const [a, b] = [variable([1]), variable([2])];
    const [oldA, oldB] = [mul(a, 1), mul(b, 1)];
    a.assign(oldB);
    b.assign(oldA);
    expect([(await a.data())[0], (await b.data())[0]]).toEqual([2, 1]);
  });

  it("refuse tensors made from a value that they no longer have", async () => {
    const w = variable([1]);
    const stale = mul(w, 10);
    w.assign(add(w, 1));
    await w.data();
    await expect(stale.data()).rejects.toThrow(TraceError);
    await expect(stale.data()).rejects.toThrow(/before it was assigned to/);
    expect((await mul(w, 10).data())[0]).toBe(20);
  });
});

describe("dispose", () => {
  it("gives memory back at once, and says so when the tensor is used again", async () => {
    const before = runtime.memory().bytes;
    const y = mul(ones([1000]), 2);
    await y.data();
    expect(runtime.memory().bytes).toBeGreaterThanOrEqual(before + 4000);
    y.dispose();
    y.dispose();
    expect(() => add(y, 1)).toThrow(DisposedError);
    await expect(y.data()).rejects.toThrow(DisposedError);
    expect((await ones([2]).data())[0]).toBe(1);
  });

  it("is what `using` does at the end of a block", async () => {
    let kept: ReturnType<typeof ones>;
    {
      using y = add(ones([3]), 1);
      await y.data();
      kept = y;
    }
    expect(() => kept.value).toThrow(DisposedError);
  });

  it("of a variable ends its assignments, too", async () => {
    const w = variable([1]);
    w.assign(add(w, 1));
    w.dispose();
    expect(() => add(w, 1)).toThrow(DisposedError);
    expect((await ones([1]).data())[0]).toBe(1);
  });

  it("is not needed: what nobody can reach any more is given back", async () => {
    v8.setFlagsFromString("--expose-gc");
    const collect = vm.runInNewContext("gc") as () => void;
    for (let i = 0; i < 20; i++) await tanh(tensor(new Float32Array(1000).fill(i))).data();
    const held = () => runtime.memory().bytes;
    const before = held();
    for (let tries = 0; tries < 50 && held() > before - 15 * 4000; tries++) {
      collect();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(held()).toBeLessThanOrEqual(before - 15 * 4000);
  });
});

describe("the memory budget", () => {
  it("is enforced, and what fits works afterwards", async () => {
    ({ runtime } = openCounting({ memoryBudget: 64 * 1024 }));
    await expect(exp(ones([100_000])).data()).rejects.toThrow(OutOfMemoryError);
    await expect(exp(ones([100_000])).data()).rejects.toThrow(/budget of 65536 bytes/);
    expect((await exp(tensor([0])).data())[0]).toBe(1);
    expect(runtime.memory().bytes).toBeLessThan(64 * 1024);
  });
});

describe("a runtime that is closed", () => {
  it("refuses work with a typed error, and another one takes over", async () => {
    const x = tensor([1, 2]);
    await add(x, 1).data();
    await runtime.close();
    await expect(runtime.evaluate([add(ones([1]), 1)])).rejects.toThrow(DisposedError);
    await expect(ones([1]).data()).rejects.toThrow(GradgpuError);
    openCounting();
    expect((await ones([1]).data())[0]).toBe(1);
  });

  it("leaves its tensors with a message that says where they lay and what can be done", async () => {
    const y = mul(ones([4]), 2);
    await y.data();
    await runtime.close();
    openCounting();
    await expect(add(y, 1).data()).rejects.toThrow(/which was closed\. .*loadStateDict/);
    await expect(y.data()).rejects.toThrow(DisposedError);
  });
});
