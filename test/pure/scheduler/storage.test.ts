import { describe, expect, it } from "vitest";
import { referenceTraits } from "../../../src/devices/reference/device.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import { wrap } from "../../../src/functions/apply.ts";
import {
  add,
  argmax,
  cells,
  concat,
  exp,
  lstm,
  matmul,
  mul,
  relu,
  reshape,
  scan,
  slice,
  sub,
  sum,
  sumOfSquares,
  type Tensor,
  tanh,
  transpose,
} from "../../../src/functions.ts";
import { bodyOfCell } from "../../../src/graph/cell-body.ts";
import { emit } from "../../../src/graph/graph.ts";
import { schedule } from "../../../src/scheduler/schedule.ts";
import { checkPlan } from "../../support/check-plan.ts";
import { type PackedUpdate, packedUpdate, updatesOf } from "../../support/packed-update.ts";
import { input, labels, planned, wishOf } from "../../support/plans.ts";
import { requestOf } from "../../support/run-graph.ts";

const x = input("x", [6, 64]);

describe("views", () => {
  it("of whole rows need no copy", async () => {
    const plan = await planned({ outputs: [argmax(slice(exp(x), [2, 0], [3, -1]))] });
    expect(labels(plan)).toEqual(["exp", "argmax"]);
  });

  it("start where the device allows them to, and are copied elsewhere", async () => {
    const odd = input("odd", [6, 5]);
    const wish = { outputs: [argmax(slice(exp(odd), [1, 0], [3, -1]))] };
    expect(labels(await planned(wish))).toEqual(["exp", "argmax"]);
    const aligned = { ...referenceTraits, viewAlignment: 64 };
    expect(labels(await planned(wish, aligned))).toEqual(["exp", "slice", "argmax"]);
  });

  it("are a way of reading where groups read them, wherever they start", async () => {
    const odd = input("odd", [6, 5]);
    const aligned = { ...referenceTraits, viewAlignment: 64 };
    const part = slice(exp(odd), [1, 2], [3, 2]);
    const plan = await planned({ outputs: [sum(part), add(part, 1)] }, aligned);
    expect(labels(plan)).toEqual(["exp", "slice + reduce", "slice + add"]);
    const turned = await planned({ outputs: [sub(transpose(odd), 1)] }, aligned);
    expect(labels(turned)).toEqual(["transpose + sub"]);
    const twice = await planned(
      { outputs: [sub(transpose(odd), 1), exp(transpose(odd))] },
      aligned,
    );
    expect(labels(twice)[0]).toBe("transpose");
  });

  it("of views, through reshapes, read the right elements", async () => {
    const rows = slice(reshape(exp(x), [12, 32]), [2, 0], [8, -1]);
    const inner = slice(reshape(rows, [4, 64]), [1, 0], [2, -1]);
    await planned({ outputs: [inner, add(inner, 1), transpose(inner)] });
  });

  it("of slices that had to be copied are read after the copy", async () => {
    // The sum of small items is joined with earlier ones: it must not go ahead of the slice that it reads.
    const aligned = { ...referenceTraits, viewAlignment: 64 };
    const [gates, other] = [input("gates", [4, 3]), input("other", [3])];
    const first = tanh(other);
    const total = sum(first);
    const part = reshape(slice(gates, [1, 0], [1, -1]), [3]);
    await planned({ outputs: [total, mul(part, other)] }, aligned);
  });

  it("of columns are no views", async () => {
    await planned({ outputs: [slice(x, [0, 3], [-1, 2]), sum(slice(exp(x), [0, 0], [-1, 1]))] });
  });
});

describe("what is joined", () => {
  const [a, b] = [input("a", [2, 64]), input("b", [3, 64])];
  const [w, odd] = [input("w", [64, 64]), input("odd", [3, 5])];
  const aligned = { ...referenceTraits, viewAlignment: 64 };

  it("is made in its place, by whatever makes it, and needs no step", async () => {
    const parts = [exp(a), matmul(b, w), sum(mul(x, 2), { axis: 1, keepDims: true })];
    const joined = concat([
      concat(parts.slice(0, 2)),
      matmul(parts[2] as Tensor, slice(w, [0, 0], [1, -1])),
    ]);
    const plan = await planned({ outputs: [argmax(joined), parts[0] as Tensor] }, aligned);
    expect(labels(plan)).not.toContain("concat");
    expect(labels(plan)).toEqual(expect.arrayContaining(["exp", "matmul", "argmax"]));
  });

  it("is a result, made there", async () => {
    const plan = await planned({ outputs: [concat([exp(a), relu(b)])] }, aligned);
    expect(labels(plan)).toEqual(["exp", "relu"]);
    expect(plan.slots).toEqual([]);
  });

  it("may have parts that are copied, one by one", async () => {
    const one = await planned({ outputs: [argmax(concat([exp(a), b]))] }, aligned);
    expect(labels(one)).toEqual(["exp", "copy", "argmax"]);
    const twice = exp(a);
    const same = await planned({ outputs: [argmax(concat([twice, twice]))] }, aligned);
    expect(labels(same)).toEqual(["exp", "copy", "argmax"]);
    const two = await planned({ outputs: [argmax(concat([exp(a), b, b]))] }, aligned);
    expect(labels(two)).toEqual(["exp", "copy", "copy", "argmax"]);
    const none = await planned({ outputs: [argmax(concat([b, b]))] }, aligned);
    expect(labels(none)).toEqual(["concat", "argmax"]);
  });

  it("begins where the device allows views to, and lies in one piece", async () => {
    const rows = () => [exp(odd), tanh(odd)];
    expect(labels(await planned({ outputs: [argmax(concat(rows()))] }, aligned))).toContain(
      "concat",
    );
    expect(labels(await planned({ outputs: [argmax(concat(rows()))] }))).not.toContain("concat");
    expect(labels(await planned({ outputs: [argmax(concat(rows(), 1))] }))).toContain("concat");
    const beside = rows().map((row) => reshape(row, [1, 3, 5]));
    expect(labels(await planned({ outputs: [argmax(concat(beside, 1))] }))).not.toContain("concat");
  });

  it("keeps its parts for whoever reads them after what overwrites the whole", async () => {
    const parts = [exp(a), relu(b)] as [Tensor, Tensor];
    const { carry } = scan(
      (c: Tensor, at: Tensor) => ({ carry: add(mul(c, 0.5), at), y: sum(c) }),
      concat(parts),
      input("steps", [3, 1, 64]),
    );
    const late = parts.map((part) => mul(part, sum(carry)));
    const plan = await planned({ outputs: [add(carry, 1), ...late] }, aligned);
    expect(labels(plan)).not.toContain("concat");
  });
});

describe("results", () => {
  it("may be the same value twice", async () => {
    const y = exp(x);
    const plan = await planned({ outputs: [y, y, reshape(y, [384])] });
    expect(labels(plan).filter((label) => label === "exp").length).toBe(1);
  });

  it("may be inputs, views of inputs, and views of each other", async () => {
    const y = exp(x);
    await planned({ outputs: [x, slice(x, [1, 0], [2, -1]), slice(y, [1, 0], [2, -1]), y] });
  });

  it("may be of size 0, and so may everything on the way", async () => {
    const none = slice(x, [6, 0], [0, -1]);
    const plan = await planned({
      outputs: [none, add(none, 1), sum(none), sum(none, { axis: 0 }), concat([none, none])],
    });
    expect(plan.results.length).toBe(5);
  });

  it("may be numbers alone", async () => {
    await planned({ outputs: [mul(add(sum(x), 2), 0.5)] });
  });
});

describe("variables", () => {
  const [a, b, c] = [input("a", [33]), input("b", [33]), input("c", [33])];

  it("are updated in place where nobody needs the old value any more", async () => {
    const plan = await planned({ updates: [[a, sub(a, mul(b, 0.1))]] });
    expect(plan.steps.length).toBe(1);
    expect(plan.slots).toEqual([]);
  });

  it("can be swapped, and rotated", async () => {
    await planned({
      updates: [
        [a, b],
        [b, a],
      ],
    });
    await planned({
      updates: [
        [a, add(b, 1)],
        [b, c],
        [c, a],
      ],
    });
  });

  it("keep their old value for whoever reads it after the new one is known", async () => {
    const next = mul(a, 2);
    const later = sum(mul(tanh(next), a));
    await planned({ outputs: [later, a], updates: [[a, next]] });
  });

  it("may all take one value, which is a result as well", async () => {
    const next = tanh(add(a, b));
    await planned({
      outputs: [next],
      updates: [
        [a, next],
        [b, next],
        [c, reshape(next, [33])],
      ],
    });
  });

  it("may take a value of a part of another one that changes, too", async () => {
    const long = input("long", [2, 33]);
    await planned({
      updates: [
        [a, reshape(slice(long, [1, 0], [1, -1]), [33])],
        [long, mul(long, 3)],
      ],
    });
  });

  it("may be transposed into themselves", async () => {
    const square = input("square", [5, 5]);
    await planned({ updates: [[square, add(transpose(square), square)]] });
    await planned({ updates: [[square, matmul(square, square)]] });
    const row = slice(square, [0, 0], [1, -1]);
    await planned({ updates: [[square, sub(square, row)]] });
  });
});

describe("packed tensors", () => {
  const shapes = [[3, 5], [7], [64]];
  const named = (name: string) => shapes.map((shape, i) => input(`${name} ${i}`, shape));
  const [parameters, gradients, held] = [named("parameter"), named("gradient"), named("state")];
  const rate = input("rate", []);
  const packs = [parameters, held];
  const isCopy = (label: string) => label === "copy";
  const updates = ({ parameters: next, state }: PackedUpdate) => [
    ...updatesOf(parameters, next),
    ...updatesOf(held, state),
  ];

  it("are updated in place, gradients made in place: one step, no copy", async () => {
    const made = gradients.map((g) => tanh(g));
    const next = packedUpdate(parameters, made, held, rate);
    const plan = await planned({ updates: updates(next), packs });
    expect(labels(plan)).toEqual(["tanh", "tanh", "tanh", "mul + add + mul + sub"]);
  });

  it("are brought side by side where they are not", async () => {
    const next = packedUpdate(parameters, gradients, held, rate);
    const plan = await planned({ updates: updates(next) });
    expect(labels(plan).filter(isCopy).length).toBeGreaterThan(0);
  });

  it("are brought there one by one, where some are made and one is given, or is there twice", async () => {
    const [a, b, c] = gradients as [Tensor, Tensor, Tensor];
    const next = packedUpdate(parameters, [tanh(a), b, c], held, rate);
    const plan = await planned({ updates: updates(next), packs });
    expect(labels(plan).filter(isCopy).length).toBe(2);
    const twice = tanh(c);
    const more = packedUpdate([c, c], [twice, twice], [c, input("other", [64])], rate);
    await planned({ outputs: more.parameters });
  });

  it("may be parts of a longer pack", async () => {
    const made = gradients.map((g) => tanh(g));
    const norm = sumOfSquares([...made, tanh(rate)]);
    const next = packedUpdate(parameters, made, held, norm);
    const plan = await planned({ updates: updates(next), packs }, undefined, undefined, 1e-5);
    expect(labels(plan).filter(isCopy)).toEqual([]);
  });

  it("keep what somebody reads afterwards", async () => {
    const next = packedUpdate(parameters, gradients, held, rate);
    const [first, second] = parameters as [Tensor, Tensor];
    const change = sub(next.parameters[0] as Tensor, first);
    const outputs = [change, held[1] as Tensor, first, exp(second)];
    await planned({ outputs, updates: updates(next), packs });
  });

  it("are not written where not all of them are to change", async () => {
    const next = packedUpdate(parameters, gradients, held, rate);
    const [first, ...others] = updates(next);
    await planned({ updates: others, packs });
    const [variable, value] = first as readonly [Tensor, Tensor];
    const clipped = [variable, relu(value)] as const;
    await planned({ outputs: [value], updates: [clipped, ...others], packs });
  });

  it("work on computed parameters, and twice over", async () => {
    const doubled = parameters.map((p) => mul(p, 2));
    const once = packedUpdate(doubled, gradients, held, rate);
    const twice = packedUpdate(once.parameters, gradients, once.state, rate);
    await planned({ outputs: [...once.parameters, ...twice.parameters] });
    await planned({ updates: updates(twice), packs });
  });
});

describe("ops that overwrite", () => {
  it("lstm writes its gates over the projection, or over a copy where that is still read", async () => {
    const [T, B, H] = [3, 2, 4];
    const recurrent = input("recurrent", [H, H, 4]);
    const inputs = input("inputs", [2, H, 4]);
    const bias = input("gate bias", [H, 4]);
    const sequence = input("sequence", [T, B, 2]);
    const { y, state } = lstm(sequence, { input: inputs, recurrent, bias });
    const request = requestOf(wishOf({ outputs: [y, state.h, state.c] }));
    // A device that walks the cell; the reference has a loop, which is what the plans below are compared with.
    const plain = schedule(request, webgpuTraits());
    expect(checkPlan(plain)).toEqual([]);
    expect(labels(plain)).not.toContain("copy");

    const projected = reshape(matmul(reshape(sequence, [T * B, 2]), reshape(inputs, [2, 4 * H])), [
      T,
      B,
      H,
      4,
    ]);
    const state0 = input("state", [B, H]);
    const outs = emit(
      "recurrence",
      {
        projected: projected.value,
        recurrent: recurrent.value,
        vectors: [],
        initial: [state0.value, state0.value],
        lengths: undefined,
      },
      { cell: bodyOfCell(cells.lstm), reverse: false, flow: false },
    );
    const [gates, hidden] = [outs.tape, outs.states[0]].map((x) => wrap(x ?? projected.value)) as [
      Tensor,
      Tensor,
    ];
    await planned({ outputs: [add(gates, projected), relu(hidden), sum(projected)] });
    await planned({ outputs: [gates, projected] });
  });
});
