/** What every op owes for NaN, infinities and numbers far from 1, on every device; src/ops/scalars.ts has the table. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  abs,
  add,
  argmax,
  argsort,
  atan2,
  clip,
  compile,
  cos,
  crossEntropyLoss,
  div,
  embedding,
  equal,
  exp,
  floorDiv,
  full,
  gradients,
  hypot,
  log,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  maximum,
  maxPool2d,
  min,
  mod,
  mul,
  norm,
  notEqual,
  pow,
  relu,
  sigmoid,
  sin,
  softmax,
  sort,
  std,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  topK,
  valueAndGrad,
  variable,
  where,
  zeros,
} from "../../src/functions.ts";
import * as losses from "../../src/losses/index.ts";
import { type BinaryName, binary, type UnaryName, unary } from "../../src/ops/scalars.ts";
import { ops } from "../../src/ops/table.ts";
import { relativeError } from "../support/case-data.ts";
import { evaluateTensors } from "../support/evaluate-tensor.ts";
import { runOp } from "../support/run-case.ts";
import { use } from "../training/open.ts";
import { everyDevice, type OpenedDevice } from "./open.ts";

const { NaN: NAN, POSITIVE_INFINITY: INF } = Number;
const SPECIAL = Float32Array.of(
  ...[NAN, INF, -INF, 0, -0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, 100, -100],
  ...[1e30, -1e30, 1e-30, -1e-30, 3.4e38, -3.4e38],
);
const LARGEST = 3.4028234663852886e38;
const LEAST = 2 ** -126;

/** Whether `got` is what f32 makes of `exact`: subnormal numbers may be 0, as GPUs have it. */
function agrees(got: number, exact: number): boolean {
  if (Number.isNaN(exact) || Number.isNaN(got)) return Number.isNaN(exact) && Number.isNaN(got);
  if (Math.abs(exact) > LARGEST) return got === Math.sign(exact) * INF;
  if (Math.abs(exact) < LEAST) return Math.abs(got) <= LEAST;
  return Math.abs(got - exact) <= 1e-5 * Math.abs(exact);
}

describe.each(everyDevice)("%s", (_, open) => {
  let opened: OpenedDevice;
  beforeAll(async () => {
    opened = await open();
    use(opened.device);
  });
  afterAll(() => opened.close());

  test("functions of one number", async () => {
    const type = { dtype: "f32", shape: [SPECIAL.length] } as const;
    const names = (Object.keys(unary) as UnaryName[]).filter((fn) => fn !== "not");
    const wrong: string[] = [];
    for (const fn of names) {
      const ins = { x: { type, data: SPECIAL } };
      const { out } = await runOp(opened.device, "unary", ops.unary, ins, { fn });
      SPECIAL.forEach((x, i) => {
        const exact = unary[fn].evaluate(x, "f32");
        if (!agrees(out.data[i] ?? 0, exact))
          wrong.push(`${fn}(${x}) is ${out.data[i]}, not ${exact}`);
      });
    }
    expect(wrong).toEqual([]);
  });

  test("functions of two numbers", async () => {
    const n = SPECIAL.length;
    const type = { dtype: "f32", shape: [n * n] } as const;
    const left = Float32Array.from({ length: n * n }, (_, i) => SPECIAL[Math.floor(i / n)] ?? 0);
    const right = Float32Array.from({ length: n * n }, (_, i) => SPECIAL[i % n] ?? 0);
    const names = (Object.keys(binary) as BinaryName[]).filter((fn) => fn !== "and" && fn !== "or");
    const wrong: string[] = [];
    for (const fn of names) {
      const ins = { a: { type, data: left }, b: { type, data: right } };
      const { out } = await runOp(opened.device, "binary", ops.binary, ins, { fn });
      left.forEach((a, i) => {
        const b = right[i] ?? 0;
        const exact = binary[fn].evaluate(a, b, "f32");
        if (!agrees(out.data[i] ?? 0, exact))
          wrong.push(`${fn}(${a}, ${b}) is ${out.data[i]}, not ${exact}`);
      });
    }
    expect(wrong).toEqual([]);
  });

  test("quotients, means, logarithms close to 1 and large powers keep the digits that GPUs lose", async () => {
    // b / b is not 1 for 33, 123 and 193 by 1 / b as an H100 has it.
    const factors = Float32Array.from({ length: 40_000 }, (_, i) => 1 + (i % 200));
    const divisors = Float32Array.from({ length: 40_000 }, (_, i) => 1 + Math.floor(i / 200));
    const products = factors.map((factor, i) => factor * (divisors[i] ?? 1));
    expect(await div(tensor(products), tensor(divisors)).data()).toEqual(factors);
    expect(await floorDiv(tensor(products), tensor(divisors)).data()).toEqual(factors);
    expect(await mod(tensor(products), tensor(divisors)).data()).toEqual(new Float32Array(40_000));
    const none = new Float32Array(40_000);
    expect(await sub(div(tensor(divisors), tensor(divisors)), 1).data()).toEqual(none);

    // A product with 1 / n may become one operation with the subtraction behind it.
    for (const n of [3, 7, 11, 100]) {
      const equals = tensor(new Float32Array(2 * n).fill(3), [2, n]);
      expect(await values(std(equals, { axis: 1 }))).toEqual([0, 0]);
    }

    const near = Float32Array.of(
      1 - 2 ** -24,
      1 + 2 ** -23,
      1 - 2 ** -13,
      1 + 2 ** -13,
      0.999,
      1.01,
    );
    const bases = Float32Array.of(1.0049938, 0.5, 330, 0.99643987, 1.0001121, 1e-38, 3.3e38);
    const exponents = Float32Array.of(9909.786, -100.5, 15, -9490.664, 9981.1436, -0.99, 0.999);
    const angles = Float32Array.of(1e5, -123456.7, 1e9, 6.1e17, 1e30, -3.4e38);
    const compared = [
      { name: "log", got: log(tensor(near)), exact: Array.from(near, Math.log) },
      {
        name: "pow",
        got: pow(tensor(bases), tensor(exponents)),
        exact: Array.from(bases, (base, i) => base ** (exponents[i] ?? 1)),
      },
      { name: "sin", got: sin(tensor(angles)), exact: Array.from(angles, Math.sin) },
      { name: "cos", got: cos(tensor(angles)), exact: Array.from(angles, Math.cos) },
      {
        name: "exp",
        got: exp(tensor([-87, -50.24, 85.53, 88.7])),
        exact: [-87, -50.24, 85.53, 88.7].map((x) => Math.exp(Math.fround(x))),
      },
    ];
    const wrong: string[] = [];
    for (const { name, got, exact } of compared) {
      const found = await got.data();
      exact.forEach((value, i) => {
        if (!(Math.abs((found[i] ?? 0) / value - 1) <= 4e-7))
          wrong.push(`${name}: ${found[i]}, not ${value}`);
      });
    }
    expect(wrong).toEqual([]);
  });

  const values = async (x: Tensor) => Array.from(await x.data(), (v) => v + 0);

  test("NaN comes through chains, activations of products and reductions", async () => {
    const x = tensor([NAN, -1, 2]);
    expect(await values(clip(x, -0.5, 0.5))).toEqual([NAN, -0.5, 0.5]);
    expect(await values(add(mul(relu(x), 2), maximum(x, 0)))).toEqual([NAN, 0, 6]);
    expect(await values(notEqual(x, x))).toEqual([1, 0, 0]);
    expect(await values(equal(x, x))).toEqual([0, 1, 1]);
    expect(await values(pow(x, 0))).toEqual([1, 1, 1]);
    const rows = tensor([
      [NAN, 1],
      [1, 1],
    ]);
    const identity = tensor([
      [1, 0],
      [0, 1],
    ]);
    const half = 1 / (1 + Math.exp(-1));
    for (const [activate, one] of [
      [relu, 1],
      [tanh, Math.tanh(1)],
      [sigmoid, half],
    ] as const) {
      const y = await values(activate(matmul(rows, identity)));
      expect(y.slice(0, 2)).toEqual([NAN, NAN]);
      expect(y[2]).toBeCloseTo(one, 5);
    }
    expect(await values(max(rows, { axis: 1 }))).toEqual([NAN, 1]);
    expect(await values(min(rows))).toEqual([NAN]);
    expect(await values(max(mul(rows, 2)))).toEqual([NAN]);
    expect(await values(sum(rows, { axis: 0 }))).toEqual([NAN, 2]);
  });

  test("argmax is the first NaN", async () => {
    const x = tensor([
      [1, NAN, INF, NAN],
      [NAN, 3, 1, 2],
      [-INF, -INF, -INF, -INF],
      [2, -0, 0, 2],
    ]);
    expect(await values(argmax(x, 1))).toEqual([1, 0, 0, 0]);
    expect(await values(argmax(x, 0))).toEqual([1, 0, 0, 0]);
  });

  test("a window's maximum is its first NaN, and the gradient goes there", async () => {
    // Two windows side by side, in five channels: vectors and the rest.
    const cells = [1, 9, NAN, 3, NAN, 2, 4, -INF];
    const image = Float32Array.from({ length: 40 }, (_, i) => cells[Math.floor(i / 5)] ?? 0);
    const x = variable(image, [1, 2, 4, 5]);
    const step = compile(() => {
      const pooled = maxPool2d(x, 2);
      const [, gradients] = valueAndGrad([x], () => sum(maxPool2d(x, 2)));
      const gradient = gradients.get(x) ?? pooled;
      return [pooled, gradient];
    });
    const [pooled, gradient] = await step();
    // Row 0 holds cells 0 to 3, row 1 cells 4 to 7: windows {1, 9, NaN, 2} and {NaN, 3, 4, −∞}.
    expect(await values(pooled as Tensor)).toEqual(new Array<number>(10).fill(NAN));
    const won = [0, 0, 1, 0, 1, 0, 0, 0].flatMap((g) => new Array<number>(5).fill(g));
    expect(await values(gradient as Tensor)).toEqual(won);
  });

  test("infinite and NaN literals are the same numbers as in tensors", async () => {
    const x = tensor([1, 2, 3]);
    const mask = tensor([1, 0, 1], [3], "bool");
    const masked = where(mask, x, -INF);
    expect(await values(masked)).toEqual([1, -INF, 3]);
    expect(await values(where(mask, NAN, x))).toEqual([NAN, 2, NAN]);
    expect(await values(add(full([2], INF), full([2], -INF)))).toEqual([NAN, NAN]);
    expect(await values(add(mul(x, 0), full([3], INF)))).toEqual([INF, INF, INF]);
    expect(await values(clip(tensor([-5, 5]), -INF, INF))).toEqual([-5, 5]);
    const step = compile((y: Tensor) => [
      where(mask, y, -INF),
      where(mask, y, INF),
      where(mask, y, NAN),
      where(mask, y, -0),
    ]);
    const [low, high, none, zero] = (await step(x)) as Tensor[];
    expect(await values(low as Tensor)).toEqual([1, -INF, 3]);
    expect(await values(high as Tensor)).toEqual([1, INF, 3]);
    expect(await values(none as Tensor)).toEqual([1, NAN, 3]);
    expect(Object.is((await (zero as Tensor).data())[1], -0)).toBe(true);
  });

  test("what is large or small overflows and vanishes nowhere on the way to what is not", async () => {
    const wave = (k: number, size: number) =>
      tensor(
        Array.from({ length: 12 }, (_, i) => size * Math.sin(0.7 * i + 1.3 * k + 0.3)),
        [3, 4],
      );
    const each = { reduction: "none" } as const;
    // Their results are as large as what they are given, or of no size at all.
    const alike: Readonly<Record<string, (a: Tensor, b: Tensor) => Tensor>> = {
      norm: (a) => norm(a, { axis: 1 }),
      "norm of everything": (a) => norm(a),
      "norm 3": (a) => norm(a, { axis: 1, p: 3 }),
      std: (a) => std(a, { axis: 1 }),
      hypot,
      logSumExp: (a) => logSumExp(a, { axis: 1 }),
      cosineSimilarity: losses.cosineSimilarity,
      cosineEmbedding: (a, b) => losses.cosineEmbedding(a, b, tensor([1, -1, 1]), each),
      infoNce: (a, b) => losses.infoNce(a, b, each),
      tripletMargin: (a, b) => losses.tripletMargin(a, b, mul(a, 0.9), each),
      contrastive: (a, b) => losses.contrastive(a, b, zeros([3]), each),
      logCosh: (a, b) => losses.logCosh(a, b, each),
      huber: (a, b) => losses.huber(a, b, each),
      gaussianNll: (a, b) => losses.gaussianNll(a, add(abs(a), abs(b)), b, each),
    };
    // A cosine counts lengths of less than 1e-8, and graphics processors no numbers below 1e-38.
    const small = ["norm", "norm of everything", "norm 3", "std", "hypot"];
    const wrong: string[] = [];
    for (const size of [1e-24, 1e20, 1e30, 1e38]) {
      for (const [name, fn] of Object.entries(alike)) {
        if (size < 1 && !small.includes(name)) continue;
        const inputs = [wave(0, size), wave(1, size)] as const;
        const y = fn(...inputs);
        const results = [y, ...gradients(sum(y), inputs)];
        const exact = evaluateTensors(results);
        for (const [i, result] of results.entries()) {
          const found = await result.data();
          const error = relativeError(found, exact[i] ?? []);
          // Gradients of 1e-38 are subnormal, 0 on a GPU.
          const isNone = Math.max(...(exact[i] ?? []).map(Math.abs)) < 1e-36;
          if (!(error <= 1e-5) && !(isNone && found.every((x) => Math.abs(x) < 1e-36)))
            wrong.push(`${name} of ${size}, result ${i}: ${found.join()}, not ${exact[i]?.join()}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    const [cosine = NAN] = await losses
      .cosineSimilarity(tensor([[1e12, 2e12, 3e12]]), tensor([[2e10, -1e10, 1e10]]))
      .data();
    expect(cosine).toBeCloseTo(3 / Math.sqrt(84), 5);
  });

  test("losses keep the digits of what is nearly right", async () => {
    const x = tensor([1e-12, 1e-6, -1e-4, 3e-3, 0.02, -0.1249, 0.1251, -0.4, 2, 0]);
    const each = { reduction: "none" } as const;
    const loss = losses.logCosh(x, zeros([10]), each);
    const [slope = x] = gradients(sum(loss), [x]);
    const [values = [], slopes = []] = evaluateTensors([loss, slope]);
    const found = [[...(await loss.data())], [...(await slope.data())]];
    [...(await x.data())].forEach((d, i) => {
      // |d| < 1e-3 by the series, beyond it by what is right in float64 there.
      const exact = Math.abs(d) < 1e-3 ? (d * d) / 2 - d ** 4 / 12 : Math.log(Math.cosh(d));
      for (const value of [values[i] ?? NAN, found[0]?.[i] ?? NAN])
        expect(Math.abs(value - exact), `${d}`).toBeLessThanOrEqual(2e-5 * exact);
      for (const value of [slopes[i] ?? NAN, found[1]?.[i] ?? NAN])
        expect(Math.abs(value - Math.tanh(d)), `${d}`).toBeLessThanOrEqual(
          2e-6 * Math.abs(Math.tanh(d)),
        );
    });
  });

  test("atan2 goes by the signs of zeros, and has no gradient at the origin", async () => {
    const numbers = [0, -0, 1, -1, INF, -INF, NAN, 1e-30];
    const ys = numbers.flatMap((y) => numbers.map(() => y));
    const xs = numbers.flatMap(() => numbers);
    const angles = await atan2(tensor(ys), tensor(xs)).data();
    const wrong = ys.flatMap((y, i) => {
      const [got = NAN, exact] = [angles[i], Math.atan2(y, xs[i] ?? 0)];
      const isSame = exact === 0 ? Object.is(got, exact) : Math.abs(got - exact) < 1e-6;
      return isSame || Object.is(got, exact) ? [] : [`${y}, ${xs[i]}: ${got}, not ${exact}`];
    });
    expect(wrong).toEqual([]);
    const origin = [tensor([0, -0]), tensor([0, -0])] as const;
    for (const gradient of gradients(sum(atan2(...origin)), origin))
      expect(await values(gradient)).toEqual([0, 0]);
  });

  test("sort and argsort have NaN last, keep the order of equals, and take both zeros for one", async () => {
    const x = [NAN, 0, -0, INF, -INF, 1, 1, -1, NAN, -0];
    // PyTorch's, with stable=True.
    const up = [4, 7, 1, 2, 9, 5, 6, 3, 0, 8];
    const down = [0, 8, 3, 5, 6, 1, 2, 9, 7, 4];
    const rows = tensor([...x, ...x], [2, 10]);
    const columns = tensor(
      x.flatMap((v) => [v, v]),
      [10, 2],
    );
    for (const [order, descending] of [
      [up, false],
      [down, true],
    ] as const) {
      expect(await values(argsort(rows, { descending }))).toEqual([...order, ...order]);
      const along = { axis: 0, descending };
      expect(await values(argsort(columns, along))).toEqual(order.flatMap((i) => [i, i]));
      const sorted = order.flatMap((i) => [x[i] ?? 0, x[i] ?? 0]);
      expect(Array.from(await sort(columns, along).data())).toEqual(sorted);
      const best = topK(rows, 3, { smallest: !descending });
      const first = order.slice(0, 3);
      expect(await values(best.indices)).toEqual([...first, ...first]);
    }
  });

  test("softmax leaves out what is masked, and a row with nothing else is NaN", async () => {
    const x = tensor([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    const mask = tensor([1, 0, 1, 0, 0, 0], [2, 3], "bool");
    const [a = 0, b, c = 0, ...rest] = await values(softmax(where(mask, x, -INF)));
    expect([a, b, c]).toEqual([
      expect.closeTo(1 / (1 + Math.exp(2)), 5),
      0,
      expect.closeTo(1 / (1 + Math.exp(-2)), 5),
    ]);
    expect(rest).toEqual([NAN, NAN, NAN]);
    const logarithms = await values(logSoftmax(where(mask, x, -INF)));
    expect(logarithms[1]).toBe(-INF);
    expect(logarithms.slice(3)).toEqual([NAN, NAN, NAN]);
  });

  test("logSoftmax and cross-entropy of large logits keep their digits", async () => {
    const logits = tensor([[10000, 10001, 10002.5, 9998]]);
    const exact = [10000, 10001, 10002.5, 9998].map((x) => {
      const others = [10000, 10001, 10002.5, 9998].reduce((s, y) => s + Math.exp(y - 10002.5), 0);
      return x - 10002.5 - Math.log(others);
    });
    const got = await values(logSoftmax(logits));
    exact.forEach((y, i) => {
      expect(Math.abs((got[i] ?? 0) - y)).toBeLessThanOrEqual(1e-6 * Math.abs(y));
    });
    const [loss = 0] = await values(crossEntropyLoss(logits, tensor([2], [1], "i32")));
    expect(Math.abs(loss + (exact[2] ?? 0))).toBeLessThanOrEqual(1e-6 * loss);
  });

  test("a label that is no class is NaN in loss and gradient, a negative one is 0", async () => {
    const logits = variable(Float32Array.of(1, 2, 3, 1, 2, 3, 1, NAN, 3), [3, 3]);
    const labels = tensor([3, 0, -1], [3], "i32");
    const rows = await values(crossEntropyLoss(logits, labels));
    expect(rows).toEqual([NAN, expect.closeTo(2.40760596, 5), 0]);
    for (const reduce of [false, true]) {
      const [, gradients] = valueAndGrad([logits], () => {
        const losses = crossEntropyLoss(logits, labels);
        return sum(reduce ? mul(losses, 2) : losses);
      });
      const g = await values(gradients.get(logits) ?? logits);
      expect(g.slice(0, 3)).toEqual([NAN, NAN, NAN]);
      expect(g[3]).toBeCloseTo((reduce ? 2 : 1) * (0.0900305732 - 1), 5);
      expect(g.slice(6)).toEqual([0, 0, 0]);
    }
  });

  test("ids beyond a table read NaN, those below 0 zeros, and neither adds to its gradient", async () => {
    const table = variable(Float32Array.of(1, 2, 3, 4, 5, 6), [2, 3]);
    const ids = tensor([1, 2, -1, 0], [4], "i32");
    expect(await values(embedding(table, ids))).toEqual([
      ...[4, 5, 6],
      ...[NAN, NAN, NAN],
      ...[0, 0, 0],
      ...[1, 2, 3],
    ]);
    const [, gradients] = valueAndGrad([table], () => sum(embedding(table, ids)));
    expect(await values(gradients.get(table) ?? table)).toEqual([1, 1, 1, 1, 1, 1]);
  });
});
