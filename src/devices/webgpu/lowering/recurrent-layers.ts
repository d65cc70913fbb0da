/**
 * Recurrent layers that are walked together: the kernels of one layer (shaders/recurrent), with a layer in each z of
 * their grids and a table in their parameters that says where the tensors of each begin. One above the other, they are
 * walked so where one layer takes a dispatch a step: T + L − 1 dispatches instead of T · L, each with L times as many
 * workgroups. Side by side they share dispatches in either mode.
 *
 * What is packed lies in one buffer already, and so do parameters that an optimizer updates; the rest is copied together
 * at every run.
 */
import { InternalError } from "../../../errors.ts";
import type { OpNode } from "../../../graph/graph.ts";
import type { Value } from "../../../ops/op.ts";
import { packedOffsets } from "../../../ops/packed.ts";
import { extentOf } from "../../../ops/tapes.ts";
import type { Layers, LayersOp } from "../../../ops/vocabulary.ts";
import type { KernelCall, LayerWalks, Region, Site } from "../../../scheduler/lowering.ts";
import { BYTES_PER_ELEMENT } from "../../../tensor/dtype.ts";
import type { Shape, TensorType } from "../../../tensor/shape.ts";
import { maxBytes, type WebgpuTarget } from "../target.ts";
import { read } from "./operand.ts";
import { bindLayers, type LayersBinding } from "./recurrent-bindings.ts";
import { type ChooseRecurrentMode, chooseRecurrentMode, type Direction } from "./recurrent-mode.ts";
import { type Cell, type StepTile, walkCell } from "./recurrent-walk.ts";

/** Of the ops' sites, what all of them have. */
interface AnySite {
  readonly ins: {
    readonly recurrent: readonly Region[];
    readonly input: readonly Region[];
    readonly lengths: Region | undefined;
  };
  readonly attrs: Layers;
  scratch(type: TensorType): Region;
}

/** A cell's kernel with what it binds, for all layers. */
interface LayersCell {
  readonly kernel: string;
  readonly sums: number;
  readonly constants: Readonly<Record<string, number>>;
  readonly bindings: readonly LayersBinding[];
  /** Begins with T, B, U. */
  readonly sequence: Region;
  readonly tile: StepTile;
}

export function layerWalks(
  target: WebgpuTarget,
  choose: ChooseRecurrentMode = chooseRecurrentMode,
): LayerWalks {
  const walk = (cell: LayersCell, direction: Direction, site: AnySite): KernelCall[] => {
    const { ins, attrs } = site;
    const layers = ins.recurrent.length;
    const isStacked = layers > 1 && ins.input.length > 0;
    const bound = bindLayers(cell.bindings, layers, maxBytes(target.limits), site.scratch);
    const reverse = attrs.reverse.reduce((bits, is, layer) => bits + (Number(is) << layer), 0);
    const all: Cell = {
      ...cell,
      constants: { HOLDS: 1, ...cell.constants, LENGTHS: Number(ins.lengths !== undefined) },
      operands: ins.lengths ? [...bound.operands, read(ins.lengths)] : bound.operands,
      extent: extentOf(cell.sequence.type.shape),
      reverse,
      layers,
      isStacked,
      table: bound.table,
      slots: 16,
    };
    const mode = choose(target, all.extent, direction, cell.sums);
    return [...bound.copies, ...walkCell(all, direction, mode)];
  };
  return {
    walksTogether: (node) => gains(target, choose, node) && fits(target, node),
    lower: {
      rnnLayers: (site) => walk(rnnCell(site), "forward", site),
      rnnLayersGrad: (site) => walk(rnnGradCell(site), "backward", site),
      lstmLayers: (site) => walk(lstmCell(site), "forward", site),
      lstmLayersGrad: (site) => walk(lstmGradCell(site), "backward", site),
      gruLayers: (site) => walk(gruCell(site), "forward", site),
      gruLayersGrad: (site) => walk(gruGradCell(site), "backward", site),
    },
  };
}

/**
 * A software adapter computes workgroups one after the other either way. Where a dispatch walks all steps, layers above
 * each other would have to wait for each other within it.
 */
function gains(target: WebgpuTarget, choose: ChooseRecurrentMode, node: OpNode<LayersOp>): boolean {
  const { recurrent, input } = node.ins;
  if (target.isSoftware || recurrent.length < 2) return false;
  if (input.length === 0) return true;
  const [direction, tape] = sequenceOf(node);
  const gates = recurrent[0]?.type.shape[2] ?? 1;
  const extent = extentOf(tape);
  return choose(target, extent, direction, direction === "forward" ? gates : 1).kind === "step";
}

/** The direction of a walk, and the shape of a tensor that begins with its T, B, U. */
function sequenceOf(node: OpNode<LayersOp>): [Direction, Shape] {
  const { ins, outs } = node;
  if ("gProjected" in outs) return ["backward", outs.gProjected[0]?.type.shape ?? []];
  return ["forward", "projected" in ins ? (ins.projected[0]?.type.shape ?? []) : []];
}

/** Whether each binding is within the device's reach. */
function fits({ limits }: WebgpuTarget, node: OpNode<LayersOp>): boolean {
  const { recurrent, input, ...others } = node.ins;
  const weights = [recurrent, input, "bias" in others ? others.bias : []].flat();
  const lists = [weights, ...Object.values(others), ...Object.values(node.outs)];
  const most = maxBytes(limits);
  return lists.every((held) => {
    const values: readonly (Value | undefined)[] = [held].flat();
    const types = values.flatMap((value) => value?.type ?? []);
    return packedOffsets(types.map(({ shape }) => shape)).length * BYTES_PER_ELEMENT <= most;
  });
}

function rnnCell({ ins, outs, attrs }: Site<"rnnLayers">): LayersCell {
  return {
    kernel: "recurrent/rnn",
    sums: 1,
    constants: { RELU: Number(attrs.activation === "relu") },
    bindings: [
      { access: "read", width: 1, tensors: { projected: ins.projected } },
      { access: "read", width: 1, tensors: weightsOf(ins) },
      { access: "read", width: 1, tensors: { h: ins.h0 } },
      { access: "readWrite", width: 1, tensors: { states: outs.states } },
    ],
    sequence: one(ins.projected),
    tile: { across: 16, each: 4 },
  };
}

function rnnGradCell({ ins, outs, attrs }: Site<"rnnLayersGrad">): LayersCell {
  return {
    kernel: "recurrent/rnn_grad",
    sums: 1,
    constants: {
      RELU: Number(attrs.activation === "relu"),
      FLOW: 0,
      CARRIES: Number(ins.lengths !== undefined),
    },
    bindings: [
      { access: "readWrite", width: 1, tensors: { gSums: outs.gProjected } },
      { access: "read", width: 1, tensors: weightsOf(ins) },
      { access: "read", width: 1, tensors: { states: ins.states } },
      { access: "read", width: 1, tensors: { gStates: topmost(ins.gY, ins.recurrent) } },
      { access: "readWrite", width: 1, tensors: { h: outs.gH0 } },
    ],
    sequence: one(outs.gProjected),
    tile: { across: 16, each: 4 },
  };
}

function lstmCell({ ins, outs }: Site<"lstmLayers">): LayersCell {
  return {
    kernel: "recurrent/lstm",
    sums: 4,
    constants: {},
    bindings: [
      { access: "readWrite", width: 4, tensors: { gates: outs.gates } },
      { access: "read", width: 4, tensors: weightsOf(ins) },
      { access: "read", width: 1, tensors: { h: ins.h0 } },
      { access: "read", width: 1, tensors: { c: ins.c0 } },
      { access: "readWrite", width: 1, tensors: { states: outs.states } },
      { access: "readWrite", width: 1, tensors: { cells: outs.cells } },
    ],
    sequence: one(outs.gates),
    tile: { across: 16, each: 1 },
  };
}

function lstmGradCell({ ins, outs }: Site<"lstmLayersGrad">): LayersCell {
  const { recurrent, gY, gCells } = ins;
  const outside = topmost(gCells, recurrent);
  return {
    kernel: "recurrent/lstm_grad",
    sums: 1,
    constants: {
      FLOW: 0,
      OUTSIDE: Number(gCells.length > 0),
      CARRIES: Number(ins.lengths !== undefined),
    },
    bindings: [
      { access: "readWrite", width: 4, tensors: { gates: outs.gProjected } },
      { access: "read", width: 4, tensors: weightsOf(ins) },
      { access: "read", width: 1, tensors: { cells: ins.cells } },
      { access: "read", width: 1, tensors: { gStates: topmost(gY, recurrent) } },
      ...(gCells.length === 0
        ? []
        : [{ access: "read", width: 1, tensors: { gCells: outside } } as const]),
      { access: "readWrite", width: 1, tensors: { h: outs.gH0 } },
      { access: "readWrite", width: 1, tensors: { c: outs.gC0 } },
    ],
    sequence: one(outs.gProjected),
    tile: { across: 8, each: 2 },
  };
}

function gruCell({ ins, outs }: Site<"gruLayers">): LayersCell {
  return {
    kernel: "recurrent/gru",
    sums: 3,
    constants: {},
    bindings: [
      { access: "readWrite", width: 4, tensors: { gates: outs.gates } },
      { access: "read", width: 1, tensors: { projected: ins.projected } },
      {
        access: "read",
        width: 1,
        tensors: { ...weightsOf(ins), candidateBias: ins.candidateBias },
      },
      { access: "read", width: 1, tensors: { h: ins.h0 } },
      { access: "readWrite", width: 1, tensors: { states: outs.states } },
    ],
    sequence: one(outs.gates),
    tile: { across: 16, each: 1 },
  };
}

function gruGradCell({ ins, outs }: Site<"gruLayersGrad">): LayersCell {
  return {
    kernel: "recurrent/gru_grad",
    sums: 1,
    constants: { FLOW: 0, CARRIES: 1 },
    bindings: [
      { access: "read", width: 4, tensors: { gates: ins.gates } },
      { access: "read", width: 1, tensors: weightsOf(ins) },
      { access: "read", width: 1, tensors: { states: ins.states } },
      { access: "read", width: 1, tensors: { gStates: topmost(ins.gY, ins.recurrent) } },
      { access: "readWrite", width: 1, tensors: { projected: outs.gProjected } },
      { access: "readWrite", width: 1, tensors: { gSums: outs.gSums } },
      { access: "readWrite", width: 1, tensors: { h: outs.gH0 } },
    ],
    sequence: one(ins.gates),
    tile: { across: 8, each: 2 },
  };
}

interface WeightRegions {
  readonly recurrent: readonly Region[];
  readonly input: readonly Region[];
  readonly bias?: readonly Region[];
}

/** Every layer's own weights; those of what it takes from below, and their biases, of all but the lowest. */
function weightsOf({ recurrent, input, bias = [] }: WeightRegions): LayersBinding["tensors"] {
  return { recurrent, input: [undefined, ...input], bias: [undefined, ...bias] };
}

/** What the topmost layers have, by layer. */
function topmost(list: readonly Region[], layers: readonly Region[]): (Region | undefined)[] {
  return layers.map((_, layer) => list[layer - (layers.length - list.length)]);
}

function one(list: readonly Region[]): Region {
  const [first] = list;
  if (first === undefined) throw new InternalError("there must be a layer to walk.");
  return first;
}
