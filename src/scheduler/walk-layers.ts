/** The layers of one walk: what each reads and writes, and what it makes on the way. */
import type { GraphValue, OpNode } from "../graph/graph.ts";
import type { WalkOp } from "../ops/vocabulary.ts";
import type { FromBelow, WalkLayers } from "./lowering.ts";

export interface WalkedLayer {
  readonly node: OpNode<WalkOp>;
  /** Of a layer that stands on the one before it. */
  readonly below?: FromBelow<GraphValue>;
}

/** Whether each of `layers` stands on the one before it. */
export function isStack(layers: readonly WalkedLayer[]): boolean {
  return layers.slice(1).every(({ below }) => below !== undefined);
}

/** As a device is given them: without the products that the walk makes itself. */
export function sitesOf(layers: readonly WalkedLayer[]): WalkLayers<WalkOp, GraphValue> {
  return layers.map(({ node, below }, l) => {
    const site =
      node.op === "recurrence"
        ? withoutProjected(node, below !== undefined)
        : withoutGradient(node, layers[l + 1]?.below !== undefined);
    // Ops and their records belong together; the compiler cannot follow that through the union.
    return { site: site as never, ...(below && { below }) };
  });
}

function withoutProjected({ ins, outs, attrs }: OpNode<"recurrence">, isMade: boolean) {
  return { ins: isMade ? { ...ins, projected: undefined } : ins, outs, attrs };
}

/** What reaches the first state from the layer above does not come from outside. */
function withoutGradient({ ins, outs, attrs }: OpNode<"recurrenceGrad">, isMade: boolean) {
  if (!isMade) return { ins, outs, attrs };
  const place = attrs.watched.indexOf(0);
  const others = <T>(list: readonly T[]) => list.filter((_, i) => i !== place);
  return {
    ins: { ...ins, gStates: others(ins.gStates) },
    outs,
    attrs: { ...attrs, watched: others(attrs.watched) },
  };
}
