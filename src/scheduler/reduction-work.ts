/** Work that reduces whole tensors to numbers, with the elementwise ops around it in the same kernel. */
import type { GraphValue, OpNode } from "../graph/graph.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import { nameOf, ProgramBuilder } from "./elementwise.ts";
import { aliased, type Finish, type ReductionParts, type ReductionWork } from "./work.ts";

/** The work made of `parts`, or undefined where terms that are computed differ in shape: one program has one shape. */
export function reductionWork(parts: ReductionParts, order: number): ReductionWork | undefined {
  const { before, reduces, behind, outs } = parts;
  const made = new Set(before);
  const computed = reduces
    .map(({ ins }) => aliased(ins.x))
    .filter((x) => made.has(x.node as never));
  const shapes = new Set(computed.map(({ type }) => type.shape.join()));
  if (shapes.size > 1) return undefined;
  const count = Math.max(...reduces.map(({ ins }) => sizeOf(ins.x.type.shape)));
  const shape: Shape = computed[0]?.type.shape ?? [count];
  const builder = new ProgramBuilder(shape, made);
  const registers = reduces.map(({ ins: { x } }) =>
    made.has(aliased(x).node as never) ? builder.read(aliased(x)) : builder.loadDense(x),
  );
  const nodes = [...before, ...reduces, ...behind].sort((a, b) => a.id - b.id);
  return {
    kind: "reduction",
    parts,
    count,
    terms: builder.program(registers),
    termIns: builder.ins,
    combines: reduces.map(({ attrs: { fn } }) => (fn === "mean" ? "sum" : fn)),
    finish: finishOf(reduces, behind, outs),
    order,
    label: nodes.map(nameOf).join(" + "),
  };
}

/** The program over the results of `nodes` that makes `outs`: its first inputs are those results. */
export function finishOf(
  nodes: readonly OpNode<"reduce" | "sumOfSquares">[],
  behind: readonly OpNode[],
  outs: readonly GraphValue[],
): Finish {
  const builder = new ProgramBuilder([], new Set(behind));
  for (const node of nodes) builder.loadDense(node.outs.out);
  // A mean is the sum times a number that is known.
  for (const node of nodes)
    if (node.op === "reduce" && node.attrs.fn === "mean") {
      builder.scale(
        node.outs.out,
        sizeOf(node.outs.out.type.shape) / sizeOf(node.ins.x.type.shape),
      );
    }
  const registers = outs.map((out) => builder.read(out));
  return {
    nodes: behind,
    program: builder.program(registers),
    numbers: builder.ins.slice(nodes.length),
    outs,
  };
}
