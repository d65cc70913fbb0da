import type { Emit, Value } from "../op.ts";

/** Which of what a step gives is kept for the gradient. */
export interface TapeEntry {
  /** The input or sum that it follows from. */
  readonly name: string;
  /** What has been made of it; undefined for what has been added up alone. */
  readonly activation: string | undefined;
}

/** Where a vector's gradient is found, by the place there. `own` are those that nothing else tells. */
export interface VectorGradient {
  readonly of: "inputs" | "sums" | "own";
  readonly place: number;
}

/** What a step is given: each list in the order of the cell's names. */
export interface CellInputs<T> {
  /** Of inputs with a sum of their name, nothing is read. */
  readonly inputs: readonly (T | undefined)[];
  /** Those of a second product last; each with the input of its name. */
  readonly sums: readonly T[];
  readonly before: readonly T[];
  readonly vectors: readonly T[];
}

/** What the gradient of a step is given. `after` are the states that the step made. */
export interface CellResiduals<T> {
  readonly tape: readonly T[];
  readonly before: readonly T[];
  readonly after: readonly T[];
  readonly vectors: readonly T[];
  /** What reaches the states behind the step. */
  readonly gAfter: readonly T[];
  /** What reaches the tape itself, where a gradient is differentiated. */
  readonly gTape?: readonly T[];
}

/** A cell as an op sees it: its names, and its step, which can be emitted: graph/cell-body.ts derives it from the description. */
export interface CellBody {
  readonly name: string;
  readonly states: readonly string[];
  readonly inputs: readonly string[];
  /** All sums, those of a second product behind the others. */
  readonly sums: readonly string[];
  /** How many of them are of the first product: all, where there is no second one. */
  readonly firstSums: number;
  readonly vectors: readonly string[];
  /** What the gradient needs of every step beside the states, in the order of inputs, then sums. */
  readonly tape: readonly TapeEntry[];
  /** Whether every sum goes on from the input at its place: the gradients of both are the same then. */
  readonly isJoint: boolean;
  /** What a second product multiplies. `sums` are those of the first. */
  between(emit: Emit, at: CellInputs<Value>): Value;
  advance(
    emit: Emit,
    at: CellInputs<Value>,
  ): { readonly after: readonly Value[]; readonly tape: readonly Value[] };
  /** Cells that compute the same under the same names have the same text. */
  toJSON(): string;
}

/** A cell with its step's gradient, which autodiff/cell-gradient.ts makes when a gradient is asked for. */
export interface CellGradient extends CellBody {
  readonly vectorGradients: readonly VectorGradient[];
  /** How many vectors have a gradient of their own. */
  readonly ownGradients: number;
  /** The same as `between`, from what the gradient is given. */
  betweenAgain(emit: Emit, at: CellResiduals<Value>): Value;
  /** Of a step with a second product: the gradients of its sums. */
  retreatBetween(emit: Emit, at: CellResiduals<Value>): readonly Value[];
  /** `gBetween` is what reaches the second product's operand, where there is one. */
  retreat(
    emit: Emit,
    at: CellResiduals<Value>,
    gBetween: Value | undefined,
  ): {
    readonly gInputs: readonly Value[];
    readonly gSums: readonly Value[];
    /** What reaches the states before the step beside the products; undefined where nothing does. */
    readonly gBefore: readonly (Value | undefined)[];
    readonly gVectors: readonly Value[];
    /** All that reaches the states behind the step: an lstm's c is also reached through h. */
    readonly flow: readonly Value[];
  };
}
