/** Attention and what stands around it: what a step sees, refusals, and how weights start. */
import { describe, expect, it } from "vitest";
import { ArgumentError, DTypeError, ShapeError } from "../../../src/errors.ts";
import { attention, keyOf, type Tensor, tensor, zeros } from "../../../src/functions.ts";
import * as nn from "../../../src/nn/index.ts";
import { evaluateTensor } from "../../support/evaluate-tensor.ts";

const wave = (n: number, by: number) => Array.from({ length: n }, (_, i) => Math.sin(i * i + by));
const random = (by: number, ...shape: number[]) =>
  tensor(
    wave(
      shape.reduce((a, b) => a * b, 1),
      by,
    ),
    shape,
  );

describe("attention", () => {
  const [q, k, v] = [random(1, 2, 3, 4), random(2, 2, 5, 4), random(3, 2, 5, 6)];

  it("is a mean of the values by the softmax of the products", () => {
    const [a, b, c] = [q, k, v].map((x) => evaluateTensor(x)) as [number[], number[], number[]];
    const expected = Array.from({ length: 2 * 3 * 6 }, (_, n) => {
      const [batch, i, e] = [Math.floor(n / 18), Math.floor(n / 6) % 3, n % 6];
      const scores = Array.from({ length: 5 }, (_, j) =>
        Math.exp(
          [0, 1, 2, 3].reduce(
            (sum, d) => sum + (a[(batch * 3 + i) * 4 + d] ?? 0) * (b[(batch * 5 + j) * 4 + d] ?? 0),
            0,
          ) / 2,
        ),
      );
      const total = scores.reduce((x, y) => x + y, 0);
      return scores.reduce((sum, s, j) => sum + (s / total) * (c[(batch * 5 + j) * 6 + e] ?? 0), 0);
    });
    evaluateTensor(attention(q, k, v)).forEach((x, i) => {
      expect(x).toBeCloseTo(expected[i] ?? 0, 12);
    });
  });

  it("sees what its mask says, and nothing later where it is causal; both end together", () => {
    const causal = evaluateTensor(attention(q, k, v, { causal: true }));
    const seen = [0, 1, 2].flatMap((i) => [0, 1, 2, 3, 4].map((j) => (j <= i + 2 ? 1 : 0)));
    const masked = evaluateTensor(attention(q, k, v, { mask: tensor(seen, [3, 5], "bool") }));
    expect(masked).toEqual(causal);
    const last = evaluateTensor(attention(q, k, v)).slice(12, 18);
    expect(causal.slice(12, 18)).toEqual(last);
  });

  it("adds what its mask of numbers says, and hides a key at minus infinity", () => {
    const { log } = Math;
    const shares = [1, 2, 0, 4, 1];
    const added = tensor(
      shares.map((x) => log(x)),
      [5],
    );
    const found = evaluateTensor(attention(zeros([2, 3, 4]), k, v, { mask: added }));
    const values = evaluateTensor(v);
    const own = (batch: number, e: number) =>
      shares.reduce((sum, x, j) => sum + (x / 8) * (values[(batch * 5 + j) * 6 + e] ?? 0), 0);
    found.forEach((x, n) => {
      expect(x).toBeCloseTo(own(Math.floor(n / 18), n % 6), 6);
    });
  });

  it("of a query that sees nothing is the mean of all values", () => {
    const none = attention(q, k, v, { mask: tensor([0], [1, 1], "bool") });
    const all = attention(zeros([2, 3, 4]), k, v);
    evaluateTensor(none).forEach((x, i) => {
      expect(x).toBeCloseTo(evaluateTensor(all)[i] ?? 0, 12);
    });
  });

  const mask = zeros([3, 5], "i32");
  it.each([
    [() => attention(q, v, v), ShapeError, "got f32[2, 3, 4], f32[2, 5, 6], f32[2, 5, 6]"],
    [() => attention(q, k, q), ShapeError, "keys and values as many steps"],
    [() => attention(q, k, v, { mask }), DTypeError, "attention: mask must be bool or f32"],
    [() => attention(q, k, v, { mask: zeros([4, 5]) }), ShapeError, "must broadcast to [2, 3, 5]"],
    [
      () => nn.multiHeadAttention(8, 3),
      ArgumentError,
      "multiHeadAttention: heads must divide the features; got 3 heads, 8 features. Choose another number of heads.",
    ],
    [
      () => nn.transformerBlock(8, 3),
      ArgumentError,
      "transformerBlock: heads must divide the features; got 3 heads, 8 features. Choose another number of heads.",
    ],
    [
      () => nn.multiHeadAttention(8, 2)(zeros([4, 8])),
      ShapeError,
      "multiHeadAttention: the input must be sequences of 8 features, three dimensions; got f32[4, 8].",
    ],
    [
      () => nn.multiHeadAttention(8, 2).run(zeros([5, 3, 8]), { lengths: zeros([2], "i32") }),
      ShapeError,
      "multiHeadAttention: lengths must be i32[3], one for each sequence; got i32[2].",
    ],
    [
      () => nn.multiHeadAttention(8, 2).run(zeros([5, 3, 8]), { lengths: [1, 6, 2] }),
      ArgumentError,
      "multiHeadAttention: every length must be a whole number from 0 to T = 5; got 6 for sequence 1.",
    ],
    [
      () => nn.positionalEncoding(4, 8)(zeros([5, 3, 8])),
      ShapeError,
      "positionalEncoding: the input must be sequences of 8 features and at most 4 steps; got f32[5, 3, 8].",
    ],
    [
      () => nn.transformerBlock(8, 2, { heads: 3 } as never),
      ArgumentError,
      "transformerBlock: options must be among",
    ],
    [
      () => nn.residual(nn.linear(4, 3))(zeros([2, 4])),
      ShapeError,
      "residual: inner and shortcut must give one shape",
    ],
  ])("is refused %#", (make: () => unknown, kind, message) => {
    expect(make).toThrow(kind);
    expect(make).toThrow(message);
  });

  it("from one sequence to another, as long as each is", () => {
    const layer = nn.multiHeadAttention(8, 2, { seed: 1, batchFirst: true });
    const [x, memory] = [random(1, 2, 3, 8), random(2, 2, 6, 8)];
    const y = evaluateTensor(layer.run(x, { memory, lengths: [6, 2] }));
    const short = tensor(evaluateTensor(memory).slice(48, 64), [1, 2, 8]);
    const own = evaluateTensor(
      layer.run(tensor(evaluateTensor(x).slice(24), [1, 3, 8]), { memory: short }),
    );
    y.slice(24).forEach((value, i) => {
      expect(value).toBeCloseTo(own[i] ?? 0, 12);
    });
  });
});

describe("multiHeadAttention with a mask and lengths", () => {
  it("sees what both let it see, whether the mask is of bool or of numbers", () => {
    const layer = nn.multiHeadAttention(8, 2, { seed: 1, batchFirst: true });
    const x = random(1, 2, 3, 8);
    const seen = [1, 0, 1, 1, 1, 1, 0, 1, 1];
    const added = seen.map((one) => (one === 1 ? 0 : Number.NEGATIVE_INFINITY));
    const [a, b] = [tensor(seen, [3, 3], "bool"), tensor(added, [3, 3])].map((mask) =>
      evaluateTensor(layer.run(x, { mask, lengths: [3, 2] })),
    );
    expect(b).toEqual(a);
    expect(a).not.toEqual(evaluateTensor(layer.run(x, { lengths: [3, 2] })));
  });
});

describe("a transformer's summary", () => {
  it("has every part, attention too", () => {
    const summary = nn.transformerBlock(8, 2, { hidden: 12 }).summary([5, 3, 8]);
    expect(summary).not.toContain("not used");
    expect(summary).toContain("self_attn");
  });
});

describe("positions", () => {
  it("are waves of the step", () => {
    const y = evaluateTensor(nn.positionalEncoding(9, 4)(zeros([3, 1, 4])));
    const expected = [0, 1, 2].flatMap((t) => [
      Math.sin(t),
      Math.cos(t),
      Math.sin(t / 100),
      Math.cos(t / 100),
    ]);
    y.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] ?? 0, 7);
    });
  });

  it("are learned as a table, and stand in the state dict", () => {
    const layer = nn.positionEmbedding(9, 4, { seed: 1, batchFirst: true });
    expect([...layer.namedParameters().keys()]).toEqual(["weight"]);
    expect(nn.positionalEncoding(9, 4).namedBuffers().size).toBe(1);
    expect(layer(zeros([2, 3, 4])).shape).toEqual([2, 3, 4]);
  });
});

describe("weights start", () => {
  const { orthogonal, truncatedNormal, dirac } = nn.initialise;
  const fans = { in: 3, out: 3 };

  it.each([
    [[4, 7], 1],
    [[7, 4], 2],
    [[2, 3, 5], 1],
    [[1], 3],
  ] as const)("orthogonal %j", (shape, gain) => {
    const columns = shape.at(-1) ?? 1;
    const m = orthogonal(gain)(shape, fans, keyOf(1));
    const rows = m.length / columns;
    const least = Math.min(rows, columns);
    const at = (vector: number, i: number) =>
      m[rows < columns ? vector * columns + i : i * columns + vector] ?? 0;
    for (let a = 0; a < least; a++)
      for (let b = 0; b < least; b++) {
        let dot = 0;
        for (let i = 0; i < Math.max(rows, columns); i++) dot += at(a, i) * at(b, i);
        expect(dot).toBeCloseTo(a === b ? gain * gain : 0, 5);
      }
  });

  it("truncated", () => {
    const drawn = truncatedNormal(0.5, 1.5)([40, 50], fans, keyOf(1));
    expect(Math.max(...drawn.map(Math.abs))).toBeLessThanOrEqual(0.75);
    expect(Math.max(...drawn.map(Math.abs))).toBeGreaterThan(0.7);
    expect(drawn).toEqual(truncatedNormal(0.5, 1.5)([40, 50], fans, keyOf(1)));
    expect(new Set(drawn).size).toBeGreaterThan(1_900);
  });

  it("as a convolution that changes nothing", () => {
    const layer = nn.conv2d(3, 3, 3, { padding: "same", initialise: dirac, bias: false });
    const x = random(1, 2, 5, 4, 3);
    expect(evaluateTensor(layer(x))).toEqual(evaluateTensor(x));
    expect(
      evaluateTensor(
        nn.conv1d(2, 4, 3, { initialise: dirac, padding: 1, bias: false })(
          random(2, 1, 4, 2),
        ) as Tensor,
      ).slice(0, 4),
    ).toEqual([...evaluateTensor(random(2, 1, 4, 2)).slice(0, 2), 0, 0]);
  });
});
