import type { Cotangent, Emit, Value } from "./op.ts";

/** How a value is differentiated, in place of what computes it. */
export interface GradientRule {
  /** Rules of one name are one rule. */
  readonly name: string;
  /** Of a function of each element by itself, so that a recurrent cell may compute it. */
  readonly isElementwise?: boolean;
  /** The gradients of the values `of` that it is a function of, from that of `out`. */
  gradient(emit: Emit, out: Value, g: Value, of: readonly Value[]): readonly Cotangent[];
}
