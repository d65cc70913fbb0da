/** Tensors in the place of variables, while something is computed: whoever reads the variable reads them. */
import type { GraphValue } from "../graph/graph.ts";

/** By the cells of the variables. */
let active: ReadonlyMap<object, GraphValue> | undefined;

/** What stands in for the variable of `cell`, if anything does. */
export function standInFor(cell: object): GraphValue | undefined {
  return active?.get(cell);
}

/** Runs `body` with other values for variables; those that stand in already go on where `others` has none. */
export function whileStandingIn<R>(others: ReadonlyMap<object, GraphValue>, body: () => R): R {
  const outer = active;
  active = new Map([...(outer ?? []), ...others]);
  try {
    return body();
  } finally {
    active = outer;
  }
}
