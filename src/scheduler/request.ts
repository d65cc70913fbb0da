import type { GraphValue, SourceNode } from "../graph/graph.ts";
import type { BindingInfo } from "./plan.ts";

/** What is to be planned: which values are wanted, and where what is given lies. */
export interface PlanRequest {
  /** Each gets a binding of its own, behind those in `bindings`. */
  readonly outputs: readonly GraphValue[];
  /** Sources that are to hold a new value once the plan has run. */
  readonly updates: readonly { readonly source: SourceNode; readonly value: GraphValue }[];
  readonly bindings: readonly BindingInfo[];
  /** Where each source lies: which binding, and how many elements from its start. */
  readonly placements: ReadonlyMap<
    SourceNode,
    { readonly binding: number; readonly offset: number }
  >;
}
