/**
 * From values that are wanted to a plan request: which blocks of memory are bound, and where in them each source lies.
 * The order of everything follows the graph's fingerprint, so that a graph with the same key fits the same plan.
 */
import { TraceError } from "../errors.ts";
import { type Fingerprint, fingerprint, literalText } from "../graph/fingerprint.ts";
import type { GraphValue, OpNode, SourceNode } from "../graph/graph.ts";
import { PACK_ALIGNMENT } from "../ops/packed.ts";
import type { DeviceTraits } from "../scheduler/lowering.ts";
import type { BindingInfo, Plan } from "../scheduler/plan.ts";
import type { PlanRequest } from "../scheduler/request.ts";
import { schedule } from "../scheduler/schedule.ts";
import { BYTES_PER_ELEMENT, type HostArray, hostArray } from "../tensor/dtype.ts";
import { type Block, Cell } from "./cell.ts";
import type { Runtime } from "./runtime.ts";

/** A variable that is to have another value. */
export interface Update {
  readonly cell: Cell;
  /** What stands for its elements before. */
  readonly source: SourceNode;
  readonly value: GraphValue;
}

export interface Wanted {
  readonly outputs: readonly GraphValue[];
  readonly updates: readonly Update[];
}

export interface Prepared {
  readonly key: string;
  /** The blocks behind the plan's first bindings, in order; outputs follow. */
  readonly blocks: readonly Block[];
  readonly cells: readonly Cell[];
  /** Literals that are handed in as data, in the order of their places in the last block. */
  readonly literals: readonly OpNode<"literal">[];
  plan(traits: DeviceTraits): Plan;
}

export interface PrepareOptions {
  /** Numbers in the graph become one more binding instead of part of the plan. */
  readonly literalsAsData: boolean;
  /** Whether the graph was made of the elements that its variables have now; false: it is computed of any elements. */
  readonly isFresh: boolean;
  /** Where it will run; missing where it will not. */
  readonly on?: Runtime;
}

/** @throws TraceError, DisposedError for what cannot be computed any more */
export function prepare(wanted: Wanted, { literalsAsData, isFresh, on }: PrepareOptions): Prepared {
  const ordinals = new Map<Block, number>();
  const marks = (node: SourceNode) => {
    const cell = cellOf(node);
    if (isFresh) cell.check(node);
    if (on !== undefined) cell.comeTo(on);
    const { block, offset, kind } = cell;
    const ordinal = ordinals.get(block) ?? ordinals.size;
    ordinals.set(block, ordinal);
    return `${kind} ${ordinal}+${offset}`;
  };
  const values = wanted.updates.map(({ value }) => value);
  const targets = wanted.updates.map(({ source }) => source.out);
  const print = fingerprint([...wanted.outputs, ...values, ...targets], marks);
  const literals = literalsAsData ? print.literals : [];
  return {
    key: literalsAsData ? print.key : `${print.key}\n${literalText(print.literals)}`,
    blocks: [...ordinals.keys()],
    cells: print.sources.map(cellOf),
    literals,
    plan: (traits) => makePlan(wanted, print, ordinals, literals, traits),
  };
}

/** The cell behind a source. @throws TraceError for what stands for a step of a scan */
function cellOf({ holder }: SourceNode): Cell {
  if (holder instanceof Cell) return holder;
  throw new TraceError(
    `scan: what stands for a step inside a cell has no values outside of it; got ${holder.name}, kept from a cell. Give it back as carry or y.`,
  );
}

function makePlan(
  wanted: Wanted,
  print: Fingerprint,
  ordinals: ReadonlyMap<Block, number>,
  literals: readonly OpNode<"literal">[],
  traits: DeviceTraits,
): Plan {
  const placements = new Map(
    print.sources.map((node) => {
      const { block, offset } = cellOf(node);
      return [node, { binding: ordinals.get(block) ?? -1, offset }];
    }),
  );
  const bindings = describeBlocks(ordinals, print.sources.map(cellOf));
  const lifted = new Map<OpNode, GraphValue>();
  if (literals.length > 0) {
    literals.forEach((node, i) => {
      const cell = new Cell("data", node.outs.out.type, "literal");
      lifted.set(node, cell.value);
      placements.set(cell.value.node as SourceNode, {
        binding: ordinals.size,
        offset: i * PACK_ALIGNMENT,
      });
    });
    bindings.push({ kind: "constant", bytes: literalBytes(literals.length), name: "literals" });
  }
  const request: PlanRequest = {
    outputs: wanted.outputs,
    updates: wanted.updates.map(({ source, value }) => ({ source, value })),
    bindings,
    placements,
  };
  return schedule(
    request,
    traits,
    literals.length === 0 ? undefined : (node) => lifted.get(node) ?? node.outs.out,
  );
}

function describeBlocks(
  ordinals: ReadonlyMap<Block, number>,
  cells: readonly Cell[],
): BindingInfo[] {
  const tenants = [...ordinals.keys()].map((block) => ({ block, cells: [] as Cell[] }));
  for (const cell of cells) tenants[ordinals.get(cell.block) ?? -1]?.cells.push(cell);
  const kinds = { variable: "variable", argument: "input", data: "constant" } as const;
  return tenants.map(({ block: { bytes }, cells: [first, ...rest] }) => ({
    kind: kinds[first?.kind ?? "data"],
    bytes,
    name: [first, ...rest].map((cell) => cell?.name).join(", "),
  }));
}

export function literalBytes(count: number): number {
  return count * PACK_ALIGNMENT * BYTES_PER_ELEMENT;
}

/** The literals' values at their places, each in the bits of its dtype. */
export function literalData(literals: readonly OpNode<"literal">[]): HostArray {
  const words = hostArray("u32", literals.length * PACK_ALIGNMENT);
  literals.forEach(({ attrs }, i) => {
    const one = hostArray(attrs.dtype, 1);
    one[0] = attrs.value;
    words.set(new Uint32Array(one.buffer, 0, 1), i * PACK_ALIGNMENT);
  });
  return words;
}
