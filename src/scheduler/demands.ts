import { GraphValue, type OpNode } from "../graph/graph.ts";
import { ops, overwritesOf } from "../ops/table.ts";
import type { OpName } from "../ops/vocabulary.ts";
import { type Shape, sizeOf, stridesOf } from "../tensor/shape.ts";
import { sitesOf } from "./walk-layers.ts";
import type { OpWork, WalksWork } from "./work.ts";

type HeldByName = Readonly<Record<string, GraphValue | readonly GraphValue[] | undefined>>;

export interface Overwritten {
  /** The input's name, and its place in that name's list. */
  readonly name: string;
  readonly index: number;
  readonly input: GraphValue;
  readonly output: GraphValue;
}

/** The inputs that work's kernels write over, each with the output that is found there afterwards. */
export function overwritten(work: OpWork | WalksWork): Overwritten[] {
  if (work.kind === "op") return overwrittenBy(work.node);
  return work.layers.flatMap(({ node, below }) =>
    node.op === "recurrence" && below ? [] : overwrittenBy(node),
  );
}

function overwrittenBy(node: OpNode): Overwritten[] {
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
export function gatheredInputs(work: OpWork | WalksWork): (readonly GraphValue[])[] {
  if (work.kind === "op") return lists(gathers(work.node.op), [work.node.ins]);
  const sites = sitesOf(work.layers).map(({ site }) => site.ins);
  return lists(gathers(work.op), sites);
}

/** Lists of outputs that work's kernels make side by side: of layers that are walked together, all of them. */
export function packedOutputs(work: OpWork | WalksWork): (readonly GraphValue[])[] {
  if (work.kind === "op") return lists(ops[work.node.op].packsOutputs ?? [], [work.node.outs]);
  const outs = work.layers.map(({ node }) => node.outs);
  return lists(Object.keys(ops[work.op].outputs), outs);
}

function gathers(op: OpName): readonly string[] {
  return ops[op].gathers ?? [];
}

/** For each of `names` what all of `held` hold of it. */
function lists(names: readonly string[], held: readonly object[]): (readonly GraphValue[])[] {
  return names.map((name) => held.flatMap((own) => asList((own as HeldByName)[name])));
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

/** Where each of the xs starts in what they are joined to, in elements, if they lie there one behind the other. */
export function joinedOffsets({ ins, attrs }: OpNode<"concat">): readonly number[] | undefined {
  let end = 0;
  const starts = ins.xs.map(({ type }) => {
    const start = end;
    end += sizeOf(type.shape);
    return start;
  });
  const before = ins.xs[0]?.type.shape.slice(0, attrs.axis) ?? [];
  return before.every((size) => size === 1) ? starts : undefined;
}
