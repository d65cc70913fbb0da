/** What a Trainer carries from one window of a sequence to the next, for each size of batch, and how it is saved. */
import type { Values } from "../data/index.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { describe, Tensor, tensor, type Variable } from "../functions.ts";
import { checkCarries, stateVariables } from "../nn/carry.ts";
import type { AnyModule, Tensors } from "../nn/index.ts";
import { type Forward, windowForward } from "./forward.ts";
import {
  blocksBehind,
  restart,
  type StretchVariables,
  stretchForward,
  stretchVariables,
} from "./stretch.ts";
import { windowAxis } from "./time.ts";
import type { StepBatch } from "./training-data.ts";
import type { Truncation } from "./window.ts";

/** What is carried for sequences that are read side by side, as arrays. */
export interface CarriedSequences {
  /** Sequences side by side: B. */
  readonly batchSize: number;
  /** In the order of the model's `stateShapes`. */
  readonly state: readonly Values<Float32Array>[];
  /** With `window: { every, back }`: the steps before the next block, and where rows began in them. */
  readonly stretch?: SavedStretch;
}

/** The steps before a block, with `window: { every, back }`. */
export interface SavedStretch extends Truncation {
  /** Their inputs, time first. */
  readonly history: Values;
  /** Where sequences began among them; not there where none did. */
  readonly borders?: Values;
  /** Steps that no update has reached yet, for every row. */
  readonly owed: Values;
}

export interface CarriedMark {
  readonly hasBegun: boolean;
  readonly unbroken: number;
  readonly stretch: StretchVariables | undefined;
}

/** The sequences of batches of one size. */
export class Carried {
  readonly #model: AnyModule;
  readonly #truncation: Truncation | undefined;
  readonly batchSize: number;
  readonly state: readonly Variable[];
  /** By the form of a step: compiled steps hold on to theirs. */
  readonly #stretches = new Map<string, StretchVariables>();
  #stretch: StretchVariables | undefined;
  /** Whether there is a window that another one can go on from. */
  hasBegun = false;
  /** Blocks since a row began, or since it was last unknown what the device holds. */
  #unbroken = 0;

  constructor(model: AnyModule, batchSize: number, truncation: Truncation | undefined) {
    this.#model = model;
    this.batchSize = batchSize;
    this.state = stateVariables(model, batchSize);
    this.#truncation = stretchOf(truncation, this.state.length);
  }

  /** Makes ready for a batch, before its step is traced. @throws ShapeError for a block of another form */
  prepare({ x }: StepBatch): void {
    const truncation = this.#truncation;
    if (truncation === undefined) return;
    const block = timeFirst(this.#model, x);
    if (block.shape[0] !== truncation.every) {
      const form =
        windowAxis(this.#model) === 0 ? [truncation.every, "B"] : ["B", truncation.every];
      throw new ShapeError(
        `fit: with { every: ${truncation.every}, back: ${truncation.back} } every batch must be a block of ${truncation.every} steps, [${form.join(", ")}, …]; got x [${x.shape.join(", ")}]. Cut the sequence into such blocks, and fill the last one up with ignored targets.`,
      );
    }
    const form = formOf(block);
    if (!this.hasBegun || this.#stretch === undefined) {
      const known = this.#stretches.get(form);
      if (known !== undefined) restart(known, x.data);
      this.#stretch = known ?? this.#makeStretch(truncation, block);
      return;
    }
    const { history } = this.#stretch;
    if (formOf(history) === form) return;
    throw new ShapeError(
      `fit: all blocks of a sequence must have steps of one form; got x ${x.dtype}[${x.shape.join(", ")}] after ${history.dtype}[T, ${history.shape.slice(1).join(", ")}]. Bring all steps into the form of the first.`,
    );
  }

  #makeStretch(truncation: Truncation, { data, dtype, shape }: Values): StretchVariables {
    const made = stretchVariables(truncation, { dtype, shape }, data);
    this.#stretches.set(formOf({ dtype, shape }), made);
    return made;
  }

  /** Whether no row begins in the stretch that `batch` ends; counts it. */
  goesOn({ start }: StepBatch): boolean {
    const isStart = typeof start === "object" ? start.includes(true) : start !== false;
    this.#unbroken = isStart ? 0 : this.#unbroken + 1;
    const truncation = this.#truncation;
    return truncation !== undefined && this.#unbroken >= blocksBehind(truncation);
  }

  /** Steps that were under way may have changed nothing: where rows began is no longer known on the host. */
  lose(): void {
    this.#unbroken = 0;
  }

  forward(x: Tensors, keep: Tensor, isUnbroken: boolean): Forward {
    const [model, truncation, stretch] = [this.#model, this.#truncation, this.#stretch];
    if (truncation === undefined || stretch === undefined) {
      return windowForward(model, x, keep, this.state);
    }
    if (!(x instanceof Tensor)) {
      throw new ArgumentError(
        `fit: with { every, back } a model must take one tensor; got ${Object.keys(x).join(", ")}. Give one number as window.`,
      );
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
    this.#stretch =
      this.#stretches.get(formOf(history)) ?? this.#makeStretch(this.#truncation, history);
    this.#stretch.history.load(history.data);
    if (borders !== undefined) this.#stretch.borders?.load(borders.data);
    this.#stretch.owed.load(owed.data);
  }

  /** What the host knows of what is carried. */
  mark(): CarriedMark {
    return { hasBegun: this.hasBegun, unbroken: this.#unbroken, stretch: this.#stretch };
  }

  /** The variables have again what they had at `mark`; where there is none nothing was carried. */
  reset(mark?: CarriedMark): void {
    if (mark?.hasBegun !== true) {
      this.#forget();
      return;
    }
    this.hasBegun = true;
    this.#unbroken = mark.unbroken;
    this.#stretch = mark.stretch;
  }

  /** Nothing is carried any more: the next window has to begin its sequences. */
  #forget(): void {
    this.hasBegun = false;
    this.#unbroken = 0;
    // On the host, so that nothing is missed that was lost with a device.
    for (const held of this.state) held.load(new Float32Array(held.size));
  }

  /** What it holds on the device. */
  variables(): Variable[] {
    const stretches = [...this.#stretches.values()];
    const held = stretches.flatMap(({ history, borders, owed }) => [history, borders ?? [], owed]);
    return [...this.state, ...held.flat()];
  }

  dispose(): void {
    for (const held of this.variables()) held.dispose();
  }
}

/** Where nothing is carried no gradient comes back from the block's end to its past. */
export function stretchOf(
  truncation: Truncation | undefined,
  states: number,
): Truncation | undefined {
  return truncation !== undefined && truncation.back > truncation.every && states > 0
    ? truncation
    : undefined;
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
export function keepOf(
  caller: string,
  { x, start }: StepBatch,
  carried: Carried,
  model: AnyModule,
): Tensor {
  const { batchSize } = carried;
  const starts =
    typeof start === "object" ? start : new Array<boolean>(batchSize).fill(start ?? true);
  if (starts.length !== batchSize) {
    throw new ArgumentError(
      `${caller}: start must be one boolean, or one for each row of the batch; got ${starts.length} for x [${x.shape.join(", ")}], which has ${batchSize} rows. true begins all of them anew.`,
    );
  }
  const wrong = starts.find((one) => typeof one !== "boolean");
  if (wrong !== undefined) {
    throw new ArgumentError(
      `${caller}: start must hold booleans; got ${String(wrong)}. Give true where a row begins anew.`,
    );
  }
  if (starts.includes(false)) checkCarries(caller, model);
  return tensor(Float32Array.from(starts, (isStart) => (isStart ? 0 : 1)));
}

/** The rows of a window [T, B, …], or [B, T, …] where the model takes that. @throws ShapeError where it is none */
export function rowsOf(caller: string, { x }: StepBatch, model: AnyModule): number {
  const isTimeFirst = windowAxis(model) === 0;
  const rows = x.shape.length < 2 ? undefined : x.shape[isTimeFirst ? 1 : 0];
  if (rows !== undefined && rows > 0) return rows;
  throw new ShapeError(
    `${caller}: a batch with start must be a window ${isTimeFirst ? "[T, B, …], time first" : "[B, T, …]"}; got x [${x.shape.join(", ")}]. Leave start out where examples stand for themselves.`,
  );
}

/** A window's elements, with its shape as if time came first. */
function timeFirst(model: AnyModule, { data, dtype, shape }: Values): Values {
  const [rows = 0, steps = 0, ...features] = shape;
  return { data, dtype, shape: windowAxis(model) === 0 ? shape : [steps, rows, ...features] };
}

async function valuesOf(held: Variable): Promise<Values> {
  return { data: await held.data(), shape: held.shape, dtype: held.dtype };
}

/** Of a step, whatever their number. */
function formOf({ dtype, shape }: Pick<Values, "dtype" | "shape">): string {
  return describe({ dtype, shape: shape.slice(1) });
}
