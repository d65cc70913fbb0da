/** Verbs that move elements, by where each element of the result comes from. */
import fc from "fast-check";
import * as g from "../../../src/functions.ts";
import { alongAxis, plain } from "./plain.ts";
import { pick, shape, upTo, type Verb, verb, withAxis, withEach } from "./verb.ts";

const none = [0, 0] as const;

/** Where index i of what lies around n elements comes from; undefined where nothing does. */
function reflected(mode: string, i: number, n: number): number | undefined {
  if (i >= 0 && i < n) return i;
  switch (mode) {
    case "replicate":
      return i < 0 ? 0 : n - 1;
    case "circular":
      return i < 0 ? i + n : i - n;
    case "reflect":
      return i < 0 ? -i : 2 * n - 2 - i;
    case "symmetric":
      return i < 0 ? -1 - i : 2 * n - 1 - i;
    default:
      return undefined;
  }
}

export const movement: Readonly<Record<string, Verb>> = {
  transpose: verb(
    "transpose",
    shape(1, 4).chain((of) =>
      fc.record({
        shape: fc.constant(of),
        order: fc.shuffledSubarray([...of.keys()], { minLength: of.length }),
      }),
    ),
    ({ shape, order }) => ({
      shapes: [shape],
      call: (x) => g.transpose(x, order),
      means: (x) =>
        plain(
          order.map((d) => shape[d] ?? 0),
          (...index) => x.at(...shape.map((_, d) => index[order.indexOf(d)] ?? 0)),
        ),
    }),
  ),
  slice: verb(
    "slice",
    withEach((n) =>
      pick(1, 2, 3, -1, -2, -3).chain((step) =>
        fc.nat(n - 1).chain((start) =>
          fc.record({
            start: fc.constant(start),
            step: fc.constant(step),
            count: upTo(Math.floor((step > 0 ? n - 1 - start : start) / Math.abs(step)) + 1),
          }),
        ),
      ),
    ),
    ({ shape, each }) => ({
      shapes: [shape],
      call: (x) =>
        g.slice(
          x,
          each.map(({ start }) => start),
          each.map(({ count }) => count),
          each.map(({ step }) => step),
        ),
      means: (x) =>
        plain(
          each.map(({ count }) => count),
          (...index) => x.at(...each.map(({ start, step }, d) => start + step * (index[d] ?? 0))),
        ),
    }),
  ),
  padAs: verb(
    "padAs",
    pick("constant", "replicate", "circular", "reflect", "symmetric").chain((mode) =>
      fc.record({
        mode: fc.constant(mode),
        of: withEach((n) => {
          const most = mode === "reflect" ? n - 1 : mode === "constant" ? 4 : n;
          return fc.tuple(fc.nat(most), fc.nat(most));
        }),
      }),
    ),
    ({ mode, of: { shape, each } }) => ({
      shapes: [shape],
      call: (x) => g.padAs(x, each, mode === "constant" ? { mode, value: 2.5 } : { mode }),
      means: (x) =>
        plain(
          shape.map((n, d) => n + (each[d] ?? none)[0] + (each[d] ?? none)[1]),
          (...index) => {
            const from = shape.map((n, d) =>
              reflected(mode, (index[d] ?? 0) - (each[d] ?? none)[0], n),
            );
            return from.includes(undefined) ? 2.5 : x.at(...(from as number[]));
          },
        ),
    }),
  ),
  concat: verb(
    "concat",
    withAxis().chain(({ shape, axis }) =>
      fc.record({
        shape: fc.constant(shape),
        axis: fc.constant(axis),
        sizes: fc.array(upTo(4), { minLength: 1, maxLength: 4 }),
      }),
    ),
    ({ shape, axis, sizes }) => ({
      shapes: sizes.map((n) => shape.with(axis, n)),
      call: (...xs) => g.concat(xs, axis),
      means: (...xs) => {
        const places = sizes.flatMap((n, k) => Array.from({ length: n }, (_, i) => [k, i]));
        return plain(shape.with(axis, places.length), (...index) => {
          const [k = 0, i = 0] = places[index[axis] ?? 0] ?? [];
          return xs[k]?.at(...index.with(axis, i)) ?? Number.NaN;
        });
      },
    }),
  ),
  stack: verb(
    "stack",
    fc.record({ shape: shape(0, 3), count: upTo(3), place: fc.nat(3) }),
    ({ shape, count, place }) => {
      const axis = Math.min(place, shape.length);
      return {
        shapes: Array.from({ length: count }, () => shape),
        call: (...xs) => g.stack(xs, axis),
        means: (...xs) =>
          plain(
            shape.toSpliced(axis, 0, count),
            (...index) => xs[index[axis] ?? 0]?.at(...index.toSpliced(axis, 1)) ?? Number.NaN,
          ),
      };
    },
  ),
  flip: verb(
    "flip",
    withEach(() => fc.boolean()),
    ({ shape, each }) => ({
      shapes: [shape],
      call: (x) =>
        g.flip(
          x,
          [...shape.keys()].filter((d) => each[d]),
        ),
      means: (x) =>
        plain(shape, (...index) =>
          x.at(...index.map((i, d) => (each[d] ? (shape[d] ?? 0) - 1 - i : i))),
        ),
    }),
  ),
  roll: verb(
    "roll",
    withEach(() => upTo(12, -12)),
    ({ shape, each }) => ({
      shapes: [shape],
      // Of one axis the numbers by themselves.
      call: (x) =>
        shape.length === 1 ? g.roll(x, each[0] ?? 0, 0) : g.roll(x, each, [...shape.keys()]),
      means: (x) =>
        plain(shape, (...index) =>
          x.at(
            ...index.map((i, d) => {
              const n = shape[d] ?? 1;
              return (((i - (each[d] ?? 0)) % n) + n) % n;
            }),
          ),
        ),
    }),
  ),
  tile: verb(
    "tile",
    withEach(() => upTo(3)),
    ({ shape, each }) => ({
      shapes: [shape],
      call: (x) => g.tile(x, each),
      means: (x) =>
        plain(
          shape.map((n, d) => n * (each[d] ?? 1)),
          (...index) => x.at(...index.map((i, d) => i % (shape[d] ?? 1))),
        ),
    }),
  ),
  repeat: verb(
    "repeat",
    fc.record({ of: withAxis(), times: upTo(3) }),
    ({ of: { shape, axis }, times }) => ({
      shapes: [shape],
      call: (x) => g.repeat(x, times, axis),
      means: (x) => alongAxis(x, axis, (row) => row.flatMap((v) => Array(times).fill(v))),
    }),
  ),
  triangle: verb(
    "tril or triu",
    fc.record({ of: shape(2, 3), k: upTo(4, -4), isLower: fc.boolean() }),
    ({ of, k, isLower }) => ({
      shapes: [of],
      call: (x) => (isLower ? g.tril(x, k) : g.triu(x, k)),
      means: (x) =>
        plain(of, (...index) => {
          const [i = 0, j = 0] = index.slice(-2);
          return (isLower ? j <= i + k : j >= i + k) ? x.at(...index) : 0;
        }),
    }),
  ),
  broadcastTo: verb(
    "broadcastTo",
    fc.record({ of: withEach(() => fc.boolean(), 0), front: shape(0, 2, 3) }),
    ({ of: { shape, each }, front }) => ({
      shapes: [shape.map((n, d) => (each[d] ? 1 : n))],
      call: (x) => g.broadcastTo(x, [...front, ...shape]),
      means: (x) =>
        plain([...front, ...shape], (...index) =>
          x.at(...index.slice(front.length).map((i, d) => (each[d] ? 0 : i))),
        ),
    }),
  ),
};
