/** What follows from a cell's description: its step, its tape and its gradient, to be emitted or made into kernels. */
import { InternalError } from "../errors.ts";
import { emitAgain } from "../graph/emit-again.ts";
import { fingerprint, literalText } from "../graph/fingerprint.ts";
import type { GraphValue } from "../graph/graph.ts";
import type {
  CellBody,
  CellInputs,
  CellResiduals,
  TapeEntry,
  VectorGradient,
} from "../ops/cells/body.ts";
import type { Cell } from "../ops/cells/cell.ts";
import type { Emit, Value } from "../ops/op.ts";
import { cut, differentiate, type StepGradient } from "./cell-gradient.ts";
import { type Stands, type TracedStep, traceStep } from "./cell-step.ts";

export class DerivedCell implements CellBody {
  readonly cell: Cell;
  readonly name: string;
  readonly states: readonly string[];
  readonly inputs: readonly string[];
  readonly sums: readonly string[];
  readonly firstSums: number;
  readonly vectors: readonly string[];
  readonly tape: readonly TapeEntry[];
  readonly vectorGradients: readonly VectorGradient[];
  readonly isJoint: boolean;
  /** The step as a graph: kernels are made of it. */
  readonly step: TracedStep;
  /** The step's gradient likewise. Of `gVectors` those are wanted that nothing else tells: `ownVectors`. */
  readonly gradient: StepGradient;
  readonly ownVectors: Stands;
  readonly #text: string;
  #gradientOfTape: StepGradient | undefined;

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
    this.gradient = differentiate(traced, false);
    const { gInputs, gSums, gVectors } = this.gradient;
    const own: GraphValue[] = [];
    this.vectorGradients = gVectors.map((value): VectorGradient => {
      if (gSums.includes(value)) return { of: "sums", place: gSums.indexOf(value) };
      if (gInputs.includes(value)) return { of: "inputs", place: gInputs.indexOf(value) };
      return { of: "own", place: own.push(value) - 1 };
    });
    this.ownVectors = own;
    this.#text = `${this.#textOf()}${keepsTape ? "" : "\nno tape"}`;
  }

  get ownGradients(): number {
    return this.ownVectors.length;
  }

  between(emit: Emit, at: CellInputs<Value>): Value {
    return only(emitAgain(emit, [required(this.step.between)], valuesAt(this.step.given, at)));
  }

  advance(emit: Emit, at: CellInputs<Value>) {
    const { given, after, tape } = this.step;
    const lists = [after, tape.map(({ value }) => value)];
    const made = emitAgain(emit, lists.flat(), valuesAt(given, at));
    const [states = [], kept = []] = cut(made, lists);
    return { after: states, tape: kept };
  }

  betweenAgain(emit: Emit, at: CellResiduals<Value>): Value {
    const { given, between } = this.gradient;
    return only(emitAgain(emit, [required(between)], valuesAt(given, at)));
  }

  retreatBetween(emit: Emit, at: CellResiduals<Value>): readonly Value[] {
    const { given, gSums } = this.#gradientAt(at);
    return emitAgain(emit, gSums.slice(this.firstSums), valuesAt(given, at));
  }

  retreat(emit: Emit, at: CellResiduals<Value>, gBetween: Value | undefined) {
    const gradient = this.#gradientAt(at);
    const { given, gInputs, gSums, gBefore, gVectors, flow } = gradient;
    const known = valuesAt(given, at);
    if (gBetween !== undefined) known.set(gradient.gBetween, gBetween);
    const own = gVectors.filter((_, v) => this.vectorGradients[v]?.of === "own");
    const lists = [gInputs, gSums, gBefore.filter((value) => value !== undefined), own, flow];
    const made = emitAgain(emit, lists.flat(), known);
    const [inputs = [], sums = [], before = [], vectors = [], reached = []] = cut(made, lists);
    return {
      gInputs: inputs,
      gSums: sums,
      gBefore: gBefore.map((value) => value && before.shift()),
      gVectors: vectors,
      flow: reached,
    };
  }

  toJSON(): string {
    return this.#text;
  }

  #gradientAt({ gTape }: CellResiduals<Value>): StepGradient {
    if (gTape === undefined) return this.gradient;
    this.#gradientOfTape ??= differentiate(this.step, true);
    return this.#gradientOfTape;
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
function valuesAt(stands: object, at: object): Map<GraphValue, Value> {
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

function only(values: readonly Value[]): Value {
  return required(values[0]);
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new InternalError("a cell lacks what its description says.");
  return value;
}
