import { afterEach, describe, expect, it } from "vitest";
import { ArgumentError, DTypeError, ShapeError, TraceError } from "../../../src/errors.ts";
import {
  add,
  argmax,
  broadcastTo,
  cast,
  compile,
  concat,
  drawNormal,
  dropout,
  equal,
  full,
  grad,
  gradients,
  greater,
  keyOf,
  matmul,
  mul,
  reshape,
  type Shape,
  scan,
  sizeOf,
  slice,
  softmax,
  square,
  stopGradient,
  sub,
  sum,
  Tensor,
  tanh,
  tensor,
  uniform,
  variable,
  where,
  zeros,
} from "../../../src/functions.ts";
import { relativeError } from "../../support/case-data.ts";
import { evaluateTensor, evaluateTensors } from "../../support/evaluate-tensor.ts";
import { openCounting } from "../runtime/open.ts";

const draw = (shape: Shape, seed: number, scale = 1) =>
  tensor(
    Float32Array.from(drawNormal(keyOf(seed), 0, sizeOf(shape)), (x) => scale * x),
    shape,
  );

const [T, B, I, H] = [5, 2, 3, 4];
const x = draw([T, B, I], 1);
const h0 = draw([B, H], 2);
const w = draw([I, H], 3, 0.5);
const u = draw([H, H], 4, 0.5);
const b = draw([H], 5, 0.5);

type Cell = (h: Tensor, x: Tensor) => { carry: Tensor; y: Tensor };
const simple =
  (input: Tensor, recurrent: Tensor, bias: Tensor): Cell =>
  (h, x) => {
    const next = tanh(add(add(matmul(x, input), matmul(h, recurrent)), bias));
    return { carry: next, y: square(next) };
  };

/** The same, a step after the other. */
function unrolled(cell: Cell, carry: Tensor, xs: Tensor): { carry: Tensor; ys: Tensor } {
  const [steps = 0, ...rest] = xs.shape;
  let state = carry;
  const ys: Tensor[] = [];
  for (let t = 0; t < steps; t++) {
    const at = reshape(slice(xs, [t, ...rest.map(() => 0)], [1, ...rest]), rest);
    const done = cell(state, at);
    state = done.carry;
    ys.push(reshape(done.y, [1, ...done.y.shape]));
  }
  return { carry: state, ys: concat(ys) };
}

/** Sums of a few products in another order: some 100 ε of float64. */
const SAME = 1e-14;

function expectSame(actual: readonly Tensor[], expected: readonly Tensor[]): void {
  const [mine, theirs] = [evaluateTensors(actual), evaluateTensors(expected)];
  for (const [i, elements] of mine.entries()) {
    expect(actual[i]?.shape).toEqual(expected[i]?.shape);
    expect(relativeError(elements, theirs[i] ?? []), `result ${i}`).toBeLessThanOrEqual(SAME);
  }
}

describe("a scan means the loop that it stands for", () => {
  it("in value", () => {
    const cell = simple(w, u, b);
    const [{ carry, ys }, loop] = [scan(cell, h0, x), unrolled(cell, h0, x)];
    expectSame([carry, ys], [loop.carry, loop.ys]);
  });

  it("in the gradients of carry, xs and everything that is captured", () => {
    const loss =
      (run: typeof unrolled) =>
      (...[h, xs, input, recurrent, bias]: Tensor[]) => {
        const cell = simple(input as Tensor, recurrent as Tensor, bias as Tensor);
        const { carry, ys } = run(cell, h as Tensor, xs as Tensor);
        return add(sum(ys), sum(mul(carry, carry)));
      };
    const inputs = [h0, x, w, u, b];
    expectSame(grad(loss(scan), ...inputs), grad(loss(unrolled), ...inputs));
  });

  it("in gradients that are summed behind the loop, and in those that cannot be", () => {
    // W is used twice, in products of two kinds; b once as a row and once otherwise; u in a product of itself.
    const loss =
      (run: typeof unrolled) =>
      (...[input, recurrent, bias]: Tensor[]) => {
        const cell: Cell = (h, at) => {
          const first = matmul(at, input as Tensor);
          const second = matmul(matmul(h, input as Tensor, { transposeB: true }), input as Tensor);
          const next = tanh(add(add(first, second), bias as Tensor));
          const square = matmul(next, matmul(recurrent as Tensor, reshape(mul(next, 0.1), [H, B])));
          return { carry: mul(next, sum(square)), y: mul(next, sum(square3(bias as Tensor))) };
        };
        const { carry, ys } = run(cell, h0, x);
        return add(sum(ys), sum(carry));
      };
    const square3 = (of: Tensor) => mul(of, mul(of, of));
    expectSame(grad(loss(scan), w, u, b), grad(loss(unrolled), w, u, b));
  });

  // What a step asks of more than one unit is no walk's: it is told so, and no part of it is put together in vain.
  it.each<[string, (h: Tensor, next: Tensor) => Tensor]>([
    ["a captured condition", (h, next) => where(greater(draw([B, H], 8), 0), next, h)],
    ["a captured condition of rows", (h, next) => where(greater(draw([B, 1], 9), 0), next, h)],
    ["captured ids", (h, next) => where(equal(tensor([[0], [1]], [B, 1], "i32"), 1), next, h)],
    ["its own units", (h, next) => where(greater(h, 0.1), next, h)],
    [
      "a sum of its units",
      (h, next) => where(greater(sum(h, { axis: 1, keepDims: true }), 0), next, h),
    ],
    [
      "its largest unit",
      (h, next) => where(equal(reshape(argmax(h, 1), [B, 1]), 1), next, mul(h, 0.5)),
    ],
    [
      "a mask of a sum, and numbers of a maximum",
      (h, next) => {
        const mask = cast(greater(sum(h, { axis: 1, keepDims: true }), 0), "f32");
        return add(mul(mask, next), mul(cast(reshape(argmax(h, 1), [B, 1]), "f32"), h));
      },
    ],
  ])("where it chooses by %s, with gradients", (_, choose) => {
    const cell = (input: Tensor, recurrent: Tensor) => (h: Tensor, at: Tensor) => {
      const carry = choose(h, tanh(add(matmul(at, input), matmul(h, recurrent))));
      return { carry, y: square(carry) };
    };
    const of = (run: typeof unrolled) => {
      const loss = (...[h, xs, input, recurrent]: Tensor[]) => {
        const own = cell(input as Tensor, recurrent as Tensor);
        const { carry, ys } = run(own, h as Tensor, xs as Tensor);
        return add(sum(ys), sum(mul(carry, carry)));
      };
      return [loss(h0, x, w, u), ...grad(loss, h0, x, w, u)];
    };
    expectSame(of(scan as typeof unrolled), of(unrolled));
  });

  it("in second derivatives", () => {
    const twice = (run: typeof unrolled) =>
      grad(
        (...[recurrent, xs]: Tensor[]) => {
          const first = grad(
            (...[inner, x]: Tensor[]) =>
              sum(run(simple(w, inner as Tensor, b), h0, x as Tensor).carry),
            recurrent as Tensor,
            xs as Tensor,
          );
          return add(sum(square(first[0] as Tensor)), sum(square(first[1] as Tensor)));
        },
        u,
        x,
      );
    expectSame(twice(scan), twice(unrolled));
  });

  it("in the gradient of a gradient that is taken inside the cell", () => {
    const cell: Cell = (h, x) => {
      const [slope] = grad((of) => sum(tanh(mul(of, matmul(x, w)))), h);
      const next = sub(h, mul(0.1, slope as Tensor));
      return { carry: next, y: next };
    };
    const loss = (run: typeof unrolled) =>
      grad((h, xs) => sum(run(cell, h as Tensor, xs as Tensor).ys), h0, x);
    expectSame(loss(scan), loss(unrolled));
  });

  it.each([
    ["zeros", () => zeros([H])],
    ["one number for all", () => full([H], 0.3)],
    ["a number that is broadcast", () => broadcastTo(tensor(0.3), [H])],
    ["a literal", () => full([], 0.3)],
    ["rows that are broadcast", () => broadcastTo(draw([B, 1], 6), [B, H])],
  ])("in both gradients of what was broadcast before it: %s", (_, make) => {
    const cells: Record<string, (bias: Tensor) => Cell> = {
      walked: (bias) => (h, at) => {
        const next = tanh(mul(add(matmul(at, w), matmul(h, u)), add(bias, 1)));
        return { carry: next, y: next };
      },
      looped: (bias) => (h, at) => {
        const next = softmax(add(matmul(at, w), mul(h, bias)));
        return { carry: next, y: mul(next, bias) };
      },
    };
    for (const cell of Object.values(cells)) {
      const both = (run: typeof unrolled) => {
        const bias = make();
        const { carry, ys } = run(cell(bias), h0, x);
        const [first] = gradients(add(sum(square(ys)), sum(mul(carry, h0))), [bias]);
        return [first as Tensor, ...gradients(sum(square(first as Tensor)), [bias])];
      };
      expectSame(both(scan), both(unrolled));
    }
  });

  it("in both gradients of a product that was there before it", () => {
    const both = (run: typeof unrolled) => {
      const product = matmul(reshape(x, [T * B, I]), concat([w, mul(w, 2)], 1));
      const cell: Cell = (h, at) => {
        const [input, gate] = [0, H].map((from) => slice(at, [0, from], [B, H])) as [
          Tensor,
          Tensor,
        ];
        const next = mul(tanh(add(add(input, matmul(h, u)), b)), gate);
        return { carry: next, y: next };
      };
      const { ys } = run(cell, h0, reshape(product, [T, B, 2 * H]));
      const [first] = gradients(sum(square(ys)), [product]);
      return [first as Tensor, ...gradients(sum(square(first as Tensor)), [product, b])];
    };
    expectSame(both(scan), both(unrolled));
  });

  it("in gradients that agree with central differences in float64", () => {
    const inputs = [h0, x, w, u, b];
    const loss = (...[h, xs, input, recurrent, bias]: Tensor[]) => {
      const cell = simple(input as Tensor, recurrent as Tensor, bias as Tensor);
      const { carry, ys } = scan(cell, h as Tensor, xs as Tensor);
      return add(sum(square(ys)), sum(carry));
    };
    const slopes = grad(loss, ...inputs);
    const directions = inputs.map(({ shape }, i) => draw(shape, 20 + i));
    for (const [i, slope] of slopes.entries()) {
      const direction = directions[i] as Tensor;
      // The step is a literal, which the reference holds in float64.
      const at = (step: number) =>
        evaluateTensor(
          loss(...inputs.map((own, j) => (j === i ? add(own, mul(direction, step)) : own))),
        )[0] ?? 0;
      const [expected, actual] = [
        (at(1e-5) - at(-1e-5)) / 2e-5,
        evaluateTensor(sum(mul(slope, direction)))[0] ?? 0,
      ];
      // The bound of test/support/differences.ts: the step squared times a third derivative, and rounding.
      expect(Math.abs(expected - actual)).toBeLessThanOrEqual(1e-6 * Math.abs(actual) + 1e-9);
    }
  });

  it("from the last step to the first", () => {
    const cell = simple(w, u, b);
    const flipped = concat([4, 3, 2, 1, 0].map((t) => slice(x, [t, 0, 0], [1, B, I])));
    const [back, loop] = [scan(cell, h0, x, { reverse: true }), unrolled(cell, h0, flipped)];
    const turned = concat([4, 3, 2, 1, 0].map((t) => slice(loop.ys, [t, 0, 0], [1, B, H])));
    expectSame([back.carry, back.ys], [loop.carry, turned]);
  });
});

describe("what goes through a scan", () => {
  it("may be records and lists, found again by name whatever their order", () => {
    const start = { h: h0, rest: [zeros([B, H])] };
    const { carry, ys } = scan(
      ({ h, rest }, { left, right }) => ({
        carry: { rest: rest.map((r) => add(r, left)), h: add(h, right) },
        y: { sum: add(h, left), pair: [h, right] },
      }),
      start,
      { left: draw([T, B, H], 6), right: draw([T, B, H], 7) },
    );
    expectSame(
      [carry.h, carry.rest[0] as Tensor],
      [add(h0, sum(draw([T, B, H], 7), { axis: 0 })), sum(draw([T, B, H], 6), { axis: 0 })],
    );
    expect(ys.sum.shape).toEqual([T, B, H]);
    expect(ys.pair.map(({ shape }) => shape)).toEqual([
      [T, B, H],
      [T, B, H],
    ]);
  });

  it("may be nothing but a carry, for a number of steps that is said", () => {
    const double = (c: Tensor) => ({ carry: mul(c, 2), y: undefined });
    expect(evaluateTensor(scan(double, tensor([3]), undefined, { length: 4 }).carry)).toEqual([48]);
  });

  it("may have no steps", () => {
    const none = slice(x, [0, 0, 0], [0, -1, -1]);
    const { carry, ys } = scan(simple(w, u, b), h0, none);
    expect(evaluateTensors([carry, ys])).toEqual([evaluateTensor(h0), []]);
    expect(ys.shape).toEqual([0, B, H]);
    const [gCarry, gW] = grad(
      (h, input) => sum(scan(simple(input as Tensor, u, b), h as Tensor, none).carry),
      h0,
      w,
    );
    expect(evaluateTensor(gCarry as Tensor)).toEqual(new Array(B * H).fill(1));
    expect(evaluateTensor(gW as Tensor)).toEqual(new Array(I * H).fill(0));
  });

  it("stops no gradient but where it is told to", () => {
    const through = (stop: (h: Tensor) => Tensor) =>
      evaluateTensor(
        grad((h) => {
          const first = scan(simple(w, u, b), h as Tensor, slice(x, [0, 0, 0], [2, -1, -1]));
          const second = scan(simple(w, u, b), stop(first.carry), slice(x, [2, 0, 0], [3, -1, -1]));
          return sum(second.carry);
        }, h0)[0] as Tensor,
      );
    expect(through(stopGradient)).toEqual(new Array(B * H).fill(0));
    expect(through((h) => h).every((g) => g !== 0)).toBe(true);
  });

  it("counts with whole numbers beside what is differentiated", () => {
    const [g] = grad((h) => {
      const { carry } = scan(
        ({ state, t }) => ({
          carry: { state: mul(state, cast(t, "f32")), t: add(t, 1) },
          y: undefined,
        }),
        { state: h as Tensor, t: tensor(Int32Array.of(1), [], "i32") },
        undefined,
        { length: 4 },
      );
      return sum(carry.state);
    }, h0);
    expect(evaluateTensor(g as Tensor)).toEqual(new Array(B * H).fill(24));
  });

  it("lets no gradient through whole numbers", () => {
    const cell = (h: Tensor, at: Tensor) => {
      const choice = cast(argmax(matmul(at, w)), "f32");
      return { carry: add(h, reshape(choice, [B, 1])), y: undefined };
    };
    const found = grad((h, xs) => sum(scan(cell, h as Tensor, xs as Tensor).carry), h0, x);
    expect(evaluateTensors(found)).toEqual([
      new Array(B * H).fill(1),
      new Array(T * B * I).fill(0),
    ]);
  });
});

describe("random numbers inside a cell", () => {
  afterEach(() => openCounting());

  it("differ from step to step and from run to run, and are those of the seed", async () => {
    const runs = async () => {
      openCounting({ seed: 3 });
      const step = compile(() => {
        const { ys } = scan((c: Tensor) => ({ carry: c, y: uniform([7]) }), zeros([]), undefined, {
          length: 3,
        });
        return ys;
      });
      return [await (await step()).data(), await (await step()).data()];
    };
    const [first, second] = await runs();
    expect(new Set([...(first ?? []), ...(second ?? [])]).size).toBe(42);
    expect(await runs()).toEqual([first, second]);
  });

  it("are the same in the gradient: what dropout leaves out has none", async () => {
    openCounting();
    const ones = tensor(new Float32Array(400).fill(1), [4, 100]);
    const step = compile((given) => {
      const { ys } = scan(
        (c: Tensor, at: Tensor) => ({ carry: c, y: dropout(at, 0.5) }),
        zeros([]),
        given as Tensor,
      );
      return { ys, g: gradients(sum(ys), [given as Tensor])[0] };
    });
    const { ys, g } = await step(ones);
    const kept = await ys.data();
    expect(await g?.data()).toEqual(kept);
    expect(new Set(kept)).toEqual(new Set([0, 2]));
  });

  it("with a seed of their own are the same at every step", () => {
    const { ys } = scan((c: Tensor) => ({ carry: c, y: uniform([3], 5) }), zeros([]), undefined, {
      length: 2,
    });
    const numbers = evaluateTensor(ys);
    expect(numbers.slice(0, 3)).toEqual(numbers.slice(3));
  });
});

describe("a scan refuses", () => {
  const keep = (h: Tensor) => ({ carry: h, y: undefined });
  const cases: readonly (readonly [
    string,
    new (message: string) => Error,
    RegExp,
    () => unknown,
  ])[] = [
    [
      "a carry that changes its shape",
      ShapeError,
      /^scan: the carry must keep its type from step to step; got f32\[2, 3\] for carry\.h f32\[2, 4\]/,
      () =>
        scan(
          (_: unknown, at: Tensor) => ({ carry: { h: at }, y: undefined }),
          { h: h0 } as unknown as { h: Tensor },
          x,
        ),
    ],
    [
      "a carry that changes its dtype",
      DTypeError,
      /^scan: the carry must keep its type from step to step; got i32\[2, 4\] for carry f32\[2, 4\]/,
      () => scan((h: Tensor) => ({ carry: cast(h, "i32"), y: undefined }), h0, x),
    ],
    [
      "a carry with other names",
      ArgumentError,
      /^scan: the cell must give back a carry made like the one that it was given; got carry\.c for carry\.h\./,
      () =>
        scan(
          ({ h }) => ({ carry: { c: h } as unknown as { h: Tensor }, y: undefined }),
          { h: h0 },
          x,
        ),
    ],
    [
      "xs that differ in length",
      ShapeError,
      /^scan: xs must all have as many steps; got xs\.0 f32\[5, 2, 3\], xs\.1 f32\[2, 4\]\./,
      () => scan(keep, h0, [x, h0]),
    ],
    [
      "xs of another length than is said",
      ShapeError,
      /^scan: xs must all have as many steps as length says; got xs f32\[5, 2, 3\], length 4/,
      () => scan(keep, h0, x, { length: 4 }),
    ],
    [
      "xs without steps",
      ShapeError,
      /^scan: xs must have a first dimension/,
      () => scan(keep, h0, zeros([])),
    ],
    [
      "a number of steps that nobody knows",
      ArgumentError,
      /Give \{ length \}/,
      () => scan(keep, h0, undefined),
    ],
    [
      "a cell that gives back a tensor alone",
      ArgumentError,
      /^scan: the cell must return \{ carry, y \}; got an object/,
      () => scan((h: Tensor) => h as never, h0, x),
    ],
    [
      "a cell that gives back a pair",
      ArgumentError,
      /^scan: the cell must return \{ carry, y \}; got a list of 2\./,
      () => scan((h: Tensor) => [h, h] as never, h0, x),
    ],
    [
      "a typed array for xs",
      ArgumentError,
      /^scan: xs must be tensors, or lists and records of them; got a Float32Array\. Make tensors of numbers: tensor/,
      () => scan((h: Tensor) => ({ carry: h, y: undefined }), h0, new Float32Array(3)),
    ],
    [
      "a cell that gives back numbers",
      ArgumentError,
      /^scan: y must be tensors, or lists and records of them; got a number/,
      () => scan((h: Tensor) => ({ carry: h, y: 1 }), h0, x),
    ],
    [
      "a cell that is async",
      TraceError,
      /^scan: the cell must not be async/,
      () => scan((async (h: Tensor) => keep(h)) as never, h0, x),
    ],
    [
      "a carry of numbers",
      ArgumentError,
      /^scan: carry must be tensors, or lists and records of them; got a number/,
      () => scan((h: number) => ({ carry: h, y: undefined }), 0, x),
    ],
    [
      "a variable that is assigned to by the cell",
      TraceError,
      /^assign: a variable cannot be assigned to inside the cell of a scan.* assign count after the scan/,
      () => {
        const count = variable(0, [], "count");
        return scan(
          (h: Tensor) => {
            count.assign(add(count, 1));
            return keep(h);
          },
          h0,
          x,
        );
      },
    ],
  ];
  it.each(cases)("%s", (_, error, message, call) => {
    expect(call).toThrow(error);
    expect(call).toThrow(message);
  });

  it("to give values inside the cell, or tensors of a step outside of it", async () => {
    openCounting();
    let kept: Tensor | undefined;
    let read: Promise<unknown> | undefined;
    scan(
      (h: Tensor) => {
        kept = h;
        read = h.data();
        read.catch(() => undefined);
        return keep(h);
      },
      h0,
      x,
    );
    await expect(read).rejects.toThrow(/^data: a tensor has no values inside the cell of a scan/);
    await expect((kept as Tensor).data()).rejects.toThrow(TraceError);
    await expect(add(kept as Tensor, 1).data()).rejects.toThrow(/kept from a cell/);
    expect(kept).toBeInstanceOf(Tensor);
  });
});
