/**
 * The leaves of a step as a cell has them: states, inputs, sums and vectors. Where a column of a product, a slice and
 * captured vectors are only added up, the sum goes on from the slice, and the vectors are added to it in front of the walk.
 */
import { standFor } from "../graph/cell-step.ts";
import { emit, type GraphValue, inputsOf, reachable } from "../graph/graph.ts";
import { substitute } from "../graph/rebuild.ts";
import { arithmetic } from "../ops/arithmetic.ts";
import type { Leaf } from "./step-expression.ts";

type Of<K extends Leaf["kind"]> = Extract<Leaf, { readonly kind: K }>;

/** What a cell's input is: a slice, or something captured that differs from row to row; with biases that are added. */
export interface Input {
  readonly of: Of<"slice"> | Of<"captured">;
  readonly biases: readonly Of<"captured">[];
}

/** By what stands for each; one value for a sum and the input that it goes on from. */
export interface Joined {
  readonly after: readonly GraphValue[];
  readonly inputs: ReadonlyMap<GraphValue, Input>;
  readonly sums: ReadonlyMap<GraphValue, Of<"sum">>;
  readonly vectors: ReadonlyMap<GraphValue, Of<"captured">>;
}

const m = arithmetic(emit);

/** `step`: what it gives, over the `leaves`. */
export function joinSums(
  step: readonly GraphValue[],
  leaves: ReadonlyMap<GraphValue, Leaf>,
): Joined {
  const gates = new Map<GraphValue, { readonly input: Input; readonly sum: Of<"sum"> }>();
  const uses = usesOf(step);
  const instead = new Map<GraphValue, GraphValue>();
  const visited = new Set<GraphValue>();
  const visit = (value: GraphValue): void => {
    const { node } = value;
    if (visited.has(value) || node.op === "source") return;
    visited.add(value);
    const found = isSum(value) ? gateOf(termsOf(value, uses), uses, leaves) : undefined;
    if (found === undefined) {
      inputsOf(node).forEach(visit);
      return;
    }
    const stand = standFor("gate");
    gates.set(stand, found);
    found.rest.forEach(visit);
    const rest = substitute(found.rest, instead);
    instead.set(
      value,
      rest.reduce((a, b) => m.add(a, b) as GraphValue, stand),
    );
  };
  step.forEach(visit);
  const after = substitute(step, instead);
  // In the order of the columns: weights that lie so are taken as they are.
  const inOrder = [...gates].sort(
    ([, { sum: a }], [, { sum: b }]) => a.node.id - b.node.id || a.at.offset - b.at.offset,
  );
  const inputs = new Map(inOrder.map(([stand, { input }]) => [stand, input]));
  const sums = new Map(inOrder.map(([stand, { sum }]) => [stand, sum]));
  const vectors = new Map<GraphValue, Of<"captured">>();
  for (const node of reachable(after)) {
    const leaf = node.op === "source" ? leaves.get(node.out) : undefined;
    if (node.op !== "source" || leaf === undefined || leaf.kind === "state") continue;
    if (leaf.kind === "sum") sums.set(node.out, leaf);
    else if (isBias(leaf)) vectors.set(node.out, leaf);
    else inputs.set(node.out, { of: leaf, biases: [] });
  }
  return { after, inputs, sums, vectors };
}

/** Of terms that are added up, a column of a product that nothing else reads and a slice likewise, and what is left. */
function gateOf(
  terms: readonly GraphValue[],
  uses: ReadonlyMap<GraphValue, number>,
  leaves: ReadonlyMap<GraphValue, Leaf>,
) {
  const own = terms.map((term) => ({ term, leaf: leaves.get(term) }));
  const alone = own.filter(({ term }) => uses.get(term) === 1);
  const sum = alone.find(({ leaf }) => leaf?.kind === "sum")?.leaf;
  const of = alone.find(({ leaf }) => leaf?.kind === "slice")?.leaf;
  if (sum?.kind !== "sum" || of?.kind !== "slice") return undefined;
  const biases = own.flatMap(({ leaf }) => (leaf && isBias(leaf) ? [leaf] : []));
  const isLeft = ({ leaf }: { readonly leaf: Leaf | undefined }) =>
    leaf === undefined || !(leaf === sum || leaf === of || isBias(leaf));
  return { input: { of, biases }, sum, rest: own.filter(isLeft).map(({ term }) => term) };
}

/** Whether it is the same for all rows. */
function isBias(leaf: Leaf): leaf is Of<"captured"> {
  return leaf.kind === "captured" && leaf.at.row === 0;
}

function isSum({ node }: GraphValue): boolean {
  return node.op === "binary" && node.attrs.fn === "add";
}

/** How often each value is read, by others or as a result. */
function usesOf(roots: readonly GraphValue[]): Map<GraphValue, number> {
  const uses = new Map<GraphValue, number>();
  const read = (value: GraphValue) => uses.set(value, (uses.get(value) ?? 0) + 1);
  roots.forEach(read);
  for (const node of reachable(roots)) if (node.op !== "source") inputsOf(node).forEach(read);
  return uses;
}

/** What is added up in `value`, through sums that nothing else reads. */
function termsOf(
  value: GraphValue,
  uses: ReadonlyMap<GraphValue, number>,
  isRoot = true,
): GraphValue[] {
  const { node } = value;
  if (node.op === "source" || !isSum(value) || (!isRoot && uses.get(value) !== 1)) return [value];
  return inputsOf(node).flatMap((term) => termsOf(term, uses, false));
}
