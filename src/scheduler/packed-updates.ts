/** Results that are packed variables' new values: each variable becomes the slice of them that a pack would have there. */
import type { GraphValue, SourceNode } from "../graph/graph.ts";
import { packedOffsets } from "../ops/packed.ts";
import { sizeOf } from "../tensor/shape.ts";
import { contiguousOffset } from "./demands.ts";
import type { PlanRequest } from "./request.ts";
import { aliased } from "./work.ts";

export interface PackedUpdate {
  readonly result: GraphValue;
  /** The variables, in the order of their slices, which leave nothing of the result out. */
  readonly sources: readonly SourceNode[];
}

interface Part {
  readonly source: SourceNode;
  readonly offset: number;
}

export function packedUpdates({ updates }: PlanRequest): PackedUpdate[] {
  const results = new Map<GraphValue, Part[]>();
  for (const { source, value } of updates) {
    const { node } = aliased(value);
    if (node.op !== "slice") continue;
    const { x } = node.ins;
    const offset = contiguousOffset(x.type.shape, node.attrs.starts, node.attrs.sizes);
    if (offset === undefined) continue;
    const result = aliased(x);
    const parts = results.get(result);
    if (parts === undefined) results.set(result, [{ source, offset }]);
    else parts.push({ source, offset });
  }
  return [...results].flatMap(([result, parts]) => {
    // Slices of nothing begin where the next one does.
    const size = ({ source }: Part) => sizeOf(source.out.type.shape);
    const sorted = [...parts].sort((a, b) => a.offset - b.offset || size(a) - size(b));
    const sources = sorted.map(({ source }) => source);
    const { offsets, length } = packedOffsets(sources.map(({ out }) => out.type.shape));
    const isPack =
      length === sizeOf(result.type.shape) &&
      sorted.every(({ offset }, i) => offset === offsets[i]);
    return isPack ? [{ result, sources }] : [];
  });
}
