/** Which variables are not trained. It is the variable's: one that is used in two places is frozen in both. */
import type { Variable } from "./tensor.ts";

const frozen = new WeakSet<Variable>();

export function isFrozen(variable: Variable): boolean {
  return frozen.has(variable);
}

export function markFrozen(variable: Variable, isNow: boolean): void {
  if (isNow) frozen.add(variable);
  else frozen.delete(variable);
}
