/**
 * A scan that somebody looks at. The step of any cell, whatever it is made of, tells its states and their gradients when
 * it gives what it carries as a result, and adds zeros to it: ∂loss/∂zeros_t is all that reaches the state behind step t,
 * through later steps and through whatever of this one is made of it.
 */
import { type Given, standIn } from "../graph/close-over.ts";
import { dependents, emit, type GraphValue, reachable } from "../graph/graph.ts";
import { substitute } from "../graph/rebuild.ts";
import { arithmetic } from "../ops/arithmetic.ts";
import type { StepOutputs } from "../ops/step-body.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { full } from "./creation.ts";
import { isFlowWanted, isWatched } from "./recurrent-watch.ts";

const m = arithmetic(emit);

/** Adding it changes no number. */
const NOTHING = -0;

export interface WatchedStep {
  readonly step: StepOutputs<GraphValue>;
  /** Further slices that it reads. */
  readonly slices: readonly Given[];
  /** Names of the states that are its last results, in their order. */
  readonly names: readonly string[];
  /** [T, …] by name, where gradients are wanted. */
  readonly zeros: ReadonlyMap<string, Tensor>;
}

/**
 * `given`: what a step is handed. `names`: what each carried tensor is called. Undefined where nobody looks, or nothing
 * that is carried has a gradient.
 */
export function watchedStep(
  step: StepOutputs<GraphValue>,
  given: readonly Given[],
  names: readonly string[],
  steps: number,
): WatchedStep | undefined {
  if (!isWatched()) return undefined;
  const places = step.next.flatMap(({ type: { dtype } }, i) => (dtype === "f32" ? [i] : []));
  if (places.length === 0) return undefined;
  const nameOf = (place: number) => names[place] ?? "";
  const slices: Given[] = [];
  const zeros = new Map<string, Tensor>();
  let all = [...step.next, ...step.ys];
  const computed = dependents(
    reachable(all),
    given.map(({ source }) => source.out),
  );
  // The oldest first: a later state may be made of it.
  const inOrder = places.toSorted((a, b) => idOf(step.next[a]) - idOf(step.next[b]));
  for (const place of isFlowWanted() ? inOrder : []) {
    const state = all[place] as GraphValue; // one of the places
    const nothing = full([steps, ...state.type.shape], NOTHING);
    const source = standIn(`zeros of ${nameOf(place)}`, state.type);
    const value = m.add(state, source.out) as GraphValue;
    slices.push({ source, value: nothing.value });
    zeros.set(nameOf(place), nothing);
    // What a step hands on as it was given it, or as it is at every step, the rest of the step reads as such.
    const own = step.next[place] as GraphValue; // likewise
    if (own.node.op !== "source" && computed.has(own))
      all = substitute(all, new Map([[state, value]]));
    else all[place] = value;
  }
  const next = all.slice(0, step.next.length);
  const ys = all.slice(step.next.length);
  const states = places.map((place) => next[place] as GraphValue);
  const watched = places.map(nameOf);
  return {
    step: { next, ys: [...ys, ...states] },
    slices,
    names: watched,
    zeros: new Map(watched.flatMap((name) => [...zeros].filter(([of]) => of === name))),
  };
}

function idOf(value: GraphValue | undefined): number {
  return value?.node.id ?? -1;
}
