/** Recurrent cells over whole sequences: a cell's program (forward.ts, backward.ts) in one of the walks of shaders/lib. */
import type { OpNode } from "../../../../graph/graph.ts";
import { mapValues } from "../../../../graph/rebuild.ts";
import type { CellBody } from "../../../../ops/cells/body.ts";
import { packedOffsets } from "../../../../ops/packed.ts";
import { type Extent, extentOf } from "../../../../ops/tapes.ts";
import type { WalkOp } from "../../../../ops/vocabulary.ts";
import type { CellWalks, KernelCall, Region, Site } from "../../../../scheduler/lowering.ts";
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
import {
  backwardBindings,
  backwardKernel,
  forwardBindings,
  forwardKernel,
  type WalkKernel,
  type WalkLayer,
} from "./layers.ts";
import { bindWalk, type WalkBinding } from "./tensors.ts";

/** Sums that a workgroup's memory has room for, see recurrent_grad_step. */
const MOST_SUMS = 8;

export function cellWalks(
  target: WebgpuTarget,
  choose: ChooseRecurrentMode = chooseRecurrentMode,
): CellWalks {
  const walk = (
    bindings: readonly WalkBinding[],
    { text, holds, carries }: WalkKernel,
    direction: Direction,
    layers: readonly WalkLayer<WalkOp>[],
    { extent, lengths, scratch }: Walked,
  ): KernelCall[] => {
    const [{ site }] = layers as readonly [WalkLayer<WalkOp>];
    const { cell } = site.attrs;
    const bound = bindWalk(
      [...bindings, ...lengthsOf(lengths)],
      layers.length,
      maxBytes(target.limits),
      scratch,
    );
    const mode =
      cell.sums.length === 0
        ? ({ kind: "apart" } as const)
        : choose(target, extent, direction, cell.sums.length);
    const constants = {
      BINDINGS: bound.text,
      CELL: text,
      LENGTHS: Number(lengths !== undefined),
      ...(direction === "forward" ? { HOLDS: Number(holds) } : { CARRIES: Number(carries) }),
    };
    const calls = walkCell(
      {
        kernel: direction === "forward" ? "recurrent/walk" : "recurrent/walk_grad",
        sums: cell.sums.length,
        constants,
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
  };
  return {
    takes: (node) => takes(target, node),
    lower: {
      recurrence(site) {
        const layers = [{ site }];
        const { cell } = site.attrs;
        const { lengths, projected } = site.ins;
        const bindings = fitted(forwardBindings(cell, layers), lengths !== undefined, target);
        const kernel = forwardKernel(cell, layers, bindings, lengths !== undefined);
        const extent = extentOf(projected.type.shape);
        return walk(bindings, kernel, "forward", layers, { ...site, extent, lengths });
      },
      recurrenceGrad(site) {
        const layers = [{ site }];
        const { ins, outs, attrs } = site;
        const { lengths } = ins;
        const bindings = fitted(
          backwardBindings(attrs.cell, layers),
          lengths !== undefined,
          target,
        );
        const kernel = backwardKernel(attrs.cell, layers, bindings, lengths !== undefined);
        const extent = extentOf(outs.gProjected.type.shape);
        return [
          ...copyOutside(site),
          ...walk(bindings, kernel, "backward", layers, { ...site, extent, lengths }),
        ];
      },
    },
  };
}

/** What all layers of a walk have in common. */
interface Walked {
  readonly extent: Extent;
  readonly lengths: Region | undefined;
  scratch(type: TensorType): Region;
}

function lengthsOf(lengths: Region | undefined): WalkBinding[] {
  const tensors = [{ slot: "LENGTHS_0", count: 1, regions: [lengths] }];
  return lengths ? [{ name: "lengths", access: "read", type: "i32", tensors }] : [];
}

/** With flow a walk finds what comes from outside where it leaves the whole. */
function copyOutside({ ins, outs, attrs }: Site<"recurrenceGrad">): KernelCall[] {
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
  return bindings.flatMap((binding) => {
    if (binding === vectors) return [];
    if (vectors === undefined || binding.name !== "recurrent") return [binding];
    return [{ ...binding, tensors: [...binding.tensors, ...vectors.tensors] }];
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
