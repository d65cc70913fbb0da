/** Calls take effect in their order, whoever awaits them: against a sequential model, at random. */
import { beforeEach, describe, expect, it } from "vitest";
import {
  add,
  compile,
  mul,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
  variable,
} from "../../../src/functions.ts";
import { nn, optim } from "../../../src/index.ts";
import { foldIn, keyOf } from "../../../src/tensor/random.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

describe("a call that was made before", () => {
  it("of a step does not see what is loaded after it", async () => {
    const v = variable([1]);
    const step = compile(() => {
      const next = add(v, 1);
      v.assign(next);
      return next;
    });
    await step();
    const before = step();
    v.load([100]);
    const behind = step();
    expect([await (await before).item(), await (await behind).item()]).toEqual([3, 101]);
  });

  it("of data() does not see what is loaded after it, and what is loaded is copied at once", async () => {
    const v = variable([1]);
    await mul(v, 1).data();
    const read = v.data();
    const loaded = Float32Array.of(7);
    v.load(loaded);
    loaded.fill(9);
    expect([...(await read), ...(await v.data())]).toEqual([1, 7]);
  });

  it("of stateDict() does not see a state dict that is loaded after it", async () => {
    const model = nn.linear(2, 2, { seed: 1 });
    const [own, other] = [await model.stateDict(), await nn.linear(2, 2, { seed: 2 }).stateDict()];
    const saved = model.stateDict();
    model.loadStateDict(other);
    expect(await saved).toEqual(own);
    expect(await model.stateDict()).toEqual(other);
  });

  it("of a step trains with the learning rate that held then", async () => {
    const w = variable([0]);
    const optimizer = optim.sgd({ learningRate: 1 });
    const step = compile(() => {
      const [loss, gradients] = valueAndGrad([w], () => sum(w));
      optimizer.update(gradients);
      return loss;
    });
    const calls = [step(), step()];
    optimizer.setLearningRate(100);
    calls.push(step());
    await Promise.all(calls);
    expect([...(await w.data())]).toEqual([-102]);
  });

  it("of a step is not undone when what it reads is disposed of after it", async () => {
    const v = variable([1, 2]);
    const step = compile(() => sum(v));
    const calls = [step(), step()];
    v.dispose();
    expect(await Promise.all(calls.map(async (call) => (await call).item()))).toEqual([3, 3]);
    await expect(step()).rejects.toThrow(/dispose/);
  });

  it("of a step reads its arguments as they were, also where an argument is a variable", async () => {
    const v = variable([1]);
    const step = compile((x) => mul(x as Tensor, 10));
    const before = step(v);
    v.load([2]);
    expect([await (await before).item(), await (await step(v)).item()]).toEqual([10, 20]);
  });

  it("of assign is part of what a first call of a step sees, and a tensor made in between sees the step", async () => {
    const v = variable([1]);
    v.assign(add(v, 1));
    const step = compile(() => {
      v.assign(mul(v, 10));
    });
    const calls = [step(), step()];
    const after = add(v, 0.5).data();
    v.assign(add(v, 3));
    await Promise.all(calls);
    expect([...(await after), ...(await v.data())]).toEqual([200.5, 203]);
  });
});

/** One call on the variables and, at once, on numbers; what is read is compared later. */
type Call = () => Promise<void> | undefined;

describe("calls at random", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("do what a sequential model does, seed %i", async (seed) => {
    let draws = 0;
    const draw = (below: number) => foldIn(keyOf(seed), draws++)[0] % below;
    const model = [1, 2, 3];
    const variables = model.map((n) => variable([n]));
    const at = (i: number) => variables[i] ?? variable([0]);
    const step = compile((x) => {
      at(0).assign(add(at(0), x as Tensor));
      at(1).assign(mul(at(0), 0.5));
      return add(at(0), at(1));
    });
    const other = compile(() => {
      at(2).assign(add(at(2), at(0)));
      return at(2);
    });
    const number = (i: number) => model[i] ?? Number.NaN;
    const check = async (read: Promise<ArrayLike<number>>, wanted: number) => {
      expect((await read)[0]).toBe(Math.fround(wanted));
    };
    const item = async (result: Promise<Tensor>) => (await result).data();
    const kinds: Call[] = [
      () => {
        const x = draw(4);
        model[0] = number(0) + x;
        model[1] = number(0) * 0.5;
        return check(item(step(x)), number(0) + number(1));
      },
      () => {
        model[2] = number(2) + number(0);
        return check(item(other()), number(2));
      },
      () => {
        const [i, n] = [draw(3), draw(9)];
        model[i] = n;
        at(i).load([n]);
        return undefined;
      },
      () => {
        const [i, j] = [draw(3), draw(3)];
        const next = number(j) - 2;
        at(i).assign(add(at(j), -2));
        model[i] = next;
        return undefined;
      },
      () => {
        const i = draw(3);
        return check(at(i).data(), number(i));
      },
      () => {
        const [i, j] = [draw(3), draw(3)];
        return check(add(at(i), at(j)).data(), number(i) + number(j));
      },
      () => {
        const i = draw(3);
        const result = item(step(at(i)));
        model[0] = number(0) + number(i);
        model[1] = number(0) * 0.5;
        return check(result, number(0) + number(1));
      },
    ];
    const waiting: Promise<void>[] = [];
    for (let n = 0; n < 150; n++) {
      // Values stay small, so that f32 is exact.
      if (n % 10 === 9) {
        for (const i of [0, 1, 2]) {
          model[i] = i;
          at(i).load([i]);
        }
      }
      const done = kinds[draw(kinds.length)]?.();
      if (done !== undefined) waiting.push(done);
      if (draw(6) === 0) await waiting.at(-1);
    }
    await Promise.all(waiting);
    expect(waiting.length).toBeGreaterThan(50);
  });
});

describe("values that are read", () => {
  it("are computed of what is there: a result that was read is not computed again", async () => {
    const { device } = openCounting();
    const x = mul(tensor([1, 2]), 2);
    const later = add(x, 1);
    await x.data();
    await later.data();
    expect(device.runs).toBe(2);
    x.dispose();
    // Built before x was disposed of: computed again from what x was made of.
    expect([...(await later.data())]).toEqual([3, 5]);
  });
});
