/** Products, and what broadcasts. */
import fc from "fast-check";
import * as g from "../../../src/functions.ts";
import { type Plain, plain, spread, total } from "./plain.ts";
import { pick, shape, upTo, type Verb, verb } from "./verb.ts";

/** Two shapes that broadcast, and what comes of them: of each dimension both have it, or one has 1, or lacks it. */
const pair = (most = 3) =>
  fc
    .array(fc.record({ size: upTo(5), kind: pick("both", "first is 1", "second is 1") }), {
      maxLength: most,
    })
    .chain((dimensions) =>
      fc.record({
        out: fc.constant(dimensions.map(({ size }) => size)),
        a: fc.constant(dimensions.map(({ size, kind }) => (kind === "first is 1" ? 1 : size))),
        b: fc
          .nat(dimensions.length)
          .map((from) =>
            dimensions.map(({ size, kind }) => (kind === "second is 1" ? 1 : size)).slice(from),
          ),
      }),
    );

type Binary = readonly [(a: g.Tensor, b: g.Tensor) => g.Tensor, (a: number, b: number) => number];

/** Elements are in [−1, 1] and all different. */
const BINARY: Readonly<Record<string, Binary>> = {
  add: [g.add, (a, b) => a + b],
  sub: [g.sub, (a, b) => a - b],
  mul: [g.mul, (a, b) => a * b],
  div: [(a, b) => g.div(a, g.add(b, 2)), (a, b) => a / (b + 2)],
  maximum: [g.maximum, Math.max],
  minimum: [g.minimum, Math.min],
  pow: [(a, b) => g.pow(g.add(a, 2), b), (a, b) => (a + 2) ** b],
  hypot: [g.hypot, Math.hypot],
  where: [(a, b) => g.where(g.greater(a, b), g.mul(a, 2), b), (a, b) => (a > b ? 2 * a : b)],
};

const LETTERS = ["i", "j", "k", "l"] as const;
const letters = fc.subarray([...LETTERS], { minLength: 1, maxLength: 3 });

export const products: Readonly<Record<string, Verb>> = {
  binary: verb(
    "binary",
    fc.record({ name: pick(...Object.keys(BINARY)), of: pair(), isSwapped: fc.boolean() }),
    ({ name, of: { a, b, out }, isSwapped }) => {
      const [call, f] = BINARY[name] ?? [g.add, (x, y) => x + y];
      const shapes = isSwapped ? [b, a] : [a, b];
      // A second shape that is shorter is spread over the first one's.
      const all = out.map((n, d) =>
        a[d] === 1 && (b[d - out.length + b.length] ?? 1) === 1 ? 1 : n,
      );
      return {
        shapes,
        call: (x, y) => call(x, y as g.Tensor),
        means: (x, y) => plain(all, (...index) => f(spread(x, index), spread(y as Plain, index))),
      };
    },
  ),
  matmul: verb(
    "matmul",
    fc.record({
      batch: pair(2),
      m: upTo(5),
      k: upTo(5),
      n: upTo(5),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
    }),
    ({ batch: { a, b, out }, m, k, n, transposeA, transposeB }) => {
      const all = out.map((size, d) =>
        a[d] === 1 && (b[d - out.length + b.length] ?? 1) === 1 ? 1 : size,
      );
      return {
        shapes: [
          [...a, ...(transposeA ? [k, m] : [m, k])],
          [...b, ...(transposeB ? [n, k] : [k, n])],
        ],
        call: (x, y) => g.matmul(x, y as g.Tensor, { transposeA, transposeB }),
        means: (x, y) =>
          plain([...all, m, n], (...index) => {
            const [batch, [i = 0, j = 0]] = [index.slice(0, -2), index.slice(-2)];
            return total(
              [k],
              (l = 0) =>
                spread(x, [...batch, ...(transposeA ? [l, i] : [i, l])]) *
                spread(y as Plain, [...batch, ...(transposeB ? [j, l] : [l, j])]),
            );
          }),
      };
    },
  ),
  einsum: verb(
    "einsum",
    fc
      .record({ a: letters, b: letters, sizes: fc.tuple(upTo(4), upTo(4), upTo(4), upTo(4)) })
      .chain((of) =>
        fc.record({
          of: fc.constant(of),
          out: fc.shuffledSubarray([...new Set([...of.a, ...of.b])]),
        }),
      ),
    ({ of: { a, b, sizes }, out }) => {
      const size = (letter: string) => sizes[LETTERS.indexOf(letter as "i")] ?? 1;
      const summed = [...new Set([...a, ...b])].filter((letter) => !out.includes(letter));
      return {
        shapes: [a.map(size), b.map(size)],
        call: (x, y) => g.einsum(`${a.join("")},${b.join("")}->${out.join("")}`, x, y as g.Tensor),
        means: (x, y) =>
          plain(out.map(size), (...index) =>
            total(summed.map(size), (...inner) => {
              const at = (letter: string) =>
                index[out.indexOf(letter as "i")] ?? inner[summed.indexOf(letter as "i")] ?? 0;
              return x.at(...a.map(at)) * (y as Plain).at(...b.map(at));
            }),
          ),
      };
    },
  ),
  attention: verb(
    "attention",
    fc.record({ heads: shape(1, 2, 3), q: upTo(5), k: upTo(5), d: upTo(4), causal: fc.boolean() }),
    ({ heads, q, k, d, causal }) => {
      const keys = causal ? q : k;
      return {
        shapes: [
          [...heads, q, d],
          [...heads, keys, d],
          [...heads, keys, d],
        ],
        call: (x, y, z) => g.attention(x, y as g.Tensor, z as g.Tensor, { causal }),
        means: (x, y, z) =>
          plain([...heads, q, d], (...index) => {
            const [front, [i = 0, f = 0]] = [index.slice(0, -2), index.slice(-2)];
            const weights = Array.from({ length: keys }, (_, j) =>
              causal && j > i
                ? 0
                : Math.exp(
                    total([d], (l = 0) => x.at(...front, i, l) * (y as Plain).at(...front, j, l)) /
                      Math.sqrt(d),
                  ),
            );
            const all = weights.reduce((s, w) => s + w, 0);
            return total(
              [keys],
              (j = 0) => ((weights[j] ?? 0) / all) * (z as Plain).at(...front, j, f),
            );
          }),
      };
    },
  ),
};
