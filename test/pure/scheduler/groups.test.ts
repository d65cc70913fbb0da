/** What becomes one walk over rows, and what does not. Values are checked against the ops one by one. */
import { describe, expect, it } from "vitest";
import { referenceTraits } from "../../../src/devices/reference/device.ts";
import { packed } from "../../../src/functions/packed.ts";
import {
  add,
  broadcastTo,
  div,
  exp,
  grad,
  log,
  matmul,
  max,
  mean,
  mul,
  pad,
  relu,
  reshape,
  slice,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  transpose,
  where,
} from "../../../src/functions.ts";
import { type GroupProgram, levelsOf } from "../../../src/scheduler/group-program.ts";
import type { DeviceTraits } from "../../../src/scheduler/lowering.ts";
import { input, labels, planned, type TensorWish } from "../../support/plans.ts";

const x = input("x", [3, 4, 6]);
const gamma = input("gamma", [6]);
const beta = input("beta", [6]);
const row = { axis: -1, keepDims: true };

function layerNorm(of: Tensor): Tensor {
  const centred = sub(of, mean(of, row));
  const deviation = sqrt(add(mean(square(centred), row), 1e-5));
  return add(mul(div(centred, deviation), gamma), beta);
}

function softmax(of: Tensor): Tensor {
  const terms = exp(sub(of, max(of, row)));
  return div(terms, sum(terms, row));
}

/** The plan's steps, with the programs that were lowered on the way. */
async function groups(wish: TensorWish): Promise<{ steps: string[]; programs: GroupProgram[] }> {
  const programs: GroupProgram[] = [];
  const { groups: own } = referenceTraits;
  const traits: DeviceTraits = {
    ...referenceTraits,
    groups: {
      ...own,
      lower: (site) => {
        programs.push(site.program);
        return own.lower(site);
      },
    },
  };
  return { steps: labels(await planned(wish, traits)), programs };
}

describe("one walk over rows", () => {
  it("is what a norm becomes, however often it reduces them", async () => {
    const { steps, programs } = await groups({ outputs: [layerNorm(x)] });
    expect(steps.length).toBe(1);
    const [program] = programs;
    expect(program?.shape).toEqual([12, 6]);
    expect(program?.kept).toBe(1);
    expect(Math.max(...levelsOf(program as GroupProgram).map(({ stage }) => stage))).toBe(2);
  });

  it("is what a softmax becomes, and its logarithm", async () => {
    expect((await groups({ outputs: [softmax(x)] })).steps.length).toBe(1);
    const shifted = sub(x, max(x, row));
    const logarithm = sub(shifted, log(sum(exp(shifted), row)));
    expect((await groups({ outputs: [logarithm] })).steps.length).toBe(1);
  });

  it("stores on its way what others read", async () => {
    const product = matmul(reshape(softmax(x), [12, 6]), reshape(x, [6, 12]));
    const { programs } = await groups({ outputs: [product, max(x, row)] });
    expect(programs.map(({ stores }) => stores.length)).toEqual([2]);
  });

  it("goes through reshapes that cut or join dimensions", async () => {
    const flat = reshape(layerNorm(reshape(x, [12, 6])), [3, 24]);
    expect((await groups({ outputs: [add(flat, reshape(x, [3, 24]))] })).steps.length).toBe(1);
  });

  it("runs along leading dimensions as well as along the last", async () => {
    const column = { axis: [0, 1], keepDims: true };
    const centred = sub(x, mean(x, column));
    const scaled = div(centred, sqrt(add(mean(square(centred), column), 1e-5)));
    const { steps, programs } = await groups({ outputs: [scaled] });
    expect(steps.length).toBe(1);
    expect(programs[0]?.shape).toEqual([6, 12]);
    expect(programs[0]?.stores[0]?.strides).toEqual([1, 6]);
  });

  it("is not what reductions along different dimensions become", async () => {
    const { steps } = await groups({
      outputs: [sum(x, { axis: 2 }), sum(exp(x), { axis: [0, 1] })],
    });
    expect(steps.length).toBe(2);
  });

  it("does not read another row's reduction", async () => {
    const square = input("square", [5, 5]);
    const { steps } = await groups({ outputs: [sub(square, sum(square, { axis: 1 }))] });
    expect(steps.length).toBe(2);
  });
});

describe("a plan says why a group ends where it does", () => {
  const ends = async (outputs: readonly Tensor[], traits?: DeviceTraits) =>
    (await planned({ outputs }, traits)).steps.map(({ why }) => why.split("; ends here: ")[1]);

  it("because of what reads it, or because nobody does", async () => {
    const square = input("square", [5, 5]);
    const [first, last] = await ends([sub(square, sum(exp(square), { axis: 1 }))]);
    expect(first).toBe("other rows are read");
    expect(last).toBe("its result is wanted");
    const product = matmul(exp(square), square);
    expect((await ends([product]))[0]).toBe("what reads it is no group");
  });

  it("or because of the device", async () => {
    const own = referenceTraits.groups;
    const traits = own && { ...referenceTraits, groups: { ...own, takes: () => false } };
    expect(await ends([softmax(x)], traits)).toContain(
      "the device gains nothing by doing both at once",
    );
    const inputs = Array.from({ length: 5 }, (_, i) => input(`many ${i}`, [7]));
    const narrow = { ...referenceTraits, maxElementwiseOperands: 3 };
    const total = inputs.reduce((a, b) => add(a, b));
    expect(await ends([total], narrow)).toContain("a kernel reads and writes 3 tensors");
  });
});

describe("gradients", () => {
  it("of a norm are two walks: over rows, and over columns", async () => {
    const loss = () => sum(mul(layerNorm(x), input("w", [3, 4, 6])));
    const { steps } = await groups({ outputs: [...grad(loss, x, gamma, beta)] });
    expect(steps.length).toBeLessThanOrEqual(3);
  });

  it("of a softmax are one walk more", async () => {
    const loss = () => sum(mul(softmax(x), input("w", [3, 4, 6])));
    expect((await groups({ outputs: [...grad(loss, x)] })).steps.length).toBeLessThanOrEqual(2);
  });
});

describe("parts of packs", () => {
  const packOf = (...sizes: number[]) => packed(sizes.map((n) => input(`one of ${n}`, [n])));
  const [few, many] = [mul(packOf(3, 40), 2), exp(packOf(50, 2))];

  it("are read together, whatever lies where in the others", async () => {
    await planned({ outputs: [add(slice(few, [0], [1]), slice(many, [0], [1]))] });
    await planned({ outputs: [add(slice(few, [0], [3]), slice(many, [1], [3]))] });
    await planned({ outputs: [sum(mul(slice(many, [0], [40]), slice(few, [64], [40])))] });
  });

  it("are read by themselves as any slice is", async () => {
    await planned({ outputs: [sum(slice(many, [0], [50])), exp(slice(few, [64], [7]))] });
  });
});

describe("a padded tensor", () => {
  const { groups: own } = referenceTraits;
  const masking: DeviceTraits = { ...referenceTraits, groups: { ...own, readsBeyond: true } };
  const stepsOf = async (...outputs: readonly Tensor[]) =>
    labels(await planned({ outputs }, masking));
  const around = pad(x, [
    [0, 0],
    [1, 2],
    [3, 0],
  ]);
  const whole = input("whole", [3, 7, 9]);

  it("is read where it lies by elementwise work and by reductions", async () => {
    expect(await stepsOf(add(exp(around), whole))).toEqual(["pad + exp + add"]);
    expect((await stepsOf(sum(mul(around, whole), { axis: 1 }))).length).toBe(1);
    expect((await stepsOf(softmax(sub(around, whole)))).length).toBe(1);
    expect((await stepsOf(exp(around), sum(around, { axis: [0, 2] }))).length).toBe(2);
    expect((await stepsOf(add(broadcastTo(around, [2, 3, 7, 9]), 1))).length).toBe(1);
  });

  it("of any dtype, with one element or many, on one side or all", async () => {
    const flags = pad(input("flags", [4], "bool"), [[2, 1]]);
    const counts = pad(input("counts", [1, 1], "i32"), [
      [0, 3],
      [2, 0],
    ]);
    expect((await stepsOf(where(flags, input("a", [7]), 3), add(counts, 2))).length).toBe(2);
    const sums = add(pad(input("u", [3], "u32"), [[5, 0]]), pad(input("v", [7], "u32"), [[0, 1]]));
    expect((await stepsOf(sums)).length).toBe(1);
  });

  it("is read where a view of another tensor lies; a part of it is one of a tensor that is made", async () => {
    const turned = transpose(slice(input("cube", [8, 9, 10]), [1, 2, 3], [4, 5, 6]), [1, 0, 2]);
    const among = pad(slice(turned, [1, 0, 2], [4, 3, 3]), [
      [1, 0],
      [0, 2],
      [3, 0],
    ]);
    expect(await stepsOf(exp(among))).toEqual(["slice + transpose + slice + pad + exp"]);
    expect(await stepsOf(exp(slice(among, [0, 0, 1], [5, 4, 4])))).toContain("pad");
  });

  it("is read in another shape by what stands behind a reshape", async () => {
    await stepsOf(mul(reshape(add(around, whole), [21, 9]), input("flat", [21, 9])));
    await stepsOf(mul(reshape(add(around, whole), [3, 7, 3, 3]), input("cut", [3, 7, 3, 3])));
    await stepsOf(add(exp(reshape(around, [21, 9])), 1));
  });

  it("is a step of its own where nothing is padded, a product reads it or it is wanted", async () => {
    const none = pad(input("none", [0, 3]), [
      [2, 0],
      [0, 1],
    ]);
    expect(await stepsOf(add(none, 1))).toContain("pad");
    expect(await stepsOf(matmul(reshape(around, [21, 9]), input("w", [9, 2])))).toContain("pad");
    expect(await stepsOf(around, exp(around))).toContain("pad");
  });
});

describe("a view of a view", () => {
  const cube = input("cube", [8, 9, 10]);
  const plane = input("plane", [33, 34]);
  const rowOf = (of: Tensor, at: number) => reshape(slice(of, [at, 0, 0], [1, 9, 10]), [9, 10]);
  const within = (of: Tensor) =>
    slice(
      of,
      [1, 1],
      of.shape.map((n) => n - 2),
    );
  const turned = slice(
    transpose(slice(cube, [1, 2, 3], [4, 5, 6]), [1, 0, 2]),
    [1, 0, 2],
    [4, 3, 3],
  );

  it.each<[string, () => Tensor]>([
    ["a part of a part of a part", () => exp(within(within(within(plane))))],
    ["a part in another order of a part", () => mul(turned, 2)],
    ["a step, which has a dimension less", () => add(rowOf(cube, 3), 1)],
    ["a part of a step", () => sum(square(within(rowOf(cube, 7))), { axis: 0 })],
    [
      "a column in another order",
      () => exp(transpose(reshape(slice(cube, [0, 4, 0], [8, 1, 10]), [8, 10]))),
    ],
    ["steps side by side", () => add(rowOf(cube, 0), within(slice(plane, [0, 3], [11, 12])))],
    ["a part between new dimensions", () => mul(reshape(within(plane), [1, 31, 1, 32]), 2)],
    [
      "a part that is repeated",
      () => mul(broadcastTo(reshape(turned, [4, 1, 3, 3]), [4, 2, 3, 3]), 2),
    ],
  ])("is read where the first one's tensor is: %s", async (_, make) => {
    expect((await groups({ outputs: [make()] })).steps.length).toBe(1);
  });

  it("is a tensor of its own once where two read it in another order, where it is wanted, in a long chain, and far from its neighbours", async () => {
    const other = transpose(within(plane));
    const steps = async (...outputs: Tensor[]) => (await groups({ outputs })).steps;
    expect(
      (await steps(exp(slice(other, [0, 0], [5, 6])), square(other))).filter(
        (label) => label === "transpose",
      ),
    ).toHaveLength(1);
    expect(await steps(other, exp(slice(other, [0, 0], [5, 6])))).toContain("transpose");
    let shown = plane;
    for (let i = 0; i < 12; i++) shown = within(shown);
    expect(await steps(exp(shown))).toHaveLength(5);
    const channels = slice(input("image", [2, 6, 7, 3]), [0, 1, 1, 0], [2, 4, 5, 3]);
    expect(await steps(exp(transpose(channels, [0, 3, 1, 2])))).toEqual([
      "slice",
      "transpose + exp",
    ]);
  });
});

describe("a broadcast that a group reads", () => {
  const given = input("given", [5]);
  const times = input("times", [10, 5]);
  const twice = mul(given, 2);
  const wide = broadcastTo(twice, [2, 5]);

  it("is read where it comes from, another shape of it too", async () => {
    const product = matmul(wide, input("w", [5, 3]));
    const other = mul(reshape(wide, [2, 5, 1]), reshape(slice(times, [0, 0], [2, 5]), [2, 5, 1]));
    await groups({ outputs: [product, other] });
  });

  it("is stored if the group walks along none of its dimensions", async () => {
    await groups({ outputs: [mul(reshape(broadcastTo(x, [2, 3, 4, 6]), [144]), -1)] });
    const three = broadcastTo(reshape(mul(given, 3), [1, 5]), [3, 5]);
    const flat = input("flat", [15]);
    await groups({ outputs: [add(reshape(three, [15]), flat), mul(reshape(three, [15, 1]), 2)] });
    await groups({
      outputs: [add(reshape(broadcastTo(reshape(given, [5, 1]), [5, 6]), [3, 10]), 1)],
    });
  });

  it("is stored for a broadcast of it in another shape", async () => {
    const rows = reshape(broadcastTo(reshape(x, [3, 1, 4, 6]), [3, 2, 4, 6]), [6, 4, 6]);
    const both = broadcastTo(reshape(rows, [6, 4, 1, 6]), [6, 4, 3, 6]);
    await groups({ outputs: [reshape(both, [6, 12, 6])] });
    await groups({ outputs: [add(reshape(both, [6, 12, 6]), 1), mul(rows, 2)] });
  });

  it("is read through by what follows a product without a host", async () => {
    const product = matmul(times, input("square", [5, 5]));
    const parts = [twice, slice(input("long", [9]), [2], [5])];
    const own = parts.map((bias) => groups({ outputs: [relu(add(product, bias))] }));
    const steps = (await Promise.all(own)).map((plan) => plan.steps.at(-1));
    expect(steps).toEqual(["mul + add + relu", "slice + add + relu"]);
  });
});
