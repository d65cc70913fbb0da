/** Small recurrent models, sequences for them, and gradients worked out by hand, for tests of the Trainer. */
import {
  type Gradients,
  slice,
  type Tensor,
  tensor,
  type Variable,
  valueAndGrad,
  variable,
} from "../../../src/functions.ts";
import { losses, nn, type optim } from "../../../src/index.ts";
import type { State } from "../../../src/nn/index.ts";
import type { TrainingBatch } from "../../../src/train/index.ts";

export const WORDS = 7;

export const languageModel = (hidden = 6) =>
  nn.sequential(
    nn.embedding(WORDS, 5, { seed: 1 }),
    nn.lstm(5, hidden, { layers: 2, seed: 2 }),
    nn.linear(hidden, WORDS, { seed: 3 }),
  );

/** Ids without a pattern that a small model could use. */
export const idsOf = (length: number, seed = 0) =>
  Int32Array.from({ length }, (_, i) => (i * i + 3 * i + seed * (i + 2)) % WORDS);

/** Steps [from, to) of every row: x the ids, y those that follow. */
export function block(
  rows: readonly Int32Array[],
  from: number,
  to: number,
  start: boolean | readonly boolean[],
): TrainingBatch {
  const shape = [to - from, rows.length];
  const pick = (shift: number) =>
    Int32Array.from(
      { length: (to - from) * rows.length },
      (_, i) => rows[i % rows.length]?.[from + Math.floor(i / rows.length) + shift] ?? 0,
    );
  return {
    x: { data: pick(0), shape, dtype: "i32" },
    y: { data: pick(1), shape, dtype: "i32" },
    start,
  };
}

/** Blocks of `every` steps of rows that all begin with the first one. */
export function blocks(rows: readonly Int32Array[], every: number): TrainingBatch[] {
  const count = Math.floor(((rows[0]?.length ?? 1) - 1) / every);
  return Array.from({ length: count }, (_, n) => block(rows, n * every, (n + 1) * every, n === 0));
}

export const idsTensor = (ids: Int32Array) => tensor(ids, [ids.length, 1]);

/** An optimizer that changes nothing, and keeps the gradients of the update made last. */
export function recorder() {
  const held: Variable[] = [];
  const optimizer: optim.Optimizer = {
    update(gradients) {
      [...gradients.values()].forEach((gradient, i) => {
        held[i] ??= variable(new Float32Array(gradient.size), gradient.shape);
        held[i]?.assign(gradient);
      });
    },
    setLearningRate: () => {},
    state: () => new Map(),
    loadState: () => {},
  };
  return { optimizer, read: () => flat(held) };
}

export async function flat(tensors: Iterable<Tensor>): Promise<number[]> {
  const all = await Promise.all([...tensors].map((one) => one.data()));
  return all.flatMap((one) => [...one]);
}

export interface Stretch {
  readonly ids: Int32Array;
  /** The stretch is of steps [from, to); the loss counts those from `counted` on. */
  readonly from: number;
  readonly to: number;
  readonly counted: number;
  readonly state?: State;
}

/** Loss and gradient of a stretch of one sequence, written out: no Trainer, one call of the model. */
export function byHand(
  model: nn.Module,
  { ids, from, to, counted, state }: Stretch,
): [loss: Tensor, gradients: Gradients] {
  return valueAndGrad(model.parameters(), () => {
    const { y } = model.step(idsTensor(ids.slice(from, to)), state);
    const own = slice(y, [counted - from, 0, 0], [to - counted, 1, WORDS]);
    return losses.crossEntropy(own, idsTensor(ids.slice(counted + 1, to + 1)));
  });
}

/** The state after the first `steps` steps of a sequence, as constants; undefined before the first. */
export async function stateAfter(
  model: nn.Module,
  ids: Int32Array,
  steps: number,
): Promise<State | undefined> {
  if (steps === 0) return undefined;
  return constants(model.step(idsTensor(ids.slice(0, steps)), undefined).state);
}

export async function constants(state: State): Promise<State> {
  return Promise.all(state.map(async (one) => tensor(await one.data(), one.shape)));
}

/** ‖a − b‖ / ‖b‖ */
export function distance(a: readonly number[], b: readonly number[]): number {
  const norm = (values: readonly number[]) => Math.hypot(...values);
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return norm(a.map((value, i) => value - (b[i] ?? 0))) / norm(b);
}
