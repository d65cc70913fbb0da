/** What follows from a cell's description: its step and its tape, to be emitted or made into kernels. */
import { InternalError } from "../errors.ts";
import type { CellBody, CellInputs, TapeEntry } from "../ops/cells/body.ts";
import type { Cell } from "../ops/cells/cell.ts";
import type { Emit, Value } from "../ops/op.ts";
import { present } from "../present.ts";
import { type Stands, type TracedStep, traceStep } from "./cell-step.ts";
import { emitAgain } from "./emit-again.ts";
import { fingerprint, literalText } from "./fingerprint.ts";
import type { GraphValue } from "./graph.ts";

export class DerivedCell implements CellBody {
  readonly cell: Cell;
  readonly name: string;
  readonly states: readonly string[];
  readonly inputs: readonly string[];
  readonly sums: readonly string[];
  readonly firstSums: number;
  readonly vectors: readonly string[];
  readonly tape: readonly TapeEntry[];
  readonly isJoint: boolean;
  /** The step as a graph: kernels are made of it. */
  readonly step: TracedStep;
  readonly #text: string;

  /** `keepsTape` is false for walks that nothing is differentiated of. */
  constructor(cell: Cell, keepsTape = true) {
    const { name, states, inputs, sums, between, vectors } = cell;
    this.name = name;
    this.states = states;
    this.inputs = inputs;
    this.sums = [...sums, ...(between?.sums ?? [])];
    this.firstSums = sums.length;
    this.vectors = vectors;
    this.isJoint = this.sums.join("\n") === inputs.join("\n");
    const traced = traceStep(cell);
    this.cell = cell;
    this.step = keepsTape ? traced : { ...traced, tape: [] };
    this.tape = this.step.tape.map(({ name: of, activation }) => ({ name: of, activation }));
    this.#text = `${this.#textOf()}${keepsTape ? "" : "\nno tape"}`;
  }

  between(emit: Emit, at: CellInputs<Value>): Value {
    return only(emitAgain(emit, [present(this.step.between)], valuesAt(this.step.given, at)));
  }

  advance(emit: Emit, at: CellInputs<Value>) {
    const { given, after, tape } = this.step;
    const lists = [after, tape.map(({ value }) => value)];
    const made = emitAgain(emit, lists.flat(), valuesAt(given, at));
    const [states = [], kept = []] = cut(made, lists);
    return { after: states, tape: kept };
  }

  toJSON(): string {
    return this.#text;
  }

  /** Equal texts mean equal gradients, which follow from the step. */
  #textOf(): string {
    const { given, after, between } = this.step;
    const stands = [given.inputs, given.sums, given.before, given.vectors].flat();
    const { key, literals } = fingerprint([...after, ...(between ? [between] : [])], ({ out }) =>
      String(stands.indexOf(out)),
    );
    const names = [this.states, this.inputs, this.sums, this.vectors].join("; ");
    return `${this.name}: ${names}; ${this.firstSums}\n${key}\n${literalText(literals)}`;
  }
}

const derived = new WeakMap<Cell, DerivedCell>();

/** What follows from a cell, made once. @throws ArgumentError where its step gives anything but its states */
export function bodyOfCell(cell: Cell): DerivedCell {
  const found = derived.get(cell) ?? new DerivedCell(cell);
  derived.set(cell, found);
  return found;
}

const tapeless = new WeakMap<DerivedCell, DerivedCell>();

/** The same cell for walks that nothing is differentiated of. */
export function withoutTape(body: CellBody): DerivedCell {
  const own = derivedOf(body);
  const found = tapeless.get(own) ?? new DerivedCell(own.cell, false);
  tapeless.set(own, found);
  return found;
}

/** The graphs behind a node's cell. */
export function derivedOf(body: CellBody): DerivedCell {
  if (body instanceof DerivedCell) return body;
  throw new InternalError("a recurrence has a cell that is no graph.");
}

/** The values in `at` by what stands for them. */
export function valuesAt(stands: object, at: object): Map<GraphValue, Value> {
  const known = new Map<GraphValue, Value>();
  const lists = at as Readonly<Record<string, readonly (Value | undefined)[] | undefined>>;
  for (const [role, own] of Object.entries(stands as Record<string, Stands>)) {
    own.forEach((stand, i) => {
      const value = lists[role]?.[i];
      if (value !== undefined) known.set(stand, value);
    });
  }
  return known;
}

export function only(values: readonly Value[]): Value {
  return present(values[0]);
}

/** `values` in pieces as long as those of `like`. */
export function cut<T>(values: readonly T[], like: readonly (readonly unknown[])[]): T[][] {
  const ends = like.map((_, i) => like.slice(0, i + 1).flat().length);
  return like.map(({ length }, i) => values.slice((ends[i] ?? 0) - length, ends[i]));
}
