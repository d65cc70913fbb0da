/**
 * Running a user's function on tensors that stand for its arguments, to see what it computes and which variables it
 * assigns. Assignments made meanwhile are kept in the trace alone: the variables themselves stay as they are.
 */
import { InternalError, TraceError } from "../errors.ts";
import type { GraphValue } from "../graph/graph.ts";
import type { TensorType } from "../tensor/shape.ts";
import { activeTrace, checkNotInCell, type Trace, whileTracing } from "./active-trace.ts";
import { Cell } from "./cell.ts";
import type { Update } from "./prepare.ts";
import { tensorsIn } from "./structure.ts";
import { Tensor } from "./tensor.ts";

/** What a function computes: its result, with tensors where it had them, and its assignments. */
export interface Traced<R> {
  readonly result: R;
  /** The values of the result's tensors: of a variable, what the function assigned to it last. */
  readonly values: readonly GraphValue[];
  readonly arguments: readonly Cell[];
  readonly assigned: readonly Update[];
  readonly key: Cell | undefined;
}

/** @throws TraceError while a step is traced */
export function checkNotTracing(): void {
  checkNotInCell("compile: a compiled step cannot be called", "Call the plain function instead.");
  if (activeTrace() === undefined) return;
  throw new TraceError(
    "compile: a compiled step cannot be called inside another one. Call the plain function instead.",
  );
}

export function trace<R>(fn: (...args: Tensor[]) => R, types: readonly TensorType[]): Traced<R> {
  checkNotTracing();
  const cells = types.map((type, i) => new Cell("argument", type, `argument ${i}`));
  const notes: Trace = { assigned: new Map(), key: undefined, streams: 0 };
  const { result, values } = whileTracing(notes, () => {
    const result = fn(...cells.map((cell) => new Tensor(cell.value)));
    const tensors = result instanceof Promise ? [] : tensorsIn(result);
    return { result, values: tensors.map(({ value }) => value) };
  });
  if (result instanceof Promise) {
    throw new TraceError(
      "compile: the function must not be async; it is run once, on tensors that have no values yet. Await results outside, after the step.",
    );
  }
  const assigned = [...notes.assigned].map(([cell, value]) => {
    const { node } = cell.value;
    if (node.op !== "source") throw new InternalError("a cell's value is no source.");
    return { cell, source: node, value };
  });
  return { result, values, arguments: cells, assigned, key: notes.key };
}

/** What a step gives a variable, and what it had before. */
export interface Assignment {
  readonly cell: Cell;
  readonly before: Tensor;
  readonly next: Tensor;
  /** Has the step give it `value` instead. */
  assign(value: Tensor): void;
}

/**
 * Runs `body`, a part of a step, in which variables have what it assigns to them, and takes its assignments back: they
 * are part of the step as far as they are made again.
 */
export function assignmentsIn<R>(body: () => R): { result: R; assignments: Assignment[] } {
  const trace = activeTrace();
  if (trace === undefined) throw new InternalError("no step is traced.");
  const { assigned } = trace;
  const before = new Map(assigned);
  const result = body();
  const changed = [...assigned].filter(([cell, value]) => before.get(cell) !== value);
  const assignments = changed.map(([cell, value]) => {
    const held = before.get(cell);
    if (held === undefined) assigned.delete(cell);
    else assigned.set(cell, held);
    return {
      cell,
      before: new Tensor(held ?? cell.value),
      next: new Tensor(value),
      assign: (other: Tensor) => void assigned.set(cell, other.value),
    };
  });
  return { result, assignments };
}
