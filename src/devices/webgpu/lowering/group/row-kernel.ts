/** What the parts of a kernel over rows are printed from. */
import { piecesOf, roomOf, type Segment } from "../../../../ops/packed.ts";
import type { GroupProgram, Register } from "../../../../scheduler/group-program.ts";
import type { Region } from "../../../../scheduler/lowering.ts";
import type { DType } from "../../../../tensor/dtype.ts";
import type { WebgpuTarget } from "../../target.ts";
import { type Access, accessOf, vectorBindings, widthOf } from "./access.ts";
import { type Bindings, bindingsOf } from "./bindings.ts";
import { type RowLayout, rowLayout } from "./row-layout.ts";
import { type RowProgram, rowProgramOf } from "./row-program.ts";
import { Words } from "./words.ts";

export interface RowKernel {
  readonly program: GroupProgram;
  readonly parts: RowProgram;
  readonly layout: RowLayout;
  /** Of a pack, those that workgroups walk: they share them evenly. */
  readonly pieces: readonly Segment[];
  /** Whether totals are left for another call. */
  readonly isPartial: boolean;
  readonly words: Words;
  readonly bindings: Bindings;
  /** Bindings that are arrays of vectors. */
  readonly vectors: ReadonlySet<number>;
  readonly inputs: readonly Access[];
  readonly indices: readonly Access[];
  readonly stores: readonly Access[];
  /** What differs from element to element: inputs, and views that are counted. */
  readonly elementInputs: readonly number[];
  readonly elementIndices: readonly number[];
  /** Fields of Known, by name, with their types: what functions over elements are told of their row. */
  readonly known: Map<string, string>;
}

/** `outs`: those of the program's stores; behind them, where workgroups share rows, that of the totals of `parts`. */
export function rowKernelOf(
  target: WebgpuTarget,
  program: GroupProgram,
  ins: readonly Region[],
  outs: readonly Region[],
  parts?: number,
): RowKernel {
  const own = rowProgramOf(program);
  const passes = [...own.stages, own.stored];
  const elements = usedBy(
    program,
    passes.flatMap((pass) => pass.elements),
  );
  const row = usedBy(program, own.rowRegisters);
  // An input that is not read is not bound.
  const isRead = ins.map((_, i) => elements.inputs.includes(i) || row.inputs.includes(i));
  const bindings = bindingsOf(
    ins.filter((_, i) => isRead[i]),
    outs,
  );
  let next = 0;
  const inputs = program.inputs.map((view, i) =>
    accessOf(view, isRead[i] ? bindings.ins[next++] : undefined),
  );
  const indices = program.indices.map((view) => accessOf(view));
  const stores = program.stores.map((view, o) => accessOf(view, bindings.outs[o]));
  const pick = (list: readonly Access[], which: readonly number[]) =>
    which.flatMap((i) => list[i] ?? []);
  const moved = [...pick(inputs, elements.inputs), ...pick(stores, own.elementStores)];
  const isAcross = liesAcross(program, moved);
  const hasColumns = program.kept < program.shape.length;
  const layout = rowLayout(target, program, {
    // Pieces end where tensors do.
    width:
      isAcross || !hasColumns || program.segments
        ? 1
        : widthOf(program.shape.at(-1) ?? 1, moved, (b) => bindings.operands[b]?.region),
    isAcross,
    passes: passes.filter((pass) => pass.elements.length > 0).length,
    canPart: canPart(program, own),
    // With the sizes that go along, see row-stages.
    totals: own.stages.reduce((sum, { reduces }) => sum + 2 * reduces.length, 0),
  });
  const pieces =
    program.segments && piecesOf(program.segments, roomOf(layout.columns / layout.parts));
  // Workgroups that share a pack have a piece each.
  const shared = layout.parts > 1 ? (pieces?.length ?? layout.parts) : 1;
  return {
    program,
    parts: own,
    layout: { ...layout, parts: parts ?? shared },
    pieces: pieces ?? [],
    isPartial: parts !== undefined,
    words: new Words(),
    bindings,
    vectors: vectorBindings(layout.width, moved),
    inputs,
    indices,
    stores,
    elementInputs: elements.inputs,
    elementIndices: elements.indices,
    known: new Map(),
  };
}

export function dtypeOf({ program }: RowKernel, r: Register): DType {
  return program.instructions[r]?.dtype ?? "f32";
}

/** Whether no element waits for a total, and no total for another. */
function canPart({ stores }: GroupProgram, { stages, elementStores, levels }: RowProgram): boolean {
  const stageOf = (o: number) => levels[stores[o]?.register ?? 0]?.stage;
  return stages.length === 1 && elementStores.every((o) => stageOf(o) === 0);
}

/** The inputs and the counted views that registers are, in order. */
function usedBy({ instructions, inputs, indices }: GroupProgram, registers: readonly Register[]) {
  const used = registers.flatMap((r) => instructions[r] ?? []);
  const isUsed = (kind: "input" | "index", i: number) =>
    used.some((one) => one.kind === kind && (one.kind === "input" ? one.input : one.index) === i);
  return {
    inputs: inputs.flatMap((_, i) => (isUsed("input", i) ? [i] : [])),
    indices: indices.flatMap((_, i) => (isUsed("index", i) ? [i] : [])),
  };
}

/** Whether neighbours in memory are elements of neighbouring rows, in most of what is read and written. */
function liesAcross({ kept, shape }: GroupProgram, accesses: readonly Access[]): boolean {
  if (kept === 0 || kept === shape.length) return false;
  const along = accesses.filter(({ strides }) => strides.at(-1) === 1);
  const across = accesses.filter(
    ({ strides }) => strides[kept - 1] === 1 && (strides.at(-1) ?? 0) > 1,
  );
  return across.length > along.length;
}
