import { InternalError } from "../errors.ts";
import { type GraphValue, type OpNode, outputsOf } from "../graph/graph.ts";
import { nameOf } from "./elementwise.ts";
import { GroupBuilder } from "./group-builder.ts";
import { type Space, spaceOf } from "./space.ts";
import type { GroupWork } from "./work.ts";

/** The work that computes `outs` from the nodes of a group over `space`; undefined where that cannot be walked. */
export function groupWork(
  space: Space,
  nodes: readonly OpNode[],
  outs: readonly GraphValue[],
): GroupWork | undefined {
  const sorted = [...nodes].sort((a, b) => a.id - b.id);
  const builder = new GroupBuilder(space, new Set(sorted));
  const program = builder.program(outs);
  if (program === undefined) return undefined;
  return {
    kind: "group",
    space,
    nodes: sorted,
    program,
    ins: builder.ins,
    outs,
    end: "",
    order: sorted.at(-1)?.id ?? 0,
    label: sorted.map(nameOf).join(" + "),
  };
}

/** A group of elementwise ops, all of the size of the last one. */
export function elementwiseWork(root: OpNode, nodes: readonly OpNode[]): GroupWork {
  const outs = outputsOf(root);
  const work = groupWork(spaceOf(outs[0]?.type.shape ?? []), nodes, outs);
  if (work === undefined) throw new InternalError("an elementwise group has more than one shape.");
  return work;
}

/** A reduction as a group of its own. */
export function reductionWork(
  node: OpNode<"reduce">,
  nodes: readonly OpNode[],
): GroupWork | undefined {
  const { shape } = node.ins.x.type;
  return groupWork(spaceOf(shape, node.attrs.axes), nodes, outputsOf(node));
}
