/** Random graphs over whole numbers, which f32 adds, compares and multiplies without error. Free of the test runner. */
import {
  abs,
  add,
  concat,
  greater,
  matmul,
  max,
  maximum,
  min,
  minimum,
  mul,
  neg,
  relu,
  reshape,
  slice,
  stopGradient,
  sub,
  sum,
  sumOfSquares,
  type Tensor,
  transpose,
  where,
} from "../../src/functions.ts";
import { keyOf, words } from "../../src/tensor/random.ts";
import { packedUpdate } from "./packed-update.ts";
import { input, type TensorWish, wishOf } from "./plans.ts";
import { requestOf } from "./run-graph.ts";

class Dice {
  readonly #words: Uint32Array;
  #next = 0;
  constructor(seed: number) {
    this.#words = words(keyOf(seed), 0, 4096);
  }
  below(n: number): number {
    return (this.#words[this.#next++ % this.#words.length] ?? 0) % n;
  }
  pick<T>(list: readonly T[]): T {
    const found = list[this.below(list.length)];
    if (found === undefined) throw new Error("nothing to pick from");
    return found;
  }
}

/** Small again, so that products stay exact. */
const bounded = (x: Tensor) => minimum(maximum(x, -9), 9);

const rank2 = (x: Tensor): [number, number] => [x.shape[0] ?? 1, x.shape[1] ?? 1];

type Step = (dice: Dice, pool: readonly Tensor[]) => readonly Tensor[];

/** Every value of the pool has two dimensions. */
const steps: readonly Step[] = [
  (dice, pool) => [dice.pick([neg, abs, relu, stopGradient])(dice.pick(pool))],
  (dice, pool) => {
    const a = dice.pick(pool);
    const like = pool.filter(({ shape }) => shape.every((n, d) => n === a.shape[d] || n === 1));
    const b = dice.pick([dice.pick(like), dice.pick(like), add(a, dice.below(5)), a]);
    return [bounded(dice.pick([add, sub, mul, maximum, minimum])(a, b))];
  },
  (dice, pool) => {
    const a = dice.pick(pool);
    const like = pool.filter(({ shape }) => shape.join() === a.shape.join());
    return [where(greater(a, dice.pick(like)), dice.pick(like), dice.below(3))];
  },
  (dice, pool) => {
    const x = dice.pick(pool);
    const [rows, columns] = rank2(x);
    return [
      reshape(
        x,
        dice.pick([
          [columns, rows],
          [rows * columns, 1],
          [1, rows * columns],
        ]),
      ),
    ];
  },
  (dice, pool) => [transpose(dice.pick(pool))],
  (dice, pool) => {
    const x = dice.pick(pool);
    const [rows, columns] = rank2(x);
    const starts = [dice.below(rows), dice.pick([0, dice.below(columns)])];
    return [slice(x, starts, [1 + dice.below(rows - (starts[0] ?? 0)), -1])];
  },
  (dice, pool) => {
    const a = dice.pick(pool);
    const like = pool.filter(({ shape }) => shape[1] === a.shape[1]);
    return [concat([a, dice.pick(like), dice.pick(like)])];
  },
  (dice, pool) => [
    bounded(dice.pick([sum, max])(dice.pick(pool), { axis: dice.below(2), keepDims: true })),
  ],
  (dice, pool) => {
    const a = dice.pick(pool);
    const fits = pool.filter(({ shape }) => shape[0] === a.shape[1]);
    const product =
      fits.length === 0 ? matmul(a, a, { transposeB: true }) : matmul(a, dice.pick(fits));
    const [, columns] = rank2(product);
    const biases = pool.filter(({ shape }) => shape[0] === 1 && shape[1] === columns);
    const biased = biases.length === 0 ? product : add(product, dice.pick(biases));
    return [bounded(dice.pick([biased, relu(biased)]))];
  },
  (dice, pool) => [bounded(dice.pick([sum, max, min])(dice.pick(pool), { keepDims: true }))],
  (dice, pool) => {
    // A loss, its metric and a norm: reductions of one size, and numbers made of what comes out.
    const a = dice.pick(pool);
    const b = dice.pick(pool.filter(({ size }) => size === a.size));
    const total = bounded(sum(mul(a, dice.below(3)), { keepDims: true }));
    const count = bounded(sum(relu(b), { keepDims: true }));
    const both = bounded(mul(add(total, count), dice.below(4)));
    return dice.pick([[both], [both, count], [total, maximum(both, 1)], [sub(a, both)]]);
  },
  (dice, pool) => {
    // The gradients of weights and of a bias.
    const g = dice.pick(pool);
    const x = dice.pick(pool.filter(({ shape }) => shape[0] === g.shape[0]));
    const weights = bounded(matmul(x, g, { transposeA: true }));
    const bias = bounded(sum(g, { axis: 0, keepDims: true }));
    return dice.below(2) === 0 ? [weights, bias] : [bias, weights];
  },
  packedStep,
];

/** An update of packed tensors that are lying about, in place if it can be. */
function packedStep(dice: Dice, pool: readonly Tensor[]): readonly Tensor[] {
  const parameters = [dice.pick(pool), dice.pick(pool)];
  const like = () =>
    parameters.map(({ shape }) => {
      const fits = pool.filter((other) => other.shape.join() === shape.join());
      return dice.pick(fits);
    });
  const rate = input("one", []);
  const { parameters: next, state } = packedUpdate(parameters, like(), like(), rate, 1);
  const norm = dice.below(2) === 0 ? [] : [reshape(sumOfSquares(next), [1, 1])];
  return [...next, ...state, ...norm].map(bounded);
}

export function randomWish(seed: number): TensorWish {
  const dice = new Dice(seed);
  const shapes = [
    [4, 6],
    [6, 4],
    [1, 6],
    [4, 1],
    [4, 6],
    [6, 4],
  ];
  const inputs = shapes.map((shape, i) => input(`input ${seed} ${i}`, shape));
  const pool = [...inputs];
  const count = 4 + dice.below(16);
  for (let i = 0; i < count; i++) {
    const made = dice.pick(steps)(dice, pool);
    // Small ones only: reshapes and concatenations would otherwise take over.
    pool.push(...made.filter(({ size }) => size <= 96));
  }
  const outputs = Array.from({ length: 1 + dice.below(3) }, () => dice.pick(pool.slice(-8)));
  const updates = inputs.flatMap((variable): (readonly [Tensor, Tensor])[] => {
    const fits = pool.filter(({ shape }) => shape.join() === variable.shape.join());
    return dice.below(2) === 0 ? [] : [[variable, dice.pick(fits)]];
  });
  const packs = dice.below(2) === 0 ? [] : [[inputs[0] as Tensor, inputs[1] as Tensor]];
  return { outputs, updates, packs: isUsed(packs, outputs, updates) ? packs : [] };
}

/** A pack may name only what the graph knows. */
function isUsed(
  packs: readonly (readonly Tensor[])[],
  outputs: readonly Tensor[],
  updates: readonly (readonly [Tensor, Tensor])[],
): boolean {
  const known = requestOf(wishOf({ outputs, updates })).placements;
  return packs.flat().every(({ value }) => value.node.op === "source" && known.has(value.node));
}

/** Whole numbers from -4 to 4 for every input, and 1 for those that must be 1. */
export const whole = (name: string): readonly [number, number] =>
  name === "one" ? [1, 1] : [-4, 5];
