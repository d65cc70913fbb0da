/** Elementwise steps, reductions and movement for random functions. */

import type { Tensor } from "../../../src/functions.ts";
import * as verbs from "../../../src/functions.ts";
import type { Pool, Step } from "./random-function.ts";

const { abs, add, and, cast, clip, div, erf, exp, gelu, greater, less, log, maximum } = verbs;
const { mean, max, min, minimum, mul, neg, not, or, pow, reciprocal, relu, reshape } = verbs;
const { sigmoid, sin, cos, slice, softplus, sqrt, square, stopGradient, sub, sum, tanh } = verbs;
const { broadcastTo, concat, logSoftmax, pad, softmax, squeeze, transpose, unsqueeze, where } =
  verbs;

export const SHAPES = [
  [5],
  [7],
  [1],
  [],
  [2, 3],
  [3, 4],
  [4, 3],
  [1, 4],
  [3, 1],
  [2, 3, 4],
  [2, 1, 5],
  [1, 4, 4, 2],
];

export const pickOf = ({ dice, values }: Pool): Tensor => dice.pick(values);
/** Of the same shape, or one that broadcasts to it. */
function partner(pool: Pool, { shape }: Tensor): Tensor {
  const fits = pool.values.filter(
    (other) =>
      other.shape.length <= shape.length &&
      other.shape.every((n, d) => n === 1 || n === shape[shape.length - other.shape.length + d]),
  );
  return pool.dice.pick(fits);
}
/** At least 1/2: to divide by, and to take roots and logarithms of. */
const positive = (x: Tensor) => add(softplus(x), 0.5);
/** Near 1 again, whatever has grown. */
export const tame = (x: Tensor) => mul(tanh(mul(x, 0.5)), 1.5);

/** A threshold that no input lies near. */
const threshold = ({ dice }: Pool) => (dice.below(33) - 16) / 32;
/** bool, of one of the inputs: what is computed may lie on either side by its rounding. */
function maskOf(pool: Pool): Tensor {
  const x = pool.input(pickOf(pool).shape);
  const one = pool.dice.pick([greater, less])(x, threshold(pool));
  const other = pool.dice.pick([greater, less])(x, threshold(pool));
  return pool.dice.pick([one, not(one), and(one, other), or(one, other)]);
}

const unary =
  (fn: (x: Tensor) => Tensor): Step =>
  (pool) => [fn(pickOf(pool))];
const binary =
  (fn: (a: Tensor, b: Tensor) => Tensor): Step =>
  (pool) => {
    const a = pickOf(pool);
    const b = partner(pool, a);
    return [pool.dice.chance(0.5) ? fn(a, b) : fn(b, a)];
  };

export const elementwise: Readonly<Record<string, Step>> = {
  smooth: (pool) => [
    pool.dice.pick([tanh, sigmoid, sin, cos, gelu, erf, softplus, neg])(pickOf(pool)),
  ],
  exp: unary((x) => exp(minimum(x, 1))),
  log: unary((x) => log(positive(x))),
  sqrt: unary((x) => sqrt(positive(x))),
  reciprocal: unary((x) => reciprocal(positive(x))),
  square: unary((x) => square(tame(x))),
  pow: (pool) => [pow(positive(pickOf(pool)), pool.dice.pick([2, 0.5, -1, 3]))],
  kink: (pool) => [
    pool.dice.pick([relu, abs])(sub(pool.input(pickOf(pool).shape), threshold(pool))),
  ],
  clip: (pool) => [clip(pool.input(pickOf(pool).shape), -0.5, 0.25)],
  larger: (pool) => {
    const a = pool.input(pickOf(pool).shape);
    return [
      pool.dice.pick([maximum, minimum])(
        a,
        pool.dice.chance(0.5) ? threshold(pool) : pool.input(a.shape),
      ),
    ];
  },
  add: binary(add),
  sub: binary(sub),
  mul: binary((a, b) => mul(tame(a), b)),
  div: binary((a, b) => div(a, positive(b))),
  affine: (pool) => [
    add(mul(pickOf(pool), pool.dice.pick([0.5, -1.25])), pool.dice.pick([0, 1, -0.25])),
  ],
  where: (pool) => {
    const mask = maskOf(pool);
    const fits = pool.values.filter(({ shape }) => shape.join() === mask.shape.join());
    return [where(mask, pool.dice.pick(fits), pool.dice.chance(0.5) ? 0.5 : pool.dice.pick(fits))];
  },
  casts: (pool) => {
    const mask = maskOf(pool);
    return [
      mul(
        cast(cast(mask, pool.dice.pick(["i32", "u32", "bool"])), "f32"),
        pickOfShape(pool, mask.shape),
      ),
    ];
  },
  stop: (pool) => {
    const x = pickOf(pool);
    return [mul(stopGradient(tame(x)), x)];
  },
  shared: (pool) => [
    verbs.checkpoint(() => {
      const x = pickOf(pool);
      return mul(tanh(x), sigmoid(x));
    }),
  ],
};

function pickOfShape({ dice, values }: Pool, shape: readonly number[]): Tensor {
  return dice.pick(values.filter((one) => one.shape.join() === shape.join()));
}

export function axes(
  { dice }: Pool,
  { shape }: Tensor,
): { axis?: number | number[]; keepDims: boolean } {
  const keepDims = dice.chance(0.5);
  if (shape.length === 0 || dice.chance(0.3)) return { keepDims };
  const chosen = shape.map((_, d) => d).filter(() => dice.chance(0.5));
  if (chosen.length > 0 && dice.chance(0.5)) return { axis: chosen, keepDims };
  return { axis: dice.below(2 * shape.length) - shape.length, keepDims };
}
const anyAxis = ({ dice }: Pool, { shape }: Tensor) => dice.below(2 * shape.length) - shape.length;
export const withRank = ({ dice, values }: Pool, least: number): Tensor | undefined => {
  const fits = values.filter(({ shape }) => shape.length >= least);
  return fits.length === 0 ? undefined : dice.pick(fits);
};

export const reductions: Readonly<Record<string, Step>> = {
  sum: (pool) => {
    const x = pickOf(pool);
    return [tame(sum(x, axes(pool, x)))];
  },
  mean: (pool) => {
    const x = pickOf(pool);
    return [mean(x, axes(pool, x))];
  },
  extreme: (pool) => {
    // Of an input: what is computed may be nearly equal.
    const x = pool.input(pickOf(pool).shape);
    return [pool.dice.pick([max, min])(x, axes(pool, x))];
  },
  softmax: (pool) => {
    const x = withRank(pool, 1);
    return x === undefined
      ? []
      : [pool.dice.pick([softmax, logSoftmax])(mul(x, 2), anyAxis(pool, x))];
  },
  variance: (pool) => {
    const x = withRank(pool, 2);
    if (x === undefined) return [];
    const over = { axis: -1, keepDims: true };
    const centred = sub(x, mean(x, over));
    return [div(centred, sqrt(add(mean(square(centred), over), 0.1)))];
  },
};

export const movement: Readonly<Record<string, Step>> = {
  reshape: (pool) => {
    const x = pickOf(pool);
    return [
      reshape(x, pool.dice.pick([[-1], [1, -1], [-1, 1], [...x.shape, 1], x.shape.toReversed()])),
    ];
  },
  transpose: (pool) => {
    const x = pickOf(pool);
    if (pool.dice.chance(0.5)) return [transpose(x)];
    const order = x.shape.map((_, d) => [d, pool.dice.next()] as const).sort((a, b) => a[1] - b[1]);
    return [
      transpose(
        x,
        order.map(([d]) => d),
      ),
    ];
  },
  slice: (pool) => {
    const x = pickOf(pool);
    const starts = x.shape.map((n) => pool.dice.below(n));
    return [
      slice(
        x,
        starts,
        x.shape.map((n, d) =>
          pool.dice.chance(0.3) ? -1 : 1 + pool.dice.below(n - (starts[d] ?? 0)),
        ),
      ),
    ];
  },
  pad: (pool) => {
    const x = pickOf(pool);
    return [
      pad(
        x,
        x.shape.map(() => [pool.dice.below(3), pool.dice.below(2)] as const),
      ),
    ];
  },
  concat: (pool) => {
    const x = withRank(pool, 1);
    if (x === undefined) return [];
    const axis = anyAxis(pool, x);
    return [concat([x, pickOfShape(pool, x.shape), tanh(x)], axis)];
  },
  broadcast: (pool) => {
    const x = pickOf(pool);
    return [broadcastTo(x, [2, ...x.shape.map((n) => (n === 1 ? 3 : n))])];
  },
  squeeze: (pool) => {
    const x = pickOf(pool);
    const one = x.shape.indexOf(1);
    return [one < 0 ? unsqueeze(x, pool.dice.below(x.shape.length + 1)) : squeeze(x, one)];
  },
};
