/** A loop over time for any cell that is made of the functions. */
import { callable, check, checkOptions, flag, text, whole } from "../arguments.ts";
import { walkOfStep } from "../autodiff/scan-as-walk.ts";
import { ArgumentError, DTypeError, ShapeError, TraceError } from "../errors.ts";
import { type Given, standIn } from "../graph/close-over.ts";
import { emitScan } from "../graph/emit-scan.ts";
import type { GraphValue } from "../graph/graph.ts";
import { hoist } from "../graph/hoist.ts";
import type { Value } from "../ops/op.ts";
import type { StepOutputs } from "../ops/step-body.ts";
import { type StepTrace, whileTracingStep } from "../runtime/active-trace.ts";
import { namesIn, replaceTensors, tensorsIn, tensorsLike } from "../runtime/structure.ts";
import { Tensor } from "../runtime/tensor.ts";
import { describe, sameShape } from "../tensor/shape.ts";
import { wrap } from "./apply.ts";
import { uniform } from "./random.ts";
import { noteLoop } from "./recurrent-watch.ts";
import { type WatchedStep, watchedStep } from "./watched-scan.ts";

/** One step: what is carried to the next one, and this step's part of the results. */
export interface Step<C, Y> {
  /** What the next step begins with. */
  readonly carry: C;
  /** What is stacked. */
  readonly y: Y;
}

/** How a scan runs. */
export interface ScanOptions {
  /** From the last step to the first. x_t and y_t keep their places. */
  readonly reverse?: boolean;
  /** The number of steps, where there are no `xs` that tell. */
  readonly length?: number;
  /** What `gradientFlow` and `recurrentSteps` call it; "scan". */
  readonly name?: string;
}

/**
 * c_{t+1}, y_t = cell(c_t, x_t) for t = 0 … T−1, from c_0 = `carry`. The cell is called once, on tensors without
 * values; its steps run in one submission, and neither tracing nor planning takes longer with more of them. Whatever
 * else the cell reads, such as variables, is captured, and gradients flow to it, to `carry` and to `xs`. For gradients the
 * carry and the products of every step are kept; `checkpoint` around a scan over a part of the sequence keeps less.
 *
 * `carry`, `xs` and y are tensors, or lists and records of them. xs are [T, ...], and the cell gets x_t without that
 * dimension; `ys` are y_t stacked, [T, ...]. `carry` is what the last step gave.
 *
 * @throws ShapeError or DTypeError where the cell gives back a carry of another type, or xs differ in length;
 *   ArgumentError where it gives back anything else than { carry, y }
 */
export function scan<C, X = undefined, Y = undefined>(
  cell: (carry: C, x: X) => Step<C, Y>,
  carry: C,
  xs: X,
  options: ScanOptions = {},
): { readonly carry: C; readonly ys: Y } {
  check("scan", "the cell", cell, callable);
  checkOptions("scan", options, { reverse: flag, length: whole, name: text });
  const [before, sequences] = [tensorsOf("carry", carry), tensorsOf("xs", xs)];
  const steps = stepsOf(xs, sequences, options.length);
  const standFor = (of: readonly Tensor[], names: readonly string[], isSliced: boolean) =>
    of.map(({ value, dtype, shape }, i): Given => {
      const type = { dtype, shape: isSliced ? shape.slice(1) : shape };
      return { source: standIn(names[i] ?? "", type), value };
    });
  const carried = standFor(before, namesIn(carry, "carry"), false);
  const slices = standFor(sequences, namesIn(xs, "x"), true);
  const standIns = (given: readonly Given[]) => given.map(({ source }) => new Tensor(source.out));

  const trace: StepTrace = { draws: [] };
  const step = whileTracingStep(trace, () => {
    const given = replaceTensors(carry, standIns(carried)) as C;
    const done = cell(given, replaceTensors(xs, standIns(slices)) as X);
    checkStep(done);
    // A variable's value is the one that it has here.
    return {
      next: nextCarry(carry, done.carry).map(({ value }) => value),
      ys: tensorsOf("y", done.y).map(({ value }) => value),
      y: done.y,
    };
  });
  const drawn = trace.draws.map((source): Given => {
    const { value } = uniform([steps, ...source.out.type.shape]);
    return { source, value };
  });
  const { reverse = false, name = "scan" } = options;
  const given = [...slices, ...drawn];
  const names = namesIn(carry, "").map((own) => own.slice(1) || "carry");
  const watched = watchedStep(step, [...carried, ...given], names, steps);
  const outs = emitLoop(carried, [...given, ...(watched?.slices ?? [])], watched?.step ?? step, {
    steps,
    reverse,
  });
  if (watched !== undefined) noteStates(watched, outs.ys.slice(step.ys.length), name, reverse);
  return {
    carry: replaceTensors(carry, outs.carry.map(wrap)) as C,
    ys: replaceTensors(step.y, outs.ys.slice(0, step.ys.length).map(wrap)) as Y,
  };
}

function noteStates(
  { names, zeros }: WatchedStep,
  values: readonly Value[],
  name: string,
  reverse: boolean,
): void {
  const states = names.map((of, i) => [of, wrap(values[i] as Value)] as const); // as many
  noteLoop({ kind: "loop", name, reverse, states: new Map(states), zeros });
}

/** A recurrent cell's walk where the step is one, otherwise a loop that says why not. */
function emitLoop(
  carry: readonly Given[],
  xs: readonly Given[],
  step: StepOutputs<GraphValue>,
  how: { readonly steps: number; readonly reverse: boolean },
): { readonly carry: readonly Value[]; readonly ys: readonly Value[] } {
  const hoisted = hoist(carry, xs, step, { conditions: true });
  const walked = walkOfStep(carry, hoisted.xs, hoisted.step, how);
  return typeof walked === "string" ? emitScan(carry, xs, step, { ...how, why: walked }) : walked;
}

function tensorsOf(name: string, structure: unknown): Tensor[] {
  const remedy = "Make tensors of numbers: tensor(0), tensor(rows).";
  return tensorsIn(structure, `scan: ${name} must be`, remedy);
}

function stepsOf(xs: unknown, sequences: readonly Tensor[], length: number | undefined): number {
  const names = namesIn(xs, "xs");
  const list = () => sequences.map(({ type }, i) => `${names[i]} ${describe(type)}`).join(", ");
  if (sequences.some(({ shape }) => shape.length === 0)) {
    throw new ShapeError(
      `scan: xs must have a first dimension, the steps; got ${list()}. What is the same at every step can be read by the cell as it is.`,
    );
  }
  const steps = length ?? sequences[0]?.shape[0];
  if (steps === undefined) {
    throw new ArgumentError(
      "scan: the number of steps must be known; got no xs and no length. Give { length }.",
    );
  }
  if (sequences.every(({ shape }) => shape[0] === steps)) return steps;
  throw new ShapeError(
    `scan: xs must all have as many steps${length === undefined ? "" : " as length says"}; got ${list()}${length === undefined ? "" : `, length ${length}`}. Time is the first dimension: [T, ...].`,
  );
}

function checkStep(done: unknown): void {
  if (done instanceof Promise) {
    throw new TraceError(
      "scan: the cell must not be async; it is called once, on tensors that have no values. Await what it needs before the scan.",
    );
  }
  if (typeof done === "object" && done !== null && "carry" in done && "y" in done) return;
  const got = Array.isArray(done)
    ? `a list of ${done.length}`
    : typeof done === "object" && done !== null
      ? `an object with ${Object.keys(done).join(", ") || "nothing in it"}`
      : `a ${typeof done}`;
  throw new ArgumentError(
    `scan: the cell must return { carry, y }; got ${got}. Return y: undefined where a step has no result.`,
  );
}

/** The tensors of the carry that the cell gave back, in the order of those that it was given. */
function nextCarry(given: unknown, next: unknown): Tensor[] {
  const names = namesIn(given, "carry");
  const tensors = tensorsLike(given, next);
  if (tensors === undefined) {
    throw new ArgumentError(
      `scan: the cell must give back a carry made like the one that it was given; got ${namesIn(next, "carry").join(", ") || `a ${typeof next}`} for ${names.join(", ")}. Keep its lists and names.`,
    );
  }
  const before = tensorsOf("carry", given);
  tensors.forEach(({ type }, i) => {
    const own = before[i]?.type ?? type;
    if (type.dtype === own.dtype && sameShape(type.shape, own.shape)) return;
    const Wrong = type.dtype === own.dtype ? ShapeError : DTypeError;
    throw new Wrong(
      `scan: the carry must keep its type from step to step; got ${describe(type)} for ${names[i]} ${describe(own)}. Start with a carry of the type that the cell gives back.`,
    );
  });
  return tensors;
}
