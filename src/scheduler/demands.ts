import { GraphValue, type OpNode } from "../graph/graph.ts";
import { ops, overwritesOf } from "../ops/table.ts";
import { type Shape, sizeOf, stridesOf } from "../tensor/shape.ts";

type HeldByName = Readonly<Record<string, GraphValue | readonly GraphValue[] | undefined>>;

export interface Overwritten {
  /** The input's name, and its place in that name's list. */
  readonly name: string;
  readonly index: number;
  readonly input: GraphValue;
  readonly output: GraphValue;
}

/** The inputs that an op's kernels write over, each with the output that is found there afterwards. */
export function overwritten(node: OpNode): Overwritten[] {
  const pairs = overwritesOf(node.op, node.attrs);
  const ins: HeldByName = node.ins;
  const outs: HeldByName = node.outs;
  return Object.entries(pairs).flatMap(([outName, name = ""]) => {
    const inputs = asList(ins[name]);
    return asList(outs[outName]).flatMap((output, i) => {
      const input = inputs[i];
      return input === undefined ? [] : [{ name, index: i, input, output }];
    });
  });
}

/** Lists of inputs that had better lie side by side, but need not. */
export function gatheredInputs(node: OpNode): (readonly GraphValue[])[] {
  return ((ops[node.op].gathers ?? []) as readonly string[]).map((name) => listOf(node, name));
}

/** Lists of outputs that an op's kernels make side by side. */
export function packedOutputs(node: OpNode): (readonly GraphValue[])[] {
  const names: readonly string[] = ops[node.op].packsOutputs ?? [];
  const outs: HeldByName = node.outs;
  return names.map((name) => asList(outs[name]));
}

/** The values behind one of an op's inputs. */
export function listOf(node: OpNode, name: string): readonly GraphValue[] {
  const ins: HeldByName = node.ins;
  return asList(ins[name]);
}

function asList(held: HeldByName[string]): readonly GraphValue[] {
  return held instanceof GraphValue ? [held] : (held ?? []);
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
