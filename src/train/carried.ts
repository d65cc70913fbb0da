/** What a Trainer carries from one window of a sequence to the next, for each size of batch, and how it is saved. */
import type { Values } from "../data/index.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { type Shape, type Tensor, tensor, type Variable } from "../functions.ts";
import { checkSavedState, stateVariables } from "../nn/carry.ts";
import type { Module } from "../nn/index.ts";
import type { TrainingBatch } from "./batch-source.ts";
import { type Forward, windowForward } from "./forward.ts";
import {
  blocksBehind,
  type StretchVariables,
  stretchForward,
  stretchVariables,
} from "./stretch.ts";
import type { Truncation } from "./window.ts";

/** What is carried for sequences that are read side by side, as arrays. */
export interface CarriedSequences {
  readonly batchSize: number;
  /** In the order of the model's `stateShapes`. */
  readonly state: readonly Values<Float32Array>[];
  /** With `window: { every, back }`: the steps before the next block, and where rows began in them. */
  readonly stretch?: SavedStretch;
}

export interface SavedStretch extends Truncation {
  readonly history: Values;
  readonly borders?: Values;
  readonly owed: Values;
}

/** The sequences of batches of one size. */
export class Carried {
  readonly #model: Module;
  readonly #truncation: Truncation | undefined;
  readonly batchSize: number;
  readonly state: readonly Variable[];
  #stretch: StretchVariables | undefined;
  /** Whether there is a window that another one can go on from. */
  hasBegun = false;
  /** Blocks since a row began, or since it was last unknown what the device holds. */
  #unbroken = 0;

  constructor(model: Module, batchSize: number, truncation: Truncation | undefined) {
    this.#model = model;
    this.batchSize = batchSize;
    this.state = stateVariables(model, batchSize);
    // Where nothing is carried no gradient comes back from the block's end to its past.
    if (truncation !== undefined && truncation.back > truncation.every && this.state.length > 0) {
      this.#truncation = truncation;
    }
  }

  /** Makes ready for a batch, before its step is traced. @throws ShapeError for a block of another form */
  prepare({ x }: TrainingBatch): void {
    const truncation = this.#truncation;
    if (truncation === undefined) return;
    if (x.shape[0] !== truncation.every) {
      throw new ShapeError(
        `fit: with { every: ${truncation.every}, back: ${truncation.back} } every batch must be a block of ${truncation.every} steps, [${truncation.every}, B, …]; got x [${x.shape.join(", ")}]. Cut the sequence into such blocks, and fill the last one up with ignored targets.`,
      );
    }
    const history = this.#stretch?.history;
    if (history?.dtype === x.dtype && sameStep(history.shape, x.shape)) return;
    if (history === undefined || !this.hasBegun) {
      this.#stretch = stretchVariables(truncation, x, x.data);
      return;
    }
    throw new ShapeError(
      `fit: all blocks of a sequence must have steps of one form; got x ${x.dtype}[${x.shape.join(", ")}] after ${history.dtype}[T, ${history.shape.slice(1).join(", ")}].`,
    );
  }

  /** Whether no row begins in the stretch that `batch` ends; counts it. */
  goesOn({ start }: TrainingBatch): boolean {
    const isStart = typeof start === "object" ? start.includes(true) : start !== false;
    this.#unbroken = isStart ? 0 : this.#unbroken + 1;
    const truncation = this.#truncation;
    return truncation !== undefined && this.#unbroken >= blocksBehind(truncation);
  }

  /** Steps that were under way may have changed nothing: where rows began is no longer known on the host. */
  lose(): void {
    this.#unbroken = 0;
  }

  forward(x: Tensor, keep: Tensor, isUnbroken: boolean): Forward {
    const [model, truncation, stretch] = [this.#model, this.#truncation, this.#stretch];
    if (truncation === undefined || stretch === undefined) {
      return windowForward(model, x, keep, this.state);
    }
    return stretchForward(model, truncation, x, keep, this.state, stretch, isUnbroken);
  }

  async save(): Promise<CarriedSequences> {
    const { batchSize } = this;
    const stretch = this.#stretch;
    const [state, history, borders, owed] = await Promise.all([
      Promise.all(this.state.map(valuesOf)),
      stretch && valuesOf(stretch.history),
      stretch?.borders && valuesOf(stretch.borders),
      stretch && valuesOf(stretch.owed),
    ]);
    // A state is f32 in every model.
    const saved = { batchSize, state: state as Values<Float32Array>[] };
    if (this.#truncation === undefined || history === undefined || owed === undefined) return saved;
    const rest = borders === undefined ? {} : { borders };
    return { ...saved, stretch: { ...this.#truncation, history, ...rest, owed } };
  }

  /** @throws ArgumentError, ShapeError where `saved` is not what `save` gave for the same model and window */
  check({ state, stretch }: CarriedSequences): void {
    checkSavedState("loadState", this.#model.stateShapes(this.batchSize), state);
    const told = (one: Truncation | undefined) =>
      one === undefined ? "one number or none" : `{ every: ${one.every}, back: ${one.back} }`;
    const own = this.#truncation;
    if (own?.every !== stretch?.every || own?.back !== stretch?.back) {
      throw new ArgumentError(
        `loadState: the window must be the one that the state was saved with; got a state of ${told(stretch)} for a Trainer of ${told(own)}. Make the Trainer with that window.`,
      );
    }
    if (own === undefined || stretch === undefined) return;
    const made = stretchVariables(own, { ...stretch.history }, stretch.history.data);
    for (const name of ["history", "borders", "owed"] as const) {
      const [needed, given] = [made[name], stretch[name]];
      if (needed?.shape.join() === given?.shape.join() && needed?.size === given?.data.length)
        continue;
      throw new ShapeError(
        `loadState: ${name} of a state must be ${listed(needed?.shape)}; got ${listed(given?.shape)} with ${given?.data.length ?? 0} numbers. Load a state as it was saved.`,
      );
    }
    if (made.owed.size === this.batchSize) return;
    throw new ShapeError(
      `loadState: a state for ${this.batchSize} sequences must hold a history of as many; got ${listed(stretch.history.shape)}. Load a state as it was saved.`,
    );
  }

  /** `saved` has been checked. */
  load({ state, stretch }: CarriedSequences): void {
    this.hasBegun = true;
    this.#unbroken = stretch === undefined ? 0 : unbrokenBlocks(stretch);
    this.state.forEach((held, i) => {
      const data = state[i]?.data;
      if (data !== undefined) held.load(data);
    });
    if (this.#truncation === undefined || stretch === undefined) return;
    const { history, borders, owed } = stretch;
    this.#stretch ??= stretchVariables(this.#truncation, history, history.data);
    this.#stretch.history.load(history.data);
    if (borders !== undefined) this.#stretch.borders?.load(borders.data);
    this.#stretch.owed.load(owed.data);
  }
}

/** Blocks since a row began, as far back as it matters: what `goesOn` has counted when a state is saved. */
function unbrokenBlocks({ borders, owed }: SavedStretch): number {
  // A row that still has to begin does so with the next block.
  if (owed.data.includes(0)) return -1;
  const [count = 0, rows = 1] = borders?.shape ?? [];
  const first = borders?.data.indexOf(0) ?? -1;
  return first < 0 ? count : Math.floor(first / rows);
}

/** f32[B] of 0 where a row begins a sequence with this batch, and 1 where it goes on. */
export function keepOf({ x, start }: TrainingBatch, carried: Carried): Tensor {
  const { batchSize } = carried;
  const starts =
    typeof start === "object" ? start : new Array<boolean>(batchSize).fill(start ?? true);
  if (starts.length !== batchSize) {
    throw new ArgumentError(
      `fit: start must be one boolean, or one for each row of the batch; got ${starts.length} for x [${x.shape.join(", ")}], which has ${batchSize} rows.`,
    );
  }
  const wrong = starts.find((one) => typeof one !== "boolean");
  if (wrong !== undefined) {
    throw new ArgumentError(`fit: start must hold booleans; got ${String(wrong)}.`);
  }
  return tensor(Float32Array.from(starts, (isStart) => (isStart ? 0 : 1)));
}

/** The rows of a window [T, B, …]. @throws ShapeError where it is none */
export function rowsOf({ x }: TrainingBatch): number {
  const [, rows] = x.shape;
  if (rows !== undefined && rows > 0) return rows;
  throw new ShapeError(
    `fit: a batch with start must be a window [T, B, …], time first; got x [${x.shape.join(", ")}]. Leave start out where examples stand for themselves.`,
  );
}

async function valuesOf(held: Variable): Promise<Values> {
  return { data: await held.data(), shape: held.shape, dtype: held.dtype };
}

function sameStep(a: Shape, b: Shape): boolean {
  return a.slice(1).join() === b.slice(1).join();
}

function listed(shape: Shape | undefined): string {
  return shape === undefined ? "missing" : `[${shape.join(", ")}]`;
}
