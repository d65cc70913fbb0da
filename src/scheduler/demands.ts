import type { GraphValue, OpNode } from "../graph/graph.ts";
import { ops } from "../ops/table.ts";
import { type Shape, sizeOf, stridesOf } from "../tensor/shape.ts";

type HeldByName = Readonly<Record<string, GraphValue | readonly GraphValue[] | undefined>>;

/** The inputs that an op's kernels write over, each with the output that is found there afterwards. */
export function overwritten(
  node: OpNode,
): { readonly input: GraphValue; readonly output: GraphValue }[] {
  const pairs: Readonly<Record<string, string | undefined>> = ops[node.op].overwrites ?? {};
  const ins: HeldByName = node.ins;
  const outs: HeldByName = node.outs;
  return Object.entries(pairs).flatMap(([outName, inName]) => {
    const inputs = [ins[inName ?? ""] ?? []].flat();
    return [outs[outName] ?? []].flat().flatMap((output, i) => {
      const input = inputs[i];
      return input === undefined ? [] : [{ input, output }];
    });
  });
}

/** The lists of inputs that an op's kernels want side by side. */
export function packLists(node: OpNode): (readonly GraphValue[])[] {
  const names: readonly string[] = ops[node.op].packs ?? [];
  const ins: HeldByName = node.ins;
  return names.map((name) => [ins[name] ?? []].flat());
}

/** Where in its source a slice starts, in elements, if its elements lie there without gaps. */
export function contiguousOffset(
  shape: Shape,
  starts: readonly number[],
  sizes: Shape,
): number | undefined {
  // Without gaps: some dimensions of size 1, then one that is cut, then whole ones.
  const cut = sizes.findIndex((size) => size !== 1);
  const isWhole = (d: number) => sizes[d] === shape[d];
  const tail = cut === -1 ? [] : sizes.slice(cut + 1).map((_, i) => cut + 1 + i);
  if (sizeOf(sizes) > 0 && !tail.every(isWhole)) return undefined;
  return stridesOf(shape).reduce((offset, stride, d) => offset + stride * (starts[d] ?? 0), 0);
}
