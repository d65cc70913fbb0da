/**
 * Where values that lie like a pack hold elements: packs, and what is computed of them place by place. It is a matter of
 * the graph, so that it does not depend on what becomes of it: whoever reads a value like that knows what there is to read.
 */
import { type GraphValue, inputsOf, type OpNode, outputsOf } from "../graph/graph.ts";
import { type Segment, segmentsOf } from "../ops/packed.ts";
import { sizeOf } from "../tensor/shape.ts";
import { isElementwise } from "./elementwise.ts";
import { aliased } from "./work.ts";

const held = new WeakMap<GraphValue, readonly Segment[]>();

/** `nodes`: those of a graph, in their order. */
export function notePacks(nodes: readonly OpNode[]): void {
  if (!nodes.some(({ op }) => op === "pack")) return;
  for (const node of nodes) {
    const [out] = outputsOf(node);
    const segments = out && (node.op === "pack" ? packedIn(node) : walkedIn(node, out));
    if (out !== undefined && segments !== undefined) held.set(out, segments);
  }
}

function packedIn({ ins: { xs } }: OpNode<"pack">): readonly Segment[] | undefined {
  return segmentsOf(xs.map(({ type }) => type.shape));
}

function walkedIn(node: OpNode, out: GraphValue): readonly Segment[] | undefined {
  if (!isElementwise(node)) return undefined;
  const size = sizeOf(out.type.shape);
  for (const input of inputsOf(node)) {
    const segments = sizeOf(input.type.shape) === size ? segmentsIn(input) : undefined;
    if (segments !== undefined) return segments;
  }
  return undefined;
}

/** The places of `value` that hold elements; undefined where all do. */
export function segmentsIn(value: GraphValue): readonly Segment[] | undefined {
  return held.get(aliased(value));
}

/** Whether two values hold elements in the same places. */
export function sameSegments(
  a: readonly Segment[] | undefined,
  b: readonly Segment[] | undefined,
): boolean {
  if (a === b) return true;
  return (
    a?.length === b?.length &&
    a?.every((one, i) => one.start === b?.[i]?.start && one.length === b?.[i]?.length) === true
  );
}
