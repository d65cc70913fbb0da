/** A Trainer's state as plain data, and what is made sure of before any of it is loaded. */
import { check, count, isRecord, rule, shown, whole } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { sizeOf } from "../functions.ts";
import type { StateDict } from "../nn/index.ts";
import type { Optimizer, SavedVariable } from "../optim/index.ts";
import type { CarriedSequences } from "./carried.ts";

/** Everything that training goes on from, as plain data: typed arrays with shapes. */
export interface TrainerState {
  /** Steps taken. */
  readonly step: number;
  /** Epochs begun: a fit goes on with the next one. 0 where nothing is said. */
  readonly epoch?: number;
  /** The stream of random numbers that the steps draw from: the training's own, wherever it goes on. */
  readonly randomStream: number;
  readonly parameters: StateDict;
  readonly optimizer: Readonly<Record<string, SavedVariable>>;
  /** What is carried from window to window, for each size of batch in use. */
  readonly sequences: readonly CarriedSequences[];
}

export async function readOptimizer(
  optimizer: Optimizer,
): Promise<Readonly<Record<string, SavedVariable>>> {
  const entries = [...optimizer.state()].map(async ([name, held]) => {
    const data = Float32Array.from(await held.data());
    return [name, { shape: held.shape, data }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

const CALLER = "loadState";
const REMEDY =
  "Load what state() gave, or a structured clone of it: JSON does not keep typed arrays.";

const wholeNumber = rule("a whole number", Number.isSafeInteger);
const record = rule("a record", isRecord);
const list = rule("a list", Array.isArray);

/** @throws ArgumentError, ShapeError where `saved` has not the form of a state, whatever the model */
export function checkForm(saved: unknown): asserts saved is TrainerState {
  const must = (name: string, value: unknown, own: typeof record) =>
    check(CALLER, name, value, own, REMEDY);
  must("the state", saved, record);
  const state = saved as Readonly<Record<string, unknown>>;
  must("step", state.step, whole);
  if (state.epoch !== undefined) must("epoch", state.epoch, whole);
  must("randomStream", state.randomStream, wholeNumber);
  for (const name of ["parameters", "optimizer"] as const) {
    must(name, state[name], record);
    for (const [key, value] of Object.entries(state[name] as object)) {
      checkArray(`${name} "${key}"`, value, ["f32"]);
    }
  }
  must("sequences", state.sequences, list);
  for (const [i, one] of Object.entries(state.sequences as unknown[])) checkSequence(+i, one);
}

function checkSequence(i: number, saved: unknown): void {
  const name = `sequences[${i}]`;
  check(CALLER, name, saved, record, REMEDY);
  const { batchSize, state, stretch } = saved as Readonly<Record<string, unknown>>;
  check(CALLER, `batchSize of ${name}`, batchSize, count, REMEDY);
  check(CALLER, `state of ${name}`, state, list, REMEDY);
  for (const one of state as unknown[]) checkArray(`state of ${name}`, one, ["f32"]);
  if (stretch === undefined) return;
  check(CALLER, `stretch of ${name}`, stretch, record, REMEDY);
  const { history, borders, owed } = stretch as Readonly<Record<string, unknown>>;
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
  check(CALLER, name, value, record, REMEDY);
  const { shape, data, dtype = dtypes[0] } = value as Readonly<Record<string, unknown>>;
  const known = dtypes.find((one) => one === dtype);
  if (known === undefined || !isArrayOf(data, ARRAYS[known])) {
    throw new ArgumentError(
      `${CALLER}: ${name} must hold ${dtypes.join(" or ")} in a typed array; got ${shown(data)} of ${shown(dtype)}. ${REMEDY}`,
    );
  }
  check(CALLER, `the shape of ${name}`, shape, list, REMEDY);
  const sizes = shape as unknown[];
  for (const size of sizes) check(CALLER, `the shape of ${name}`, size, whole, REMEDY);
  if (sizeOf(sizes as number[]) === data.length) return;
  throw new ShapeError(
    `${CALLER}: ${name} must fill its shape; got [${sizes.slice(0, 8).join(", ")}] with ${data.length} numbers. ${REMEDY}`,
  );
}

function isArrayOf(data: unknown, name: string): data is Float32Array {
  return ArrayBuffer.isView(data) && Object.prototype.toString.call(data) === `[object ${name}]`;
}
