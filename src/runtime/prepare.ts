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

export interface Wanted {
  readonly outputs: readonly GraphValue[];
  readonly updates: ReadonlyMap<Cell, GraphValue>;
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

/** With `literalsAsData`, numbers in the graph become one more binding instead of part of the plan. */
export function prepare(wanted: Wanted, literalsAsData: boolean): Prepared {
  const targets = [...wanted.updates.keys()].map((cell) => cell.value);
  const ordinals = new Map<Block, number>();
  const marks = (node: SourceNode) => {
    const { block, offset, kind } = cellOf(node);
    const ordinal = ordinals.get(block) ?? ordinals.size;
    ordinals.set(block, ordinal);
    return `${kind} ${ordinal}+${offset}`;
  };
  const print = fingerprint([...wanted.outputs, ...wanted.updates.values(), ...targets], marks);
  const blocks = [...ordinals.keys()];
  const literals = literalsAsData ? print.literals : [];
  return {
    key: literalsAsData ? print.key : `${print.key}\n${literalText(print.literals)}`,
    blocks,
    cells: print.sources.map(cellOf),
    literals,
    plan: (traits) => makePlan(wanted, print, blocks, literals, traits),
  };
}

/** The cell behind a source. @throws TraceError for a variable that has changed since the graph was made. */
function cellOf(node: SourceNode): Cell {
  const { holder } = node;
  if (!(holder instanceof Cell)) {
    throw new TraceError(
      `scan: what stands for a step inside a cell has no values outside of it; got ${holder.name}, kept from a cell. Give it back as carry or y.`,
    );
  }
  if (!holder.isCurrent(node)) {
    throw new TraceError(
      `${holder.name}: a tensor was made from this variable before it was assigned to, and is evaluated after. Evaluate it first (await data()), or compute it in the same step.`,
    );
  }
  return holder;
}

function makePlan(
  wanted: Wanted,
  print: Fingerprint,
  blocks: readonly Block[],
  literals: readonly OpNode<"literal">[],
  traits: DeviceTraits,
): Plan {
  const placements = new Map(
    print.sources.map((node) => {
      const { block, offset } = cellOf(node);
      return [node, { binding: blocks.indexOf(block), offset }];
    }),
  );
  const bindings = blocks.map((block) => describeBlock(block, print.sources.map(cellOf)));
  const lifted = new Map<OpNode, GraphValue>();
  if (literals.length > 0) {
    literals.forEach((node, i) => {
      const cell = new Cell("data", node.outs.out.type, "literal");
      lifted.set(node, cell.value);
      placements.set(cell.value.node as SourceNode, {
        binding: blocks.length,
        offset: i * PACK_ALIGNMENT,
      });
    });
    bindings.push({ kind: "constant", bytes: literalBytes(literals.length), name: "literals" });
  }
  const request: PlanRequest = {
    outputs: wanted.outputs,
    updates: [...wanted.updates].map(([cell, value]) => ({
      source: cell.value.node as SourceNode,
      value,
    })),
    bindings,
    placements,
  };
  return schedule(
    request,
    traits,
    literals.length === 0 ? undefined : (node) => lifted.get(node) ?? node.outs.out,
  );
}

function describeBlock(block: Block, cells: readonly Cell[]): BindingInfo {
  const tenants = cells.filter((cell) => cell.block === block);
  const kinds = { variable: "variable", argument: "input", data: "constant" } as const;
  const name = tenants.map((cell) => cell.name).join(", ");
  return { kind: kinds[tenants[0]?.kind ?? "data"], bytes: block.bytes, name };
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
