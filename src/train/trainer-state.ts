/** A Trainer's state as plain data, and what is made sure of before any of it is loaded. */

import { check, count, list, record, rule, shown, whole } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import type { StateDict } from "../nn/index.ts";
import type { Optimizer, SavedVariable } from "../optim/index.ts";
import { mappedLater } from "../records.ts";
import type { CarriedSequences } from "./carried.ts";
import type { FitProgress } from "./progress.ts";
import { checkProgress } from "./saved-progress.ts";

/** Everything that training goes on from, as plain data: typed arrays with shapes. */
export interface TrainerState {
  /** Steps taken. */
  readonly step: number;
  /** Epochs begun: a fit goes on with the next one. 0 where nothing is said. */
  readonly epoch?: number;
  /** The stream of random numbers that the steps draw from: the training's own, wherever it goes on. */
  readonly randomStream: number;
  /** Parameters and buffers of the model. */
  readonly parameters: StateDict;
  /** What the optimizer's variables held, by name. */
  readonly optimizer: Readonly<Record<string, SavedVariable>>;
  /** What is carried from window to window, for each size of batch in use. */
  readonly sequences: readonly CarriedSequences[];
  /** The fit that was under way, with its place in the data; none where there was none. */
  readonly fit?: FitProgress;
  /** Of what else belongs to the training, by name. */
  readonly also?: Readonly<Record<string, unknown>>;
}

export async function readOptimizer(
  optimizer: Optimizer,
): Promise<Readonly<Record<string, SavedVariable>>> {
  return mappedLater(Object.fromEntries(optimizer.state()), async (held) => ({
    shape: held.shape,
    data: Float32Array.from(await held.data()),
  }));
}

const CALLER = "loadState";
const REMEDY = "Load what state() gave, or a structured clone of it.";

const wholeNumber = rule("a whole number", Number.isSafeInteger);

/**
 * Whether `saved` has the form of a state, whatever the model. What is in parameters, optimizer and carried state is
 * checked by those who load it.
 * @throws ArgumentError, ShapeError
 */
export function checkForm(saved: unknown): asserts saved is TrainerState {
  const state = checkedRecord("the state", saved);
  check(CALLER, "step", state.step, whole, REMEDY);
  if (state.epoch !== undefined) check(CALLER, "epoch", state.epoch, whole, REMEDY);
  check(CALLER, "randomStream", state.randomStream, wholeNumber, REMEDY);
  for (const name of ["parameters", "optimizer"]) checkedRecord(name, state[name]);
  check(CALLER, "sequences", state.sequences, list, REMEDY);
  for (const [i, one] of Object.entries(state.sequences as unknown[])) {
    checkSequence(`sequences[${i}]`, one);
  }
  if (state.also !== undefined) checkedRecord("also", state.also);
  if (state.fit !== undefined) checkProgress(CALLER, REMEDY, state.fit);
}

function checkedRecord(name: string, value: unknown): Readonly<Record<string, unknown>> {
  check(CALLER, name, value, record, REMEDY);
  return value as Readonly<Record<string, unknown>>;
}

function checkSequence(name: string, saved: unknown): void {
  const { batchSize, stretch } = checkedRecord(name, saved);
  check(CALLER, `batchSize of ${name}`, batchSize, count, REMEDY);
  if (stretch === undefined) return;
  const { history, borders, owed } = checkedRecord(`stretch of ${name}`, stretch);
  checkArray(`history of ${name}`, history, ["f32", "i32", "u32", "bool"]);
  checkArray(`owed of ${name}`, owed, ["f32"]);
  if (borders !== undefined) checkArray(`borders of ${name}`, borders, ["f32"]);
}

const ARRAYS = {
  f32: "Float32Array",
  i32: "Int32Array",
  u32: "Uint32Array",
  bool: "Uint32Array",
} as const;

/** `{ shape, data }` of one of `dtypes`; the first where it says none. */
function checkArray(name: string, value: unknown, dtypes: readonly (keyof typeof ARRAYS)[]): void {
  const { shape, data, dtype = dtypes[0] } = checkedRecord(name, value);
  const known = dtypes.find((one) => one === dtype);
  if (known === undefined || !isArrayOf(data, ARRAYS[known])) {
    throw new ArgumentError(
      `${CALLER}: ${name} must hold ${dtypes.join(" or ")} in a typed array; got ${shown(data)} of ${shown(dtype)}. ${REMEDY}`,
    );
  }
  check(CALLER, `the shape of ${name}`, shape, list, REMEDY);
  const sizes = shape as unknown[];
  for (const size of sizes) check(CALLER, `the shape of ${name}`, size, whole, REMEDY);
  if ((sizes as number[]).reduce((product, n) => product * n, 1) === data.length) return;
  throw new ShapeError(
    `${CALLER}: ${name} must fill its shape; got [${sizes.slice(0, 8).join(", ")}] for an array of ${data.length}. ${REMEDY}`,
  );
}

function isArrayOf(data: unknown, name: string): data is Float32Array {
  return ArrayBuffer.isView(data) && Object.prototype.toString.call(data) === `[object ${name}]`;
}
