import { beforeEach, describe, expect, it, vi } from "vitest";
import { ArgumentError, GradgpuError, ShapeError, TraceError } from "../../../src/errors.ts";
import {
  add,
  compile,
  dropout,
  matmul,
  mul,
  ones,
  sum,
  type Tensor,
  tensor,
  uniform,
  type Variable,
  valueAndGrad,
  variable,
  zeros,
} from "../../../src/functions.ts";
import { nn, optim } from "../../../src/index.ts";
import { setCurrentRuntime } from "../../../src/runtime/current.ts";
import { type CountingDevice, openCounting } from "./open.ts";

const flat = async (result: Promise<Tensor>) => [...(await (await result).data())];

let device: CountingDevice;
beforeEach(() => {
  ({ device } = openCounting());
});

describe("a compiled step's plans", () => {
  it("are given back by dispose, after the calls before it and before those behind it", async () => {
    const unload = vi.spyOn(device, "unload");
    const step = compile((x) => mul(x as Tensor, 2));
    const before = step(tensor([1, 1]));
    step.dispose();
    const behind = step(tensor([1, 1]));
    expect(await flat(before)).toEqual([2, 2]);
    expect(await flat(behind)).toEqual([2, 2]);
    expect(unload).toHaveBeenCalledTimes(1);
    expect(device.loads).toBe(2);
    expect(step.plans.length).toBe(1);
  });
});

describe("what a compiled step is called with", () => {
  it("is brought to the device once where it is the same constant again", async () => {
    const write = vi.spyOn(device, "write");
    const step = compile((x, y) => add(x as Tensor, y as Tensor));
    const [x, y] = [tensor([1, 2]), tensor([10, 20])];
    expect(await flat(step(x, y))).toEqual([11, 22]);
    const first = write.mock.calls.length;
    expect(await flat(step(x, y))).toEqual([11, 22]);
    expect(write.mock.calls.length).toBe(first);
    expect(await flat(step(y, y))).toEqual([20, 40]);
    expect(await flat(step(x, y))).toEqual([11, 22]);
    expect(write.mock.calls.length).toBe(first + 2);
  });

  it("is what a variable holds at the call", async () => {
    const step = compile((x) => mul(x as Tensor, 2));
    const [v, x] = [variable([1, 2]), tensor([5, 6])];
    expect(await flat(step(v))).toEqual([2, 4]);
    v.assign(tensor([3, 4]));
    expect(await flat(step(v))).toEqual([6, 8]);
    expect(await flat(step(x))).toEqual([10, 12]);
    v.assign(tensor([7, 8]));
    expect(await flat(step(v))).toEqual([14, 16]);
    expect(await flat(step(x))).toEqual([10, 12]);
  });

  it("is brought there again where the step's plan was dropped meanwhile", async () => {
    const step = compile((x) => mul(x as Tensor, 2));
    const x = tensor([1, 2]);
    expect(await flat(step(x))).toEqual([2, 4]);
    step.dispose();
    expect(await flat(step(x))).toEqual([2, 4]);
  });
});

describe("random numbers of a compiled step", () => {
  it("are those of the count that the caller gives, whichever run it is", async () => {
    let count = 7;
    const step = compile(() => uniform([4]), { randomCount: () => count });
    const seventh = await flat(step());
    count = 8;
    const eighth = await flat(step());
    count = 7;
    expect(await flat(step())).toEqual(seventh);
    expect(eighth).not.toEqual(seventh);
  });

  it("are those of its runs, from 0, whichever arguments it has and however often it is planned", async () => {
    const [step, same] = [0, 1].map((stream) =>
      compile((x) => uniform((x as Tensor).shape), {
        randomStream: () => 5,
        ...(stream === 1 && { randomCount: () => count }),
      }),
    );
    let count = 0;
    if (step === undefined || same === undefined) return expect.unreachable();
    const draws: number[][] = [];
    for (const size of [4, 2, 4, 4]) {
      if (count === 3) step.dispose();
      draws.push(await flat(step(zeros([size]))));
      expect(await flat(same(zeros([size])))).toEqual(draws.at(-1));
      count++;
    }
    const firsts = draws.map(([first]) => first);
    expect(new Set(firsts).size).toBe(4);
  });

  it("are never those of another step, of eager tensors, or of a step made before init", async () => {
    vi.resetModules();
    const [functions, open] = await Promise.all([
      import("../../../src/functions.ts"),
      import("./open.ts"),
    ]);
    const make = () => functions.compile(() => functions.uniform([4]));
    const early = [make(), make()];
    open.openCounting();
    const steps = [...early, make(), make(), make()];
    const draws: string[] = [];
    for (let run = 0; run < 3; run++) {
      for (const step of steps) draws.push(String(await (await step()).data()));
      draws.push(String(await functions.uniform([4]).data()));
    }
    expect(new Set(draws).size).toBe(draws.length);
  });

  it("follow the order in which steps are made, not that of their calls", async () => {
    const draw = async (order: readonly number[]) => {
      openCounting({ seed: 4 });
      const steps = [0, 1, 2].map(() => compile(() => uniform([4])));
      const draws: Record<number, number[]> = {};
      for (const i of order) draws[i] = await flat(steps[i]?.() ?? Promise.reject());
      return draws;
    };
    expect(await draw([2, 0, 1])).toEqual(await draw([0, 1, 2]));
  });
});

describe("a compiled step is compiled once", () => {
  it("for all numbers that it is called with", async () => {
    const step = compile((x, factor) => mul(x as Tensor, factor as Tensor));
    const x = tensor([1, 2, 3]);
    for (const factor of [1, 2.5, -0]) {
      expect([...(await (await step(x, factor)).data())]).toEqual([factor, 2 * factor, 3 * factor]);
    }
    expect(device.loads).toBe(1);
    expect(step.plans.length).toBe(1);
    expect(step.explain()).toContain("because of the first call; run 3 times");
  });

  it("for each signature of shapes and dtypes, and says why", async () => {
    const step = compile((x) => sum(x as Tensor));
    const calls = [ones([3]), ones([4]), ones([3]), ones([4]), zeros([3], "i32")];
    const sums = [];
    for (const x of calls) sums.push(await (await step(x)).item());
    expect(sums).toEqual([3, 4, 3, 4, 0]);
    expect(step.plans.length).toBe(3);
    expect(step.explain()).toContain("a new signature of arguments: (f32[4])");
  });

  it("for all learning rates of an optimizer, and all steps of its schedule", async () => {
    const w = variable([1, 1]);
    const optimizer = optim.sgd({ learningRate: 0.5 });
    const step = compile(() => {
      const [loss, gradients] = valueAndGrad([w], () => sum(w));
      optimizer.update(gradients);
      return loss;
    });
    const losses = [];
    for (const rate of [0.5, 0.25, 0]) {
      optimizer.setLearningRate(rate);
      losses.push(await (await step()).item());
    }
    expect(losses).toEqual([2, 1, 0.5]);
    expect([...(await w.data())]).toEqual([0.25, 0.25]);
    expect(step.plans.length).toBe(1);
  });

  it("for all random numbers: every run draws new ones, and the seed decides which", async () => {
    const draw = async (seed: number) => {
      ({ device } = openCounting({ seed }));
      const step = compile(() => [uniform([4]), uniform([4]), dropout(ones([64]), 0.5)]);
      const runs = [];
      for (let run = 0; run < 3; run++) {
        const [a, b, c] = await step();
        runs.push([a, b, c].map((t) => t?.data()));
      }
      expect(device.loads).toBe(1);
      return JSON.stringify(await Promise.all(runs.flat()));
    };
    const [first, again, other] = [await draw(1), await draw(1), await draw(2)];
    expect(again).toBe(first);
    expect(other).not.toBe(first);
    expect(new Set(JSON.parse(first).map((values: object) => JSON.stringify(values))).size).toBe(9);
  });
});

describe("a compiled step", () => {
  it("returns what the function returns, with values in place of tensors", async () => {
    const step = compile((x) => ({
      twice: add(x as Tensor, x as Tensor),
      list: [sum(x as Tensor), undefined],
      nothing: undefined,
    }));
    const { twice, list, nothing } = await step(tensor([1, 2]));
    expect([...(await twice.data())]).toEqual([2, 4]);
    expect(await list[0]?.item()).toBe(3);
    expect([list[1], nothing]).toEqual([undefined, undefined]);
  });

  it.each([5, 5000])("gives results of %i elements that later runs leave alone", async (size) => {
    const step = compile((x) => mul(x as Tensor, 2));
    const results = [];
    for (let i = 1; i <= 3; i++) results.push(await step(tensor(new Float32Array(size).fill(i))));
    expect(await Promise.all(results.map((r) => r.data().then((d) => d[size - 1])))).toEqual([
      2, 4, 6,
    ]);
  });

  it("takes results of other steps, lazy tensors and numbers as arguments", async () => {
    const step = compile((a, b) => add(a as Tensor, b as Tensor));
    const first = await step(add(ones([2]), 1), 3);
    expect([...(await (await step(first, 1)).data())]).toEqual([6, 6]);
    expect([...(await (await step(first, first)).data())]).toEqual([10, 10]);
  });

  it("sees variables assigned before, and its own assignments are seen after", async () => {
    const w = variable([1, 2]);
    const step = compile(() => {
      w.assign(mul(w, 3));
      return sum(w);
    });
    w.assign(add(w, 1));
    expect(await (await step()).item()).toBe(15);
    expect([...(await w.data())]).toEqual([6, 9]);
    w.load(Float32Array.of(1, 1));
    expect(await (await step()).item()).toBe(6);
    expect(step.plans.length).toBe(1);
  });

  it("runs in the order in which it was called, however late its results are read", async () => {
    const count = variable([0]);
    const step = compile(() => {
      count.assign(add(count, 1));
      return count;
    });
    const running = [step(), step(), step()];
    const read = await Promise.all(running.map(async (result) => (await (await result).data())[0]));
    expect(read).toEqual([1, 2, 3]);
  });

  it("is planned again when its variables have been packed by an optimizer since", async () => {
    const model = nn.linear(3, 2);
    const forward = compile((x) => model(x as Tensor));
    const x = ones([1, 3]);
    const before = [...(await (await forward(x)).data())];
    const optimizer = optim.sgd({ learningRate: 0 });
    const train = compile((input) => {
      const [loss, gradients] = valueAndGrad(model.parameters(), () => sum(model(input as Tensor)));
      optimizer.update(gradients);
      return loss;
    });
    await (await train(x)).item();
    expect([...(await (await forward(x)).data())]).toEqual(before);
    expect(forward.explain()).toContain("variables have been moved since");
  });
});

describe("a compiled step refuses", () => {
  it("an async function", async () => {
    const step = compile(async () => ones([1]));
    await expect(step()).rejects.toThrow(TraceError);
  });

  it("to read a tensor while it is traced", async () => {
    let reading: Promise<unknown> | undefined;
    const step = compile((x) => {
      reading = (x as Tensor).data();
      reading.catch(() => undefined);
      return x as Tensor;
    });
    await step(1);
    await expect(reading).rejects.toThrow(/Return it from the step/);
  });

  it("another compiled step inside it", async () => {
    const inner = compile(() => ones([1]));
    const outer = compile(() => {
      inner().catch(() => undefined);
      return ones([1]);
    });
    await expect(outer()).rejects.toThrow(/cannot be called inside another/);
    expect(await (await inner()).item()).toBe(1);
  });

  it("tensors that were kept from a trace", async () => {
    let kept: Tensor | undefined;
    await compile((x) => {
      kept = x as Tensor;
      return x as Tensor;
    })(1);
    await expect((kept as Tensor).data()).rejects.toThrow(TraceError);
    const step = compile((x) => x as Tensor);
    await expect(step(kept as Tensor)).rejects.toThrow(ArgumentError);
  });

  it("results that are no tensors", async () => {
    const step = compile(() => 3);
    await expect(step()).rejects.toThrow(/must return tensors/);
  });

  it("wrong shapes, and works with right ones afterwards", async () => {
    const w = variable([[1], [2]]);
    const step = compile((x) => {
      w.assign(add(w, 1));
      return matmul(x as Tensor, w);
    });
    await expect(step(ones([1, 3]))).rejects.toThrow(ShapeError);
    expect([...(await w.data())]).toEqual([1, 2]);
    expect(await (await step(ones([1, 2]))).item()).toBe(5);
  });

  it("to run where no device is open", () => {
    setCurrentRuntime(undefined);
    const step = compile(() => ones([1]));
    expect(() => step()).toThrow(GradgpuError);
    expect(() => step()).toThrow(/await init\(\)/);
  });

  it("assignments of another type", () => {
    const w: Variable = variable([1, 2]);
    expect(() => w.assign(ones([3]))).toThrow(ShapeError);
    expect(() => w.load(new Float32Array(3))).toThrow(ShapeError);
  });
});
