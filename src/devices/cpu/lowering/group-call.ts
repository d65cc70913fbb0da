/** The words of a call that runs a group, and the text of its function's structure. */
import type { Segment } from "../../../ops/packed.ts";
import { type GroupProgram, levelsOf } from "../../../scheduler/group-program.ts";
import {
  floatBits,
  type KernelCall,
  type Operand,
  type Region,
  sameRegion,
} from "../../../scheduler/lowering.ts";
import type { DType } from "../../../tensor/dtype.ts";
import { sizeOf } from "../../../tensor/shape.ts";
import { passesOf } from "../emit/passes.ts";
import type { Structure } from "../emit/structure.ts";
import { blocksIn, type Layout, type Lie, Mode, stagesOf } from "./group-layout.ts";
import { callEmitted, read, readWrite, write } from "./operands.ts";

/** How an item's elements are cut. */
export interface Cut {
  /** Elements of a chunk; of columns whose elements lie in runs, runs. */
  readonly size: number;
  readonly chunks: number;
  /** Of a program over packed tensors the chunks themselves. */
  readonly pieces?: readonly Segment[];
}

export interface GroupWork {
  readonly program: GroupProgram;
  readonly layout: Layout;
  readonly ins: readonly Region[];
  readonly outs: readonly Region[];
  /** The last so many stores are partial results: each chunk has its own, one for each item, behind those of the one before. */
  readonly partials: number;
  /** Rows of a part: of its own each part has what is added up over rows, the last stores, one behind the other. */
  readonly partRows?: number;
}

/** Vectors of columns side by side: more would not find room in registers. */
function columnsOf(structure: Structure, columns: number): Pick<Structure, "width" | "isNarrow"> {
  const isSimple = passesOf(structure, false).every(
    ({ reductions, computed }) => reductions.length <= 1 && computed.size <= 3,
  );
  const most = isSimple ? 8 : 4;
  const needed = Math.ceil(columns / 4);
  return { width: Math.min(most, needed), isNarrow: needed <= most };
}

const totalsOf = ({ stores }: GroupProgram): number =>
  stores.filter(({ isTotal }) => isTotal).length;

export function structureOf(work: GroupWork): Structure {
  const structure = anyWidth(work);
  if (structure.template === "rows") return structure;
  return { ...structure, ...columnsOf(structure, work.program.shape[work.layout.kept - 1] ?? 1) };
}

function anyWidth({ program, layout, ins, outs }: GroupWork): Structure {
  const levels = levelsOf({ ...program, kept: layout.kept });
  const last = stagesOf(program);
  const reach = ({ isPerElement, isVector }: Lie) => ({ isPerElement, isVector });
  const stageOf = (store: number) => levels[program.stores[store]?.register ?? -1]?.stage ?? 0;
  // What is added up over the rows is made in the last pass that stores elements: behind that inputs may be overwritten.
  const latest = Math.max(
    0,
    ...program.stores.map(({ isTotal }, i) =>
      isTotal || !layout.stores[i]?.isPerElement ? 0 : stageOf(i),
    ),
  );
  const readsAgain = layout.stores.some(
    ({ isPerElement }, i) => isPerElement && stageOf(i) === last,
  );
  return {
    template: layout.template,
    width: 1,
    isNarrow: false,
    inputs: layout.inputs.map(reach),
    indices: layout.indices.map((lie) => ({
      ...reach(lie),
      isBlock: lie.mode === Mode.indexBlock,
    })),
    instructions: program.instructions.map((instruction) =>
      instruction.kind === "literal" ? { ...instruction, value: 0 } : instruction,
    ),
    stores: layout.stores.map((lie, i) => {
      const out = outs[i];
      const isInPlace = out !== undefined && ins.some((region) => sameRegion(region, out));
      // What overwrites an input waits for the last pass that may read it.
      const waits = isInPlace && (readsAgain || last > 1);
      const { register = -1, isTotal = false } = program.stores[i] ?? {};
      const pass = waits ? last : isTotal ? Math.max(stageOf(i), latest) : stageOf(i);
      return { ...reach(lie), register, pass: lie.isPerElement ? pass : -1, isTotal, isInPlace };
    }),
  };
}

export function callOf(work: GroupWork, cut: Cut): KernelCall {
  const { program, layout, ins, outs } = work;
  const { shape, indices } = program;
  const { template, kept } = layout;
  const structure = structureOf(work);
  const { operands, placeOf } = operandsOf(ins, outs);
  const items = sizeOf(shape.slice(0, kept));
  const views = [...program.inputs, ...indices, ...program.stores];
  const lies = [...layout.inputs, ...layout.indices, ...layout.stores];
  const regions = [...ins, ...indices.map(() => undefined), ...outs];
  const firstTotal = views.length - totalsOf(program);
  const entries = views.flatMap(({ offset, strides }, i) => {
    const lie = lies[i];
    const region = regions[i];
    const own = strides.slice(kept);
    const cutStride = template === "rows" ? (own.at(-1) ?? 0) : (own[0] ?? 0);
    const isPartial = i >= views.length - work.partials;
    const moves = work.partRows === undefined && lie?.isPerElement === true && lie.mode % 3 === 0;
    const step = cut.pieces === undefined ? cut.size : 1;
    const inputStride = layout.isInRuns ? (own[0] ?? 0) : moves ? step * cutStride : 0;
    const isTotal = i >= firstTotal;
    const chunkStride = isPartial ? items : isTotal ? sizeOf(shape.slice(kept)) : inputStride;
    return [
      lie?.mode ?? 0,
      region === undefined ? 0 : placeOf(region),
      offset,
      chunkStride,
      ...strides.slice(0, kept),
      ...own,
    ];
  });
  const literals = literalsOf(program);
  return callEmitted(template, JSON.stringify(structure), operands, [
    views.length,
    literals.length,
    kept,
    shape.length - kept,
    ...(template === "rows" ? rowsWords(work, structure, cut) : columnsWords(work, cut)),
    ...shape,
    ...literals,
    ...entries,
    ...(cut.pieces ?? []).flatMap(({ start, length }) => [start, length]),
  ]);
}

function rowsWords(work: GroupWork, structure: Structure, cut: Cut): number[] {
  const { program, layout } = work;
  const count = sizeOf(program.shape.slice(layout.kept));
  return [
    count,
    cut.size,
    cut.chunks,
    keptBytes(structure, cut.size),
    blocksIn(layout) > 0 ? layout.tile : 0,
    ...packedWords(work, cut),
    work.partRows ?? 0,
    totalsOf(program),
  ];
}

/** As `rows` in wasm/group-rows.ts says. */
function packedWords({ program, layout, partials }: GroupWork, { pieces }: Cut): number[] {
  if (pieces === undefined) return [0, 0, 0];
  const reads = program.inputs.length + program.indices.length;
  const moved = reads + program.stores.length - partials;
  return [1, moved, layout.stores.some(({ isPerElement }) => isPerElement) ? reads : moved];
}

function columnsWords({ program, layout }: GroupWork, cut: Cut): number[] {
  const elements = program.shape.slice(layout.kept);
  const runs = elements.length > 1 ? (elements[0] ?? 1) : 1;
  return [elements.at(-1) ?? 1, runs, cut.size, cut.chunks, elements.length > 1 ? 1 : 0];
}

/** Bytes of whole vectors that hold `elements` elements. */
export const blockBytes = (elements: number): number => Math.ceil(elements / 4) * 16;

/** Bytes of the rows that a function keeps from pass to pass. */
export function keptBytes(structure: Structure, elements: number): number {
  if (structure.template !== "rows") return 0;
  const kept = passesOf(structure, true).reduce((sum, pass) => sum + pass.kept.length, 0);
  return kept * blockBytes(elements);
}

function operandsOf(ins: readonly Region[], outs: readonly Region[]) {
  const operands: Operand[] = [];
  const placeOf = (region: Region) =>
    operands.findIndex((operand) => sameRegion(operand.region, region));
  for (const region of ins) {
    if (placeOf(region) >= 0) continue;
    operands.push(outs.some((out) => sameRegion(out, region)) ? readWrite(region) : read(region));
  }
  for (const region of outs) if (placeOf(region) < 0) operands.push(write(region));
  return { operands, placeOf };
}

/** The words of a program's literals. */
export function literalsOf({ instructions }: GroupProgram): number[] {
  return instructions.flatMap((instruction) =>
    instruction.kind === "literal" ? [literalBits(instruction.value, instruction.dtype)] : [],
  );
}

function literalBits(value: number, dtype: DType): number {
  if (dtype === "f32") return floatBits(value);
  return dtype === "bool" ? (value === 0 ? 0 : 1) : value >>> 0;
}
