/** Plans that are kept: who owns their memory, and how much there may be of it. */
import v8 from "node:v8";
import vm from "node:vm";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { OutOfMemoryError } from "../../../src/errors.ts";
import {
  compile,
  exp,
  mul,
  ones,
  sum,
  type Tensor,
  valueAndGrad,
  variable,
} from "../../../src/functions.ts";
import { losses, nn, optim, Trainer } from "../../../src/index.ts";
import type { Runtime } from "../../../src/runtime/runtime.ts";
import { held } from "../../support/held.ts";
import { type CountingDevice, openCounting } from "../runtime/open.ts";

let device: CountingDevice;
let runtime: Runtime;
beforeEach(() => {
  ({ device, runtime } = openCounting());
});

const numbers = async (x: Promise<Tensor> | Tensor) => [...(await (await x).data())];

/** Finalizers run in tasks behind a collection. */
async function collect(): Promise<void> {
  v8.setFlagsFromString("--expose-gc");
  const gc = vm.runInNewContext("gc") as () => void;
  for (let i = 0; i < 5; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe("a step whose variables have moved", () => {
  it("keeps its plan until there is another one, however often planning fails", async () => {
    const w = variable([1, 2]);
    const step = compile((x) => sum(mul(w, x as Tensor)));
    expect(await numbers(step(2))).toEqual([6]);
    const optimizer = optim.sgd({ learningRate: 0 });
    const [, gradients] = valueAndGrad([w, variable([1])], () => sum(w));
    optimizer.update(gradients);
    await w.data();
    const unload = vi.spyOn(device, "unload");
    const load = vi.spyOn(device, "load");
    for (let i = 0; i < 2; i++) {
      load.mockRejectedValueOnce(new Error("no plan"));
      await expect(step(2)).rejects.toThrow("no plan");
      expect(unload).toHaveBeenCalledTimes(0);
    }
    expect(await numbers(step(2))).toEqual([6]);
    expect(unload).toHaveBeenCalledTimes(1);
    expect(step.plans.length).toBe(1);
  });
});

describe("plans", () => {
  it("of a step that nobody can call any more are given back, and so are those of a Trainer", async () => {
    const batch = {
      x: { data: new Float32Array(8), shape: [2, 4], dtype: "f32" as const },
      y: { data: new Int32Array(2), shape: [2], dtype: "i32" as const },
    };
    const train = async () => {
      const model = nn.linear(4, 3, { seed: 1 });
      const optimizer = optim.adam({ learningRate: 0.1 });
      const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer });
      for await (const _ of trainer.fit(() => [batch], { batchSize: 2 }));
    };
    await train();
    await collect();
    const before = runtime.memory();
    for (let i = 0; i < 5; i++) await train();
    await collect();
    await collect();
    expect(held(runtime.memory())).toEqual(held(before));
  });
});

describe("a memory budget", () => {
  it("ends in an OutOfMemoryError where what is held is held, and the next call works", async () => {
    ({ device, runtime } = openCounting({ memoryBudget: 2 ** 20 }));
    const held: Tensor[] = [];
    const fill = async () => {
      for (;;) {
        const x = exp(ones([2 ** 15]));
        held.push(x);
        await x.data();
      }
    };
    await expect(fill()).rejects.toThrow(OutOfMemoryError);
    expect(held.length).toBeGreaterThan(5);
    held.pop();
    held.pop()?.dispose();
    expect((await numbers(exp(ones([2 ** 15]))))[0]).toBeCloseTo(Math.E, 5);
  });
});
