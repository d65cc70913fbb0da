/** Verbs that are made of others, over shapes, axes, steps, strides and dilations that are drawn. */
import type { Tensor } from "../../../src/functions.ts";
import * as verbs from "../../../src/functions.ts";
import type { Pool, Step } from "./random-function.ts";
import { axes, pickOf, tame, withRank } from "./verb-steps.ts";

const { add, atan, asinh, cumprod, cumsum, expm1, flip, gather, hypot, log1p, logSigmoid } = verbs;
const { logSumExp, minimum, mish, norm, padAs, prod, repeat, roll, silu, slice, softsign } = verbs;
const { softplus, sort, stack, std, take, tanhShrink, tile, topK, tril, triu, variance } = verbs;

const below = ({ dice }: Pool, { shape }: Tensor) => dice.below(shape.length);
const withAxis =
  (fn: (x: Tensor, axis: number, pool: Pool) => Tensor | readonly Tensor[]): Step =>
  (pool) => {
    const x = withRank(pool, 1);
    if (x === undefined) return [];
    const made = fn(x, below(pool, x), pool);
    return Array.isArray(made) ? made : [made as Tensor];
  };
/** Images [1, H, W, 2] of an input's elements. */
const image = (pool: Pool) => pool.input([1, 4 + pool.dice.below(3), 5, 2]);
const upTo = ({ dice }: Pool, most: number) => 1 + dice.below(most);

export const composed: Readonly<Record<string, Step>> = {
  curve: (pool) => [
    pool.dice.pick([atan, asinh, silu, mish, softsign, logSigmoid, tanhShrink])(pickOf(pool)),
  ],
  log1p: (pool) => [log1p(softplus(pickOf(pool)))],
  expm1: (pool) => [expm1(minimum(pickOf(pool), 1))],
  hypot: (pool) => [hypot(pickOf(pool), 0.75)],
  product: (pool) => {
    const x = pickOf(pool);
    return [prod(tame(x), axes(pool, x))];
  },
  spread: (pool) => {
    const x = withRank(pool, 1);
    if (x === undefined) return [];
    const over = { ...axes(pool, x), correction: 0 };
    return [
      pool.dice.chance(0.5)
        ? variance(tame(x), over)
        : std(add(tame(x), pool.input(x.shape)), over),
    ];
  },
  logSumExp: (pool) => {
    const x = pickOf(pool);
    return [logSumExp(x, axes(pool, x))];
  },
  "norm of an order": (pool) => {
    const x = pool.input(pickOf(pool).shape);
    return [norm(x, { ...axes(pool, x), p: pool.dice.pick([1, 2, 3]) })];
  },
  cumulative: withAxis((x, axis, { dice }) => {
    const options = { axis, reverse: dice.chance(0.5), exclusive: dice.chance(0.5) };
    return tame(dice.pick([cumsum, cumprod])(tame(x), options));
  }),
  sorted: withAxis((x, axis, pool) => {
    const own = pool.input(x.shape);
    if (pool.dice.chance(0.5)) return sort(own, { axis, descending: pool.dice.chance(0.5) });
    return topK(own, upTo(pool, own.shape[axis] ?? 1), { axis }).values;
  }),
  take: withAxis((x, axis, pool) => {
    const n = x.shape[axis] ?? 1;
    return take(x, pool.ids([2, 2], -n, n), axis);
  }),
  "gather along": withAxis((x, axis, pool) => {
    const n = x.shape[axis] ?? 1;
    return gather(x, pool.ids(x.shape.with(axis, 3), 0, n), axis);
  }),
  flip: withAxis((x, axis) => flip(x, axis)),
  steps: (pool) => {
    const x = pickOf(pool);
    const starts = x.shape.map((n) => pool.dice.below(n));
    const steps = x.shape.map(() => pool.dice.pick([1, 2, 3, -1, -2]));
    return [
      slice(
        x,
        starts,
        x.shape.map(() => -1),
        steps,
      ),
    ];
  },
  roll: withAxis((x, axis, { dice }) => roll(x, dice.below(9) - 4, axis)),
  tile: (pool) => {
    const x = pickOf(pool);
    return [
      tile(
        x,
        x.shape.map(() => upTo(pool, 2)),
      ),
    ];
  },
  repeat: withAxis((x, axis) => repeat(x, 2, axis)),
  stack: (pool) => {
    const x = pickOf(pool);
    return [stack([x, tame(x)], pool.dice.below(x.shape.length + 1))];
  },
  around: withAxis((x, axis, pool) => {
    const mode = pool.dice.pick([
      "constant",
      "reflect",
      "symmetric",
      "replicate",
      "circular",
    ] as const);
    const most = Math.min(2, (x.shape[axis] ?? 1) - (mode === "reflect" ? 1 : 0));
    const sides = [pool.dice.below(most + 1), pool.dice.below(most + 1)] as const;
    const none = [0, 0] as const;
    return padAs(
      x,
      x.shape.map((_, d) => (d === axis ? sides : none)),
      { mode },
    );
  }),
  triangle: (pool) => {
    const x = withRank(pool, 2);
    return x === undefined ? [] : [pool.dice.pick([tril, triu])(x, pool.dice.below(5) - 2)];
  },
  einsum: (pool) => {
    const x = withRank(pool, 2);
    if (x === undefined) return [];
    const [rows = 1, columns = 1] = x.shape.slice(-2);
    const [pattern, shape] = pool.dice.pick([
      ["...ij,jk->...ik", [columns, 3]],
      ["...ij,ij->...i", [rows, columns]],
      ["...ij,ik->kj...", [rows, 2]],
      ["...ij,j->i...", [columns]],
    ] as const);
    return [tame(verbs.einsum(pattern, x, pool.input(shape)))];
  },
  "conv of lines": (pool) => {
    const x = pool.input([2, 7, 2]);
    const [stride, dilation] = [upTo(pool, 2), upTo(pool, 3)];
    return [
      tame(
        verbs.conv1d(x, pool.input([2, 2, 3]), { stride, dilation, padding: pool.dice.below(3) }),
      ),
    ];
  },
  "dilated conv": (pool) => {
    const options = {
      stride: [upTo(pool, 2), 1],
      dilation: [upTo(pool, 2), 2],
      padding: pool.dice.pick(["same", 1] as const),
    } as const;
    return [tame(verbs.conv2d(image(pool), pool.input([2, 2, 2, 2]), options))];
  },
  "transposed conv": (pool) => {
    const stride = upTo(pool, 2);
    const options = { stride, dilation: upTo(pool, 2), outputPadding: pool.dice.below(stride) };
    return [
      tame(verbs.conv2dTranspose(pool.input([1, 3, 3, 2]), pool.input([2, 3, 2, 2]), options)),
    ];
  },
  "other pools": (pool) => {
    const x = image(pool);
    const shared = { stride: upTo(pool, 2), padding: 1, ceilMode: pool.dice.chance(0.5) };
    const dilation = upTo(pool, 2);
    return [
      pool.dice.chance(0.5)
        ? verbs.maxPool2d(x, 2, { ...shared, dilation })
        : verbs.avgPool2d(x, 2, { ...shared, dilation, countIncludePad: pool.dice.chance(0.5) }),
      verbs.adaptiveAvgPool2d(x, [upTo(pool, 4), 2]),
    ];
  },
  resized: (pool) => [
    verbs.resize(image(pool), [upTo(pool, 7), upTo(pool, 7)], {
      mode: pool.dice.pick(["nearest", "bilinear"]),
      coordinates: pool.dice.pick(["halfPixel", "alignCorners", "asymmetric"]),
    }),
  ],
};
