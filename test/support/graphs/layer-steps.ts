/** Products, convolutions, rows of tables, losses and loops over time for random functions. */
import {
  add,
  avgPool2d,
  conv2d,
  crossEntropyLoss,
  embedding,
  gru,
  lstm,
  matmul,
  maxPool2d,
  mean,
  mul,
  reshape,
  rnn,
  scan,
  slice,
  sumOfSquares,
  type Tensor,
  tanh,
} from "../../../src/functions.ts";
import type { Pool, Step } from "./random-function.ts";
import { pickOf, tame } from "./verb-steps.ts";

/** A matrix [rows, columns] of the pool's values. */
function matrix(pool: Pool): Tensor {
  const found = pool.values.filter(({ shape }) => shape.length === 2);
  return found.length === 0 ? reshape(pickOf(pool), [1, -1]) : pool.dice.pick(found);
}
const sizes = ({ shape }: Tensor) => [shape[0] ?? 1, shape[1] ?? 1] as const;

/** f32[3, 2, 2]: a sequence of three steps. */
const sequence = (pool: Pool) => {
  const found = pool.values.filter(({ size }) => size === 12);
  return found.length === 0 ? pool.input([3, 2, 2]) : reshape(pool.dice.pick(found), [3, 2, 2]);
};
const images = (pool: Pool) => {
  const found = pool.values.filter(({ size }) => size === 32);
  return found.length === 0
    ? pool.input([1, 4, 4, 2])
    : reshape(pool.dice.pick(found), [1, 4, 4, 2]);
};

const matmulStep: Step = (pool) => {
  const a = matrix(pool);
  const [rows, columns] = sizes(a);
  switch (pool.dice.below(4)) {
    case 0:
      return [tame(matmul(a, pool.input([columns, 3])))];
    case 1:
      return [tame(matmul(a, pool.input([rows, 2]), { transposeA: true }))];
    case 2:
      return [tame(matmul(pool.input([2, 3, columns]), a, { transposeB: true }))];
    default:
      return [tame(add(matmul(a, pool.input([columns, 5])), pool.input([5])))];
  }
};

const convStep: Step = (pool) => {
  const x = images(pool);
  const { dice } = pool;
  const padding = dice.pick(["same", "valid"] as const);
  if (dice.chance(0.3)) return [tame(conv2d(x, pool.input([3, 3, 1, 2]), { groups: 2, padding }))];
  const stride = dice.pick([1, 2]);
  return [tame(conv2d(x, pool.input([dice.pick([1, 2, 3]), 2, 2, 3]), { stride, padding }))];
};

const weightsOf = (pool: Pool, gates: number) => {
  const last = gates === 1 ? [] : [gates];
  return {
    input: pool.input([2, 3, ...last]),
    recurrent: pool.input([3, 3, ...last]),
    bias: pool.input([3, ...last]),
  };
};
/** How a sequence is walked: backwards, and to ends of its own. */
function walkOf(pool: Pool) {
  const reverse = pool.dice.chance(0.5);
  return pool.dice.chance(0.4) ? { reverse, lengths: pool.ids([2], 1, 4) } : { reverse };
}

export const layers: Readonly<Record<string, Step>> = {
  matmul: matmulStep,
  conv2d: convStep,
  avgPool2d: (pool) => [
    avgPool2d(images(pool), 2, {
      stride: pool.dice.pick([1, 2]),
      padding: pool.dice.pick(["same", "valid"]),
    }),
  ],
  // Of an input: of what is computed two elements may be nearly equal.
  maxPool2d: (pool) => [maxPool2d(pool.input([1, 4, 4, 2]), 2, { stride: pool.dice.pick([1, 2]) })],
  gather: (pool) => {
    const table = matrix(pool);
    return [embedding(table, pool.ids(pool.dice.pick([[4], [2, 3]]), 0, sizes(table)[0]))];
  },
  crossEntropy: (pool) => {
    const logits = matrix(pool);
    const [rows, classes] = sizes(logits);
    return [crossEntropyLoss(mul(logits, 2), pool.ids([rows], -1, classes))];
  },
  norm: (pool) => [tame(sumOfSquares([pickOf(pool), pickOf(pool)]))],
  rnn: (pool) => {
    const { y, state } = rnn(sequence(pool), weightsOf(pool, 1), undefined, walkOf(pool));
    return [y, state.h];
  },
  gru: (pool) => {
    const weights = { ...weightsOf(pool, 3), candidateBias: pool.input([3]) };
    const { y, state } = gru(sequence(pool), weights, { h: pool.input([2, 3]) }, walkOf(pool));
    return [y, state.h];
  },
  lstm: (pool) => {
    const initial = { h: pool.input([2, 3]), c: pool.input([2, 3]) };
    const { y, state } = lstm(sequence(pool), weightsOf(pool, 4), initial, walkOf(pool));
    return [state.c, y];
  },
  scan: (pool) => {
    const w = pool.input([2, 2]);
    const { carry, ys } = scan(
      (h: Tensor, x: Tensor) => {
        const next = tanh(add(matmul(h, w), x));
        return { carry: next, y: mean(next, { axis: 1 }) };
      },
      pool.input([2, 2]),
      sequence(pool),
      { reverse: pool.dice.chance(0.5) },
    );
    return [carry, ys];
  },
  step: (pool) => {
    const x = sequence(pool);
    return [slice(x, [pool.dice.below(3), 0, 0], [1, 2, 2])];
  },
};
