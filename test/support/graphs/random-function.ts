/**
 * Random functions of everything that has a gradient, from a few tensors to one number. Two seeds: `structure` decides
 * ops and shapes, so that plans and pipelines can be used again, and `data` the elements. Values stay near 1, and what
 * is discontinuous is decided by the data alone, which keeps away from the border.
 */
import { add, mul, sum, type Tensor, tensor } from "../../../src/functions.ts";
import { Dice } from "../fuzz/dice.ts";
import { composed } from "./composed-steps.ts";
import { layers } from "./layer-steps.ts";
import { elementwise, movement, reductions, SHAPES } from "./verb-steps.ts";

/** What steps choose from. */
export interface Pool {
  readonly dice: Dice;
  /** f32 of any shape; the inputs first. */
  readonly values: Tensor[];
  /** A new f32 input of that shape, in [−1, 1]. */
  input(shape: readonly number[]): Tensor;
  /** i32 in [low, high), no input of the function: part of its structure. */
  ids(shape: readonly number[], low: number, high: number): Tensor;
}

/** What a step adds to the pool. */
export type Step = (pool: Pool) => readonly Tensor[];

export interface RandomFunction {
  readonly inputs: readonly Tensor[];
  readonly loss: Tensor;
  /** What the steps were, for a message. */
  readonly ops: readonly string[];
}

const STEPS: readonly (readonly [name: string, step: Step])[] = [
  ...Object.entries(elementwise),
  ...Object.entries(reductions),
  ...Object.entries(movement),
  ...Object.entries(layers),
  ...Object.entries(composed),
];
export const STEP_NAMES = STEPS.map(([name]) => name);

/** Larger values would let a few steps make most of the work. */
const MOST_ELEMENTS = 200;

/** `given`: the inputs, where they are not made of numbers here. */
export function randomFunction(
  structure: number,
  data: number,
  given?: readonly Tensor[],
): RandomFunction {
  const dice = new Dice(structure);
  const numbers = new Dice(structure, data);
  const inputs: Tensor[] = [];
  const pool: Pool = {
    dice,
    values: [],
    input(shape) {
      const size = shape.reduce((a, b) => a * b, 1);
      const elements = Float32Array.from({ length: size }, () => element(numbers));
      const made = given?.[inputs.length] ?? tensor(elements, shape);
      inputs.push(made);
      return made;
    },
    ids: (shape, low, high) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return tensor(
        Int32Array.from({ length: size }, () => low + dice.below(high - low)),
        shape,
      );
    },
  };
  const count = 1 + dice.below(3);
  for (let i = 0; i < count; i++) pool.values.push(pool.input(dice.pick(SHAPES)));
  const ops: string[] = [];
  const steps = 2 + dice.below(7);
  for (let i = 0; i < steps; i++) {
    const [name, step] = dice.pick(STEPS);
    const made = step(pool).filter(({ size }) => size <= MOST_ELEMENTS);
    if (made.length > 0) ops.push(name);
    pool.values.push(...made);
  }
  // So that no gradient cancels.
  const last = pool.values.slice(-3);
  const terms = last.map(weighed);
  return { inputs, loss: terms.reduce((a, b) => add(a, b)), ops };
}

/** In [−1, 1], a quarter of a 32nd away from every 32nd: thresholds lie there. */
function element(dice: Dice): number {
  const cell = dice.below(64) - 32;
  return (cell + 0.25 + 0.5 * dice.next()) / 32;
}

/** The sum of its elements, each of which counts differently. */
export function weighed(x: Tensor): Tensor {
  const weights = Float32Array.from({ length: x.size }, (_, i) => 0.5 + ((i * 7) % 11) / 16);
  return sum(mul(x, tensor(weights, x.shape)));
}
