/** Recurrent cells over whole sequences: a cell's program (forward.ts, backward.ts) in one of the walks of shaders/lib. */
import { InternalError } from "../../../../errors.ts";
import type { OpNode } from "../../../../graph/graph.ts";
import { mapValues } from "../../../../graph/rebuild.ts";
import type { CellBody } from "../../../../ops/cells/body.ts";
import { packedOffsets } from "../../../../ops/packed.ts";
import { type Extent, extentOf } from "../../../../ops/tapes.ts";
import type { WalkOp } from "../../../../ops/vocabulary.ts";
import type { CellWalks, KernelCall, Region } from "../../../../scheduler/lowering.ts";
import { BYTES_PER_ELEMENT } from "../../../../tensor/dtype.ts";
import type { TensorType } from "../../../../tensor/shape.ts";
import { maxBytes, type WebgpuTarget } from "../../target.ts";
import { lowerCopy } from "../movement.ts";
import {
  type ChooseRecurrentMode,
  chooseRecurrentMode,
  type Direction,
} from "../recurrent-mode.ts";
import { walkCell } from "../recurrent-walk.ts";
import { printBackward } from "./backward.ts";
import { printForward } from "./forward.ts";
import { backwardBindings, forwardBindings, type WalkLayer } from "./layers.ts";
import { bindWalk, type WalkBinding } from "./tensors.ts";

/** Sums that a workgroup's memory has room for, see recurrent_grad_step. */
const MOST_SUMS = 8;

export function cellWalks(
  target: WebgpuTarget,
  choose: ChooseRecurrentMode = chooseRecurrentMode,
): CellWalks {
  const walks = walksOfLayers(target, choose);
  return {
    takes: (node) => takes(target, node),
    lower: {
      recurrence: (site) => walks.recurrence([{ site }], site.scratch),
      recurrenceGrad: (site) => walks.recurrenceGrad([{ site }], site.scratch),
    },
  };
}

type Scratch = (type: TensorType) => Region;
type LowerLayers<K extends WalkOp> = (
  layers: readonly WalkLayer<K>[],
  scratch: Scratch,
) => readonly KernelCall[];

/**
 * One layer, or several in the same dispatches: layers of one cell and size, with the same lengths. They stand side by
 * side, or one above the other, the lowest first.
 */
export function walksOfLayers(
  target: WebgpuTarget,
  choose: ChooseRecurrentMode = chooseRecurrentMode,
): { readonly [K in WalkOp]: LowerLayers<K> } {
  return {
    recurrence(layers, scratch) {
      const { ins, attrs } = lowest(layers).site;
      const hasLengths = ins.lengths !== undefined;
      const bindings = fitted(forwardBindings(attrs.cell, layers), hasLengths, target);
      const { text, holds } = printForward(attrs.cell, bindings, hasLengths);
      return walk(target, choose, "forward", {
        layers,
        bindings,
        constants: { CELL: text, HOLDS: Number(holds) },
        extent: extentOf(ins.projected.type.shape),
        scratch,
      });
    },
    recurrenceGrad(layers, scratch) {
      const { ins, outs, attrs } = lowest(layers).site;
      const hasLengths = ins.lengths !== undefined;
      const bindings = fitted(backwardBindings(attrs.cell, layers), hasLengths, target);
      const watched = new Set(layers.flatMap(({ site }) => site.attrs.watched));
      const { text, carries } = printBackward(attrs.cell, bindings, { hasLengths, watched });
      const calls = walk(target, choose, "backward", {
        layers,
        bindings,
        constants: { CELL: text, CARRIES: Number(carries) },
        extent: extentOf(outs.gProjected.type.shape),
        scratch,
      });
      return [...layers.flatMap(({ site }) => copyOutside(site)), ...calls];
    },
  };
}

interface Walked {
  readonly layers: readonly WalkLayer<WalkOp>[];
  readonly bindings: readonly WalkBinding[];
  /** Those of the cell. */
  readonly constants: KernelCall["constants"];
  readonly extent: Extent;
  readonly scratch: Scratch;
}

function walk(
  target: WebgpuTarget,
  choose: ChooseRecurrentMode,
  direction: Direction,
  { layers, bindings, constants, extent, scratch }: Walked,
): KernelCall[] {
  const { ins, attrs } = lowest(layers).site;
  const { cell } = attrs;
  const all = [...bindings, ...lengthsOf(ins.lengths)];
  const bound = bindWalk(all, layers.length, maxBytes(target.limits), scratch);
  const mode =
    cell.sums.length === 0
      ? ({ kind: "apart" } as const)
      : choose(target, extent, direction, cell.sums.length);
  const calls = walkCell(
    {
      kernel: direction === "forward" ? "recurrent/walk" : "recurrent/walk_grad",
      sums: cell.sums.length,
      constants: {
        ...constants,
        BINDINGS: bound.text,
        LENGTHS: Number(ins.lengths !== undefined),
      },
      operands: bound.operands,
      extent,
      reverse: layers.reduce((bits, { site }, l) => bits + (Number(site.attrs.reverse) << l), 0),
      layers: layers.length,
      isStacked: layers.some(({ below }) => below !== undefined),
      slots: bound.slots,
      table: bound.table,
      tile: tileOf(cell, direction),
    },
    direction,
    mode,
  );
  return calls.length === 0 ? [] : [...bound.copies, ...calls];
}

function lowest<K extends WalkOp>([first]: readonly WalkLayer<K>[]): WalkLayer<K> {
  if (first === undefined) throw new InternalError("there must be a layer to walk.");
  return first;
}

function lengthsOf(lengths: Region | undefined): WalkBinding[] {
  const tensors = [{ slot: "LENGTHS_0", count: 1, regions: [lengths] }];
  return lengths ? [{ name: "lengths", access: "read", type: "i32", tensors }] : [];
}

/** With flow a walk finds what comes from outside where it leaves the whole. */
function copyOutside({ ins, outs, attrs }: WalkLayer<"recurrenceGrad">["site"]): KernelCall[] {
  return attrs.watched.flatMap((s, i) => {
    const [from, to] = [ins.gStates[i], outs.flow[s]];
    return from && to ? lowerCopy(from, to) : [];
  });
}

/** As few bindings as the target has: vectors may lie beside the weights. */
function fitted(
  bindings: readonly WalkBinding[],
  hasLengths: boolean,
  { limits }: WebgpuTarget,
): readonly WalkBinding[] {
  if (bindings.length + Number(hasLengths) <= limits.maxStorageBuffersPerShaderStage)
    return bindings;
  const vectors = bindings.find(({ name }) => name === "vectors");
  const weights = bindings.find(({ name }) => name === "recurrent");
  if (vectors === undefined || weights === undefined) return bindings;
  return bindings.flatMap((binding) => {
    if (binding === vectors) return [];
    if (binding !== weights) return [binding];
    return [{ ...weights, tensors: [...weights.tensors, ...vectors.tensors] }];
  });
}

/** The units of a workgroup that computes one step: few sums leave room for more of them. */
function tileOf({ sums }: CellBody, direction: Direction) {
  if (sums.length === 1) return { across: 16, each: 4 } as const;
  if (direction === "backward") return { across: 8, each: 2 } as const;
  return { across: 16, each: sums.length === 2 ? 2 : 1 } as const;
}

function takes(target: WebgpuTarget, node: OpNode<WalkOp>): boolean {
  const { cell } = node.attrs;
  const { inputs, sums, firstSums } = cell;
  if (firstSums < sums.length || sums.length > MOST_SUMS || inputs.length === 0) return false;
  const { limits } = target;
  // Tensors of a list are reached through one binding.
  const held = [...Object.values(node.ins), ...Object.values(node.outs)];
  const lists = held.map((one) => [one ?? []].flat().map(({ type }) => type.shape));
  const most = maxBytes(limits);
  if (lists.some((list) => packedOffsets(list).length * BYTES_PER_ELEMENT > most)) return false;
  const bindings = bindingsOf(node);
  const hasLengths = node.ins.lengths !== undefined;
  const count = fitted(bindings, hasLengths, target).length + Number(hasLengths);
  return count <= limits.maxStorageBuffersPerShaderStage;
}

/** What the walk of a node binds, wherever that will lie. */
function bindingsOf(node: OpNode<WalkOp>): WalkBinding[] {
  const regions = (held: object) => mapValues(held, ({ type }) => ({ buffer: 0, offset: 0, type }));
  const site = { ins: regions(node.ins), outs: regions(node.outs), attrs: node.attrs };
  const layers = [{ site: site as never }];
  return node.op === "recurrence"
    ? forwardBindings(node.attrs.cell, layers)
    : backwardBindings(node.attrs.cell, layers);
}
