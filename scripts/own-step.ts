/** A step out of a user's own file, for `npm run explain -- ./file.ts`: read, checked and planned, with errors that help. */
import { isRecord, shown } from "../src/arguments.ts";
import { ArgumentError } from "../src/errors.ts";
import type { TensorType } from "../src/functions.ts";
import { planStep } from "../src/runtime/compile.ts";
import type { DeviceTraits } from "../src/scheduler/lowering.ts";
import type { Plan } from "../src/scheduler/plan.ts";
import { checkDTypeName } from "../src/tensor/dtype.ts";
import { checkedShape } from "../src/tensor/shape.ts";
import type { TracedStep } from "./models.ts";
import { exportsOf, importOwn, type OwnFile, telling } from "./own-file.ts";

const FORM =
  'export default () => ({ fn: (x) => …, inputs: [{ shape: [64, 784], dtype: "f32" }] })';

/** Whether the argument names a file rather than one of the known networks. */
export function isPath(name: string): boolean {
  return /[./\\]/.test(name);
}

/** @throws GradgpuError in words for whoever wrote the file */
export async function planOwnStep(name: string, traits: DeviceTraits): Promise<Plan> {
  const { path, exports } = await importOwn(
    "explain",
    name,
    "Give its path, or cnn, lstm, gru or rnn.",
  );
  const make = defaultOf(name, exports);
  const made = await telling(`explain: the default export of ${name} must not throw`, path, make);
  const { fn, types } = checkStep(name, made);
  const rule = `explain: the fn of ${name} must run on tensors of its inputs`;
  const plan = await telling(rule, path, () => planStep(fn, types, traits));
  if (plan.results.length + plan.steps.length > 0) return plan;
  throw new ArgumentError(
    `explain: the fn of ${name} must compute something; got neither a tensor that it returns nor a variable that it updates. Return the loss.`,
  );
}

function defaultOf(name: string, exports: OwnFile["exports"]): () => unknown {
  const { default: make } = exports;
  if (typeof make === "function") return make as () => unknown; // a function, whatever it takes
  throw new ArgumentError(
    `explain: ${name} must have a function as its default export; got ${exportsOf(exports)}. Write ${FORM}.`,
  );
}

function checkStep(name: string, made: unknown): TracedStep {
  if (!isRecord(made) || typeof made.fn !== "function" || !Array.isArray(made.inputs)) {
    throw new ArgumentError(
      `explain: the default export of ${name} must return { fn, inputs }, a function and a list; got ${shown(made)}. Write ${FORM}.`,
    );
  }
  const types = made.inputs.map((input: unknown, i): TensorType => {
    const caller = `explain: inputs[${i}] of ${name}`;
    if (!isRecord(input)) {
      throw new ArgumentError(
        `${caller} must be { shape, dtype }; got ${shown(input)}. Write { shape: [64, 784], dtype: "f32" }.`,
      );
    }
    checkDTypeName(caller, input.dtype);
    return { dtype: input.dtype, shape: checkedShape(caller, input.shape) };
  });
  const fn = made.fn as TracedStep["fn"]; // whether it takes and returns tensors shows when it is traced
  if (fn.length > types.length) {
    throw new ArgumentError(
      `explain: inputs of ${name} must have one for each of fn's ${fn.length} arguments; got ${types.length}. Add { shape, dtype } for the others.`,
    );
  }
  return { fn, types };
}
