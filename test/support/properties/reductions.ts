/** Verbs that go along dimensions: by what each row becomes. */
import fc from "fast-check";
import * as g from "../../../src/functions.ts";
import { alongAxis, indices, type Plain, plain } from "./plain.ts";
import { pick, shape, upTo, type Verb, verb, withAxis, withEach } from "./verb.ts";

const sum = (row: readonly number[]) => row.reduce((a, b) => a + b, 0);
const mean = (row: readonly number[]) => sum(row) / row.length;
const variance = (row: readonly number[]) => sum(row.map((v) => (v - mean(row)) ** 2)) / row.length;

type Reduction = (x: g.Tensor, options: g.ReduceOptions) => g.Tensor;

const REDUCTIONS: Readonly<
  Record<string, readonly [Reduction, (row: readonly number[]) => number]>
> = {
  sum: [g.sum, sum],
  mean: [g.mean, mean],
  max: [g.max, (row) => Math.max(...row)],
  min: [g.min, (row) => Math.min(...row)],
  prod: [g.prod, (row) => row.reduce((a, b) => a * b, 1)],
  variance: [(x, options) => g.variance(x, { ...options, correction: 0 }), variance],
  // Of one element it is 0, where a difference finds no slope.
  std: [
    (x, options) => g.std(g.concat([x, g.add(x, 1)], -1), { ...options, correction: 0 }),
    (row) => Math.sqrt(variance([...row, ...row.map((v) => v + 1)])),
  ],
  logSumExp: [g.logSumExp, (row) => Math.log(sum(row.map(Math.exp)))],
  "norm 2": [g.norm, (row) => Math.hypot(...row)],
  "norm 1": [(x, options) => g.norm(x, { ...options, p: 1 }), (row) => sum(row.map(Math.abs))],
};

function reduced(
  x: Plain,
  axes: readonly number[],
  keepDims: boolean,
  fold: (row: readonly number[]) => number,
): Plain {
  const inner = x.shape.map((n, d) => (axes.includes(d) ? n : 1));
  const all = plain(
    x.shape.map((n, d) => (axes.includes(d) ? 1 : n)),
    (...index) =>
      fold([...indices(inner)].map((own) => x.at(...index.map((i, d) => i + (own[d] ?? 0))))),
  );
  return keepDims ? all : { ...all, shape: all.shape.filter((_, d) => !axes.includes(d)) };
}

const softmax = (row: readonly number[]) => {
  const all = sum(row.map(Math.exp));
  return row.map((v) => Math.exp(v) / all);
};

const running = (
  row: readonly number[],
  { isProduct, reverse, exclusive }: Record<"isProduct" | "reverse" | "exclusive", boolean>,
) => {
  const own = reverse ? row.toReversed() : row;
  const made = own.map((_, i) =>
    own
      .slice(0, exclusive ? i : i + 1)
      .reduce((a, b) => (isProduct ? a * b : a + b), isProduct ? 1 : 0),
  );
  return reverse ? made.toReversed() : made;
};

const ascending = (a: number, b: number) => a - b;

export const reductions: Readonly<Record<string, Verb>> = {
  reduction: verb(
    "reduction",
    fc.record({
      name: pick(...Object.keys(REDUCTIONS)),
      of: withEach(() => fc.boolean(), 1, 4),
      keepDims: fc.boolean(),
    }),
    ({ name, of: { shape, each }, keepDims }) => {
      const [call, fold] = REDUCTIONS[name] ?? [g.sum, sum];
      // std doubles the last dimension, and goes over it.
      const chosen = [...shape.keys()].filter(
        (d) => each[d] || (name === "std" && d === shape.length - 1),
      );
      const axes = chosen.length === 0 ? [...shape.keys()] : chosen;
      return {
        shapes: [shape],
        call: (x) => call(x, { ...(chosen.length > 0 && { axis: axes }), keepDims }),
        means: (x) => reduced(x, axes, keepDims, fold),
      };
    },
  ),
  "argmax or argmin": verb(
    "argmax or argmin",
    fc.record({ of: withAxis(), isMost: fc.boolean() }),
    ({ of: { shape, axis }, isMost }) => ({
      shapes: [shape],
      call: (x) => (isMost ? g.argmax(x, axis) : g.argmin(x, axis)),
      means: (x) =>
        reduced(x, [axis], false, (row) => row.indexOf(Math[isMost ? "max" : "min"](...row))),
    }),
  ),
  softmax: verb(
    "softmax or logSoftmax",
    fc.record({ of: withAxis(), isLog: fc.boolean() }),
    ({ of: { shape, axis }, isLog }) => ({
      shapes: [shape],
      call: (x) => (isLog ? g.logSoftmax(x, axis) : g.softmax(x, axis)),
      means: (x) =>
        alongAxis(x, axis, (row) => (isLog ? softmax(row).map(Math.log) : softmax(row))),
    }),
  ),
  normalise: verb(
    "normalise",
    fc.record({ of: withAxis(), p: pick(1, 2), epsilon: pick(1e-12, 7) }),
    ({ of: { shape, axis }, p, epsilon }) => ({
      shapes: [shape],
      // Near 0 it bends so much that a difference finds no slope.
      call: (x) => g.normalise(g.add(x, 4), { axis, p, epsilon }),
      means: (x) =>
        alongAxis(x, axis, (given) => {
          const row = given.map((v) => v + 4);
          const size = p === 1 ? sum(row) : Math.hypot(...row);
          return row.map((v) => v / Math.max(size, epsilon));
        }),
    }),
  ),
  cumulative: verb(
    "cumsum or cumprod",
    fc.record({
      of: withAxis(),
      isProduct: fc.boolean(),
      reverse: fc.boolean(),
      exclusive: fc.boolean(),
    }),
    ({ of: { shape, axis }, isProduct, reverse, exclusive }) => ({
      shapes: [shape],
      call: (x) => (isProduct ? g.cumprod : g.cumsum)(x, { axis, reverse, exclusive }),
      means: (x) => alongAxis(x, axis, (row) => running(row, { isProduct, reverse, exclusive })),
    }),
  ),
  sort: verb(
    "sort",
    fc.record({ of: withAxis(), descending: fc.boolean() }),
    ({ of: { shape, axis }, descending }) => ({
      shapes: [shape],
      call: (x) => g.sort(x, { axis, descending }),
      means: (x) =>
        alongAxis(x, axis, (row) => {
          const sorted = row.toSorted(ascending);
          return descending ? sorted.toReversed() : sorted;
        }),
    }),
  ),
  topK: verb(
    "topK",
    fc.record({ of: withAxis(), k: upTo(5), smallest: fc.boolean() }),
    ({ of: { shape, axis }, k, smallest }) => {
      const count = Math.min(k, shape[axis] ?? 1);
      return {
        shapes: [shape],
        call: (x) => g.topK(x, count, { axis, smallest }).values,
        means: (x) =>
          alongAxis(x, axis, (row) => {
            const sorted = row.toSorted(ascending);
            return (smallest ? sorted : sorted.toReversed()).slice(0, count);
          }),
      };
    },
  ),
  take: verb(
    "take",
    withAxis().chain(({ shape: of, axis }) => {
      const n = of[axis] ?? 1;
      return fc.record({
        of: fc.constant(of),
        axis: fc.constant(axis),
        ids: fc.array(upTo(n - 1, -n), { minLength: 1, maxLength: 4 }),
      });
    }),
    ({ of, axis, ids }) => ({
      shapes: [of],
      call: (x) => g.take(x, g.tensor(Int32Array.from(ids), [ids.length]), axis),
      means: (x) => alongAxis(x, axis, (row) => ids.map((i) => row.at(i) ?? Number.NaN)),
    }),
  ),
  gather: verb(
    "gather or scatterAdd",
    withAxis().chain(({ shape: of, axis }) => {
      const n = of[axis] ?? 1;
      const others = of.reduce((a, b) => a * b, 1) / n;
      return fc.record({
        of: fc.constant(of),
        axis: fc.constant(axis),
        ids: upTo(3).chain((rows) =>
          fc.array(fc.nat(n - 1), { minLength: rows * others, maxLength: rows * others }),
        ),
        isScatter: fc.boolean(),
      });
    }),
    ({ of, axis, ids, isScatter }) => {
      const places = of.with(axis, (ids.length * (of[axis] ?? 1)) / of.reduce((a, b) => a * b, 1));
      const own = plain(places, () => 0);
      own.data.set(ids);
      const at = () => g.tensor(Int32Array.from(ids), places);
      return {
        shapes: isScatter ? [of, places] : [of],
        call: (x, source) =>
          source === undefined ? g.gather(x, at(), axis) : g.scatterAdd(x, at(), source, axis),
        means: (x, source) => {
          if (source === undefined) {
            return plain(places, (...index) => x.at(...index.with(axis, own.at(...index))));
          }
          return plain(of, (...index) => {
            const hits = Array.from({ length: places[axis] ?? 0 }, (_, i) => index.with(axis, i));
            const there = hits.filter((hit) => own.at(...hit) === index[axis]);
            return x.at(...index) + sum(there.map((hit) => source.at(...hit)));
          });
        },
      };
    },
  ),
  "one of the shape": verb("logSumExp of all", shape(0, 4), (of) => ({
    shapes: [of],
    call: (x) => g.logSumExp(x),
    means: (x) => plain([], () => Math.log(sum([...x.data].map(Math.exp)))),
  })),
};
