/** A step out of a user's own file, for `npm run explain -- ./file.ts`: read, checked and planned, with errors that help. */
import { existsSync } from "node:fs";
import { register } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isRecord, shown } from "../src/arguments.ts";
import { ArgumentError, GradgpuError } from "../src/errors.ts";
import type { TensorType } from "../src/functions.ts";
import { planStep } from "../src/runtime/compile.ts";
import type { DeviceTraits } from "../src/scheduler/lowering.ts";
import type { Plan } from "../src/scheduler/plan.ts";
import { checkDTypeName } from "../src/tensor/dtype.ts";
import { checkedShape } from "../src/tensor/shape.ts";
import type { TracedStep } from "./models.ts";

const FORM =
  'export default () => ({ fn: (x) => …, inputs: [{ shape: [64, 784], dtype: "f32" }] })';

/** Whether the argument names a file rather than one of the known networks. */
export function isPath(name: string): boolean {
  return /[./\\]/.test(name);
}

/** @throws GradgpuError in words for whoever wrote the file */
export async function planOwnStep(name: string, traits: DeviceTraits): Promise<Plan> {
  // npm runs scripts in the package's folder, and says where it was called.
  const folder = process.env.npm_lifecycle_event === "explain" ? process.env.INIT_CWD : undefined;
  const path = resolve(folder ?? process.cwd(), name);
  if (!existsSync(path)) {
    throw new ArgumentError(
      `explain: the file must be there; got ${name}, which would be ${path}. Give its path, or cnn, lstm, gru or rnn.`,
    );
  }
  shareThisGradgpu();
  const module = await telling(
    `explain: ${name} must be importable`,
    path,
    () => import(pathToFileURL(path).href) as Promise<Record<string, unknown>>,
  );
  const make = defaultOf(name, module);
  const made = await telling(`explain: the default export of ${name} must not throw`, path, make);
  const { fn, types } = checkStep(name, made);
  const rule = `explain: the fn of ${name} must run on tensors of its inputs`;
  const plan = await telling(rule, path, () => planStep(fn, types, traits));
  if (plan.results.length + plan.steps.length > 0) return plan;
  throw new ArgumentError(
    `explain: the fn of ${name} must compute something; got neither a tensor that it returns nor a variable that it updates. Return the loss.`,
  );
}

function defaultOf(name: string, module: Readonly<Record<string, unknown>>): () => unknown {
  const { default: make, ...others } = module;
  if (typeof make === "function") return make as () => unknown; // a function, whatever it takes
  const names = Object.keys(others);
  const missing = names.length === 0 ? "no export" : `only ${names.join(", ")}`;
  throw new ArgumentError(
    `explain: ${name} must have a function as its default export; got ${make === undefined ? missing : shown(make)}. Write ${FORM}.`,
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

/** What `action` gives; its error is told with what it is about, and with the line of the user's file that it came by. */
async function telling<T>(rule: string, path: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof Error)) throw new ArgumentError(`${rule}; got ${shown(error)} thrown.`);
    const line = error.stack
      ?.split("\n")
      .find((text) => /^ +at /.test(text) && text.includes(path));
    const kind = error instanceof GradgpuError ? "" : `${error.name}: `;
    throw new ArgumentError(
      `${rule}; got ${kind}${error.message}${line === undefined ? "" : `\n${line}`}`,
    );
  }
}

/**
 * "gradgpu" is this one, wherever the file lies and whatever is installed there: tensors of another are not understood.
 * TypeScript is read as modules, also where no package.json says so.
 */
function shareThisGradgpu(): void {
  const hook = `export async function resolve(name, context, next) {
    const own = /^gradgpu(\\/|$)/.test(name) ? { ...context, parentURL: ${JSON.stringify(import.meta.url)} } : context;
    const found = await next(name, own);
    return /\\.ts(\\?|$)/.test(found.url) ? { ...found, format: "module" } : found;
  }`;
  register(`data:text/javascript,${encodeURIComponent(hook)}`);
}
