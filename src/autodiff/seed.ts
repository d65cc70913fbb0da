import type { GraphValue } from "../graph/graph.ts";

/** A result and ∂loss/∂result, where there is one. */
export interface Seed {
  readonly value: GraphValue;
  readonly cotangent: GraphValue;
}

/** What `backward` does, for those that it calls and that call it again: ∂/∂wrt[i] of Σ ⟨seed.value, seed.cotangent⟩. */
export type Differentiate = (
  seeds: readonly Seed[],
  wrt: readonly GraphValue[],
) => (GraphValue | undefined)[];
