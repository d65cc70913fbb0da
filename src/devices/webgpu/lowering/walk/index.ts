/** Recurrent cells over whole sequences: a cell's program (forward.ts, backward.ts) in one of the walks of shaders/lib. */
import { InternalError } from "../../../../errors.ts";
import type { GraphValue, OpNode } from "../../../../graph/graph.ts";
import { mapValues } from "../../../../graph/rebuild.ts";
import type { CellBody, CellGradient } from "../../../../ops/cells/body.ts";
import { packedOffsets } from "../../../../ops/packed.ts";
import { type Extent, extentOf } from "../../../../ops/tapes.ts";
import type { WalkOp } from "../../../../ops/vocabulary.ts";
import type {
  CellWalks,
  KernelCall,
  Region,
  WalkLayer,
  WalkLayers,
} from "../../../../scheduler/lowering.ts";
import { BYTES_PER_ELEMENT } from "../../../../tensor/dtype.ts";
import type { TensorType } from "../../../../tensor/shape.ts";
import { maxBytes, type WebgpuTarget } from "../../target.ts";
import { lowerCopy } from "../movement.ts";
import {
  type ChooseRecurrentMode,
  chooseRecurrentMode,
  type Direction,
  type RecurrentMode,
} from "../recurrent-mode.ts";
import { dispatchesOf, modeConstants } from "../recurrent-walk.ts";
import { printBackward } from "./backward.ts";
import { printForward } from "./forward.ts";
import { backwardBindings, forwardBindings, SCRATCH, scratchBinding } from "./layers.ts";
import { productsOf } from "./numbers.ts";
import { bindWalk, type WalkBinding } from "./tensors.ts";

/** Sums that a workgroup's memory has room for. */
const MOST_SUMS = 12;

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
    together: {
      gains: (op, layers) => gains(target, choose, op, layers),
      lower: walks,
    },
  };
}

type Scratch = (type: TensorType) => Region;
/** Of an op, what its direction says of the walk of its layers. */
interface Side {
  readonly direction: Direction;
  readonly extent: Extent;
  readonly bindings: readonly WalkBinding[];
  /** Numbers a unit that a second product needs in scratch memory. */
  readonly aside: number;
  readonly print: (
    bindings: readonly WalkBinding[],
    hasLengths: boolean,
  ) => KernelCall["constants"];
}

/** One layer, or several in the same dispatches. */
export function walksOfLayers(
  target: WebgpuTarget,
  choose: ChooseRecurrentMode = chooseRecurrentMode,
): NonNullable<CellWalks["together"]>["lower"] {
  return {
    recurrence(layers, scratch) {
      const { ins, attrs } = lowest(layers).site;
      const { cell } = attrs;
      return walk(target, choose, layers, scratch, {
        direction: "forward",
        extent: extentOf(ins.projected.type.shape),
        bindings: forwardBindings(cell, layers),
        aside: 1 + cell.firstSums,
        print: (bindings, hasLengths) => printForward(cell, bindings, hasLengths),
      });
    },
    recurrenceGrad(layers, scratch) {
      const { outs, attrs } = lowest(layers).site;
      const { cell } = attrs;
      const watched = layers.map(({ site }) => site.attrs.watched);
      const calls = walk(target, choose, layers, scratch, {
        direction: "backward",
        extent: extentOf(outs.gProjected.type.shape),
        bindings: backwardBindings(cell, layers),
        aside: cell.sums.length - cell.firstSums + 1,
        print: (bindings, hasLengths) => printBackward(cell, bindings, { hasLengths, watched }),
      });
      return [...layers.flatMap(({ site }) => copyOutside(site)), ...calls];
    },
  };
}

function walk(
  target: WebgpuTarget,
  choose: ChooseRecurrentMode,
  layers: WalkLayers,
  scratch: Scratch,
  { direction, extent, bindings, aside, print }: Side,
): KernelCall[] {
  const { ins, attrs } = lowest(layers).site;
  const { cell } = attrs;
  const products = productsOf(cell);
  const mode = modeOf(target, choose, direction, extent, cell);
  const isStacked = layers.some(({ below }) => below !== undefined);
  const extra = scratchBinding(cell, mode, aside, layers.length, extent, scratch);
  const own = fitted([...bindings, ...extra], ins.lengths !== undefined, target);
  const all = [...own, ...lengthsOf(ins.lengths)];
  const bound = bindWalk(all, layers.length, maxBytes(target.limits), scratch);
  const constants = {
    ...print(own, ins.lengths !== undefined),
    ...modeConstants(mode, extent, direction),
    BACKWARD: Number(direction === "backward"),
    BINDINGS: bound.text,
    LENGTHS: Number(ins.lengths !== undefined),
    LAYERS: layers.length,
    STACKED: Number(isStacked),
    SLOTS: bound.slots,
    PRODUCTS: products.length,
  };
  const { steps, batch, units } = extent;
  const reverse = layers.reduce((bits, { site }, l) => bits + (Number(site.attrs.reverse) << l), 0);
  // The table is an array of vec4s, aligned to 16 bytes.
  const table = bound.table.length > 0 ? [0, 0, 0, ...bound.table] : [];
  const walked = { extent, layers: layers.length, isStacked, products: products.length };
  const calls = dispatchesOf(walked, direction, mode).map(
    (one): KernelCall => ({
      kernel: direction === "forward" ? "recurrent/walk" : "recurrent/walk_grad",
      constants: mode.kind === "step" ? { ...constants, PRODUCT: one.product } : constants,
      operands: bound.operands,
      words: [steps, batch, units, reverse, one.walked, ...table],
      grid: one.grid,
    }),
  );
  return calls.length === 0 ? [] : [...bound.copies, ...calls];
}

function modeOf(
  target: WebgpuTarget,
  choose: ChooseRecurrentMode,
  direction: Direction,
  extent: Extent,
  cell: CellBody,
): RecurrentMode {
  const products = productsOf(cell);
  if (products.length === 0) return { kind: "apart" };
  // Of several products each has an array of vectors, in which three numbers take the place of four.
  const numbers = products.map(({ count }) => (products.length > 1 && count === 3 ? 4 : count));
  const sums = numbers.reduce((total, count) => total + count);
  return choose(target, extent, direction, sums);
}

function lowest<K extends WalkOp, T>([first]: WalkLayers<K, T>): WalkLayer<K, T> {
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

function takes(target: WebgpuTarget, node: OpNode<WalkOp>): boolean {
  const { cell } = node.attrs;
  const { inputs, sums, firstSums } = cell;
  if (sums.length > MOST_SUMS || inputs.length === 0) return false;
  // A second product without a first one.
  if (sums.length > 0 && firstSums === 0) return false;
  return fits(target, node.op, [{ site: node as never }]);
}

/** Most layers of a walk: their table is among its parameters. */
const MOST_LAYERS = 8;

/**
 * A software adapter computes workgroups one after the other either way. Where a dispatch walks all steps, layers above
 * each other would have to wait for each other within it.
 */
function gains(
  target: WebgpuTarget,
  choose: ChooseRecurrentMode,
  op: WalkOp,
  layers: WalkLayers<WalkOp, GraphValue>,
): boolean {
  if (target.isSoftware || layers.length > MOST_LAYERS || !fits(target, op, layers)) return false;
  if (layers.every(({ below }) => below === undefined)) return true;
  const { ins, outs, attrs } = lowest(layers).site;
  const { inputs, sums, firstSums } = attrs.cell;
  // What comes from below is added up like the sums, in the dispatch of the only product.
  if (sums.length === 0 || sums.length !== inputs.length || firstSums < sums.length) return false;
  const direction = op === "recurrence" ? "forward" : "backward";
  const held: object = { ...ins, ...outs };
  const [tape] = (held as { readonly states: readonly GraphValue[] }).states;
  const [rows = 1, batch = 0, units = 0] = tape?.type.shape ?? [];
  return choose(target, { steps: rows - 1, batch, units }, direction, sums.length).kind === "step";
}

/** Whether each binding is within the device's reach, and there are not too many. */
function fits(target: WebgpuTarget, op: WalkOp, layers: WalkLayers<WalkOp, GraphValue>): boolean {
  const { limits } = target;
  const hasLengths = layers.some(({ site }) => site.ins.lengths !== undefined);
  const { sums, firstSums } = lowest(layers).site.attrs.cell;
  const all = fitted(bindingsOf(op, layers), hasLengths, target);
  const bindings = [...all, ...(firstSums < sums.length ? [SCRATCH] : [])];
  const bytesOf = ({ tensors }: WalkBinding) => {
    const regions = tensors.flatMap((tensor) => tensor.regions.flatMap((region) => region ?? []));
    return packedOffsets(regions.map(({ type }) => type.shape)).length * BYTES_PER_ELEMENT;
  };
  return (
    bindings.length + Number(hasLengths) <= limits.maxStorageBuffersPerShaderStage &&
    bindings.every((binding) => bytesOf(binding) <= maxBytes(limits))
  );
}

/** What a walk binds, wherever that will lie. */
function bindingsOf(op: WalkOp, layers: WalkLayers<WalkOp, GraphValue>): WalkBinding[] {
  const place = ({ type }: GraphValue): Region => ({ buffer: 0, offset: 0, type });
  const placed = layers.map(({ site, below }) => ({
    site: { ins: mapValues(site.ins, place), outs: mapValues(site.outs, place), attrs: site.attrs },
    ...(below && { below: { input: place(below.input), bias: below.bias && place(below.bias) } }),
  }));
  const { cell } = lowest(layers).site.attrs;
  // Layers and cell of the very op; the compiler cannot follow that through the union.
  return op === "recurrence"
    ? forwardBindings(cell, placed as never)
    : backwardBindings(cell as CellGradient, placed as never);
}
