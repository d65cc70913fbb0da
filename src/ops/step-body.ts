import type { TensorType } from "../tensor/shape.ts";
import type { Emit, Value } from "./op.ts";

/** What a step of a scan is given. */
export interface StepInputs<T> {
  readonly carry: readonly T[];
  /** This step's slices. */
  readonly xs: readonly T[];
  /** The same at every step. */
  readonly captured: readonly T[];
}

/** What a step of a scan gives: the carry for the next one, of the same types, and its part of the results. */
export interface StepOutputs<T> {
  readonly next: readonly T[];
  readonly ys: readonly T[];
}

/** The body of a scan, as an op sees it: its types are known, and it can be emitted. The graph is in graph/body.ts. */
export interface StepBody {
  readonly types: StepInputs<TensorType> & { readonly ys: readonly TensorType[] };
  /** Emits one step on values of its own. */
  apply(emit: Emit, at: StepInputs<Value>): StepOutputs<Value>;
  /** Bodies that compute the same have the same text. */
  toJSON(): string;
}
