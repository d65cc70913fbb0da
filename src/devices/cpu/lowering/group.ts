/**
 * How a group runs: which frame and which emitted function (../emit), and the words that tell them sizes and places. Where
 * few items have many elements each, an item is cut into chunks, so that all threads have a part; the partial results are
 * combined by a second call, a group of its own. Where it is cut depends on sizes only, and so do the bits.
 */
import { piecesOf, type Segment } from "../../../ops/packed.ts";
import type {
  GroupInstruction,
  GroupProgram,
  Register,
  Store,
} from "../../../scheduler/group-program.ts";
import type { GroupSite, KernelCall, Region } from "../../../scheduler/lowering.ts";
import { sizeOf, stridesOf } from "../../../tensor/shape.ts";
import {
  blockBytes,
  type Cut,
  callOf,
  type GroupWork,
  keptBytes,
  structureOf,
} from "./group-call.ts";
import { finishOf, prune } from "./group-finish.ts";
import {
  blocksIn,
  fitsRuns,
  hasRows,
  layoutLike,
  layoutOf,
  runsLayout,
  stagesOf,
} from "./group-layout.ts";

/** Inputs and outputs that one program may have; see `DeviceTraits`. */
export const MAX_OPERANDS = 32;

/** Elements of a chunk of elementwise work; where something is gathered on the way, fewer, which stay in L1. */
const CHUNK = 4096;
const BLOCK = 512;
/** A tile's chunks are shorter, for there are sixteen of them. */
const TILE_SHARE = 4;
/** So many pieces of a pack, besides the ends of its tensors, are enough for all threads. */
const MAX_PIECES = 512;
/** Rows of elementwise work from which on none is cut. */
const MANY_ROWS = 16;

/** Fewer units of work than this, over more than four chunks of elements, are cut into chunks. */
const FEW_UNITS = 32;
const MAX_CHUNKS = 64;
/** Columns of one unit; wasm/group-columns.ts. */
const GROUP = 32;

/** Of a thread's scratch, for rows that are kept and blocks. */
const SCRATCH_BYTES = 1_000_000;

export function lowerGroup(site: GroupSite): KernelCall[] {
  const { program, ins, outs } = prune(site);
  const { shape, kept } = program;
  const isElementwise = !hasRows(program);
  if (sizeOf(isElementwise ? shape : shape.slice(0, kept)) === 0) return [];
  if (hasTotals(program)) return lowerTotals({ program, ins, outs, scratch: site.scratch });
  const work = inRuns({ program, ins, outs, layout: layoutOf(program), partials: 0 });
  const { segments } = program;
  const cut = segments
    ? packedCut(segments, work)
    : isElementwise
      ? elementwiseCut(work)
      : cutOf(work);
  if (isElementwise || cut.chunks === 1) return [callOf(work, cut)];
  return cutReduction(work, cut, site.scratch);
}

/** Pieces of tensors that lie in a pack. */
function packedCut(segments: readonly Segment[], { program }: GroupWork): Cut {
  const size = Math.max(CHUNK, Math.ceil(sizeOf(program.shape) / MAX_PIECES));
  const pieces = piecesOf(segments, size);
  return { size, chunks: pieces.length, pieces };
}

function elementwiseCut({ program, layout }: GroupWork): Cut {
  const rows = sizeOf(program.shape.slice(0, layout.kept));
  const count = sizeOf(program.shape.slice(layout.kept));
  const whole = { size: count, chunks: 1 };
  const size = blocksIn(layout) > 0 ? BLOCK / (layout.tile > 1 ? TILE_SHARE : 1) : CHUNK;
  if (size === CHUNK && rows >= MANY_ROWS) return whole;
  return count <= size ? whole : { size, chunks: Math.ceil(count / size) };
}

/** The same with a chunk for each run, where rows would be gathered otherwise. */
function inRuns(work: GroupWork): GroupWork {
  const { program, layout } = work;
  const gathers = hasRows(program) && layout.template === "rows" && blocksIn(layout) > 0;
  if (!gathers || !fitsRuns(program) || !isCuttable(work)) return work;
  return { ...work, layout: runsLayout(program) };
}

/** How a reduction is cut; one chunk where it is not. */
function cutOf(work: GroupWork): Cut {
  const { program, layout } = work;
  const { shape } = program;
  const { kept, template } = layout;
  const elements = shape.slice(kept);
  if (layout.isInRuns) return { size: elements[1] ?? 1, chunks: elements[0] ?? 1 };
  const items = sizeOf(shape.slice(0, kept));
  // What is cut: elements of a row; of columns their elements, or runs of them.
  const count = template === "rows" ? sizeOf(elements) : (elements[0] ?? 1);
  const whole = { size: count, chunks: 1 };
  if (!isCuttable(work)) return whole;
  const total = items * sizeOf(elements);
  const wanted =
    unitsOf(work) < FEW_UNITS && total > 4 * CHUNK && count > MAX_CHUNKS
      ? Math.min(MAX_CHUNKS, Math.ceil(total / CHUNK))
      : 1;
  const needed = Math.ceil(scratchBytes(work, count) / SCRATCH_BYTES);
  const chunks = Math.min(Math.max(wanted, needed), count);
  if (chunks <= 1) return whole;
  const even = Math.ceil(count / chunks);
  const size = template === "rows" ? Math.ceil(even / 16) * 16 : even;
  return { size, chunks: Math.ceil(count / size) };
}

/** One that reads nothing again behind its reductions. */
function isCuttable({ program, layout, ins, outs, partials }: GroupWork): boolean {
  if (stagesOf(program) > 1) return false;
  const { stores } = structureOf({ program, layout, ins, outs, partials });
  return stores.every(({ pass }) => pass <= 0);
}

function scratchBytes(work: GroupWork, elements: number): number {
  if (work.layout.template === "columns") return 0;
  return blocksIn(work.layout) * blockBytes(elements) + keptBytes(structureOf(work), elements);
}

function cutReduction(work: GroupWork, cut: Cut, scratch: GroupSite["scratch"]): KernelCall[] {
  const { program } = work;
  const kept = program.shape.slice(0, program.kept);
  const elements = program.shape.length - program.kept;
  const items = sizeOf(kept);
  const partials = new Map<Register, Region>();
  const made: { readonly store: Store; readonly out: Region }[] = program.stores.flatMap(
    (store, i) => {
      const out = work.outs[i];
      const isPerElement = work.layout.stores[i]?.isPerElement === true;
      return isPerElement && out !== undefined ? [{ store, out }] : [];
    },
  );
  program.instructions.forEach(({ kind, dtype }, register) => {
    if (kind !== "reduce") return;
    const out = scratch({ dtype, shape: [cut.chunks, items] });
    const strides = [...stridesOf(kept), ...Array.from({ length: elements }, () => 0)];
    partials.set(register, out);
    made.push({ store: { register, offset: 0, strides }, out });
  });
  const part = prune({
    program: { ...program, stores: made.map(({ store }) => store) },
    ins: work.ins,
    outs: made.map(({ out }) => out),
  });
  const finish = finishOf(work, cut.chunks, partials);
  return [
    callOf(
      {
        ...part,
        layout: layoutLike(work.layout, part.program),
        partials: partials.size,
      },
      cut,
    ),
    ...lowerGroup({ ...finish, scratch }),
  ];
}

/** Rows whose sums are f32, as in emit/columns.ts; where there are few, so many parts. */
const PART = 32;
const LEAST_PARTS = 8;
/** Elements of a row from which on adding up others costs little, and bytes of all sums that stay in L1. */
const LEAST_ELEMENTS = 16;
const TOTALS_BYTES = 16_384;

const hasTotals = ({ stores }: GroupProgram): boolean => stores.some(({ isTotal }) => isTotal);

/** Sums over rows: of the rows of each part first, then over the parts. */
function lowerTotals({ program, ins, outs, scratch }: GroupSite): KernelCall[] {
  const { shape, kept } = program;
  const rows = sizeOf(shape.slice(0, kept));
  const elements = sizeOf(shape.slice(kept));
  const partRows = Math.min(PART, Math.floor(rows / LEAST_PARTS));
  const parts = Math.ceil(rows / partRows);
  const all = program.stores.flatMap((store, i) => {
    const out = outs[i];
    return out === undefined ? [] : [{ store, out }];
  });
  const plain = all.filter(({ store }) => !store.isTotal);
  const totals = all
    .filter(({ store }) => store.isTotal)
    .map((total) => ({ ...total, partial: scratch({ dtype: "f32", shape: [parts, elements] }) }));
  const own = { ...program, stores: [...plain, ...totals].map(({ store }) => store) };
  const work: GroupWork = {
    program: own,
    layout: layoutOf(own),
    ins,
    outs: [...plain.map(({ out }) => out), ...totals.map(({ partial }) => partial)],
    partials: 0,
    partRows,
  };
  const reads = totals.map(
    (_, input): GroupInstruction => ({ kind: "input", input, dtype: "f32" }),
  );
  const sums = totals.map(
    (_, x): GroupInstruction => ({ kind: "reduce", combine: "sum", x, dtype: "f32" }),
  );
  const finish = {
    shape: [elements, parts],
    kept: 1,
    inputs: totals.map(() => ({ offset: 0, strides: [1, elements] })),
    indices: [],
    instructions: [...reads, ...sums],
    stores: totals.map(({ store: { offset } }, i) => ({
      offset,
      strides: [1, 0],
      register: reads.length + i,
    })),
  };
  return [
    callOf(work, { size: elements, chunks: 1 }),
    ...lowerGroup({
      program: finish,
      ins: totals.map(({ partial }) => partial),
      outs: totals.map(({ out }) => out),
      scratch,
    }),
  ];
}

/** Whether sums over rows are made on the way, where the rows are walked one by one. */
function takesTotals(work: GroupWork): boolean {
  const { program, layout } = work;
  const rows = sizeOf(program.shape.slice(0, program.kept));
  const elements = sizeOf(program.shape.slice(program.kept));
  const totals = program.stores.filter(({ isTotal }) => isTotal).length;
  return (
    program.segments === undefined &&
    layout.template === "rows" &&
    blocksIn(layout) === 0 &&
    rows >= PART &&
    elements >= LEAST_ELEMENTS &&
    4 * elements * totals <= TOTALS_BYTES &&
    scratchBytes(work, elements) <= SCRATCH_BYTES
  );
}

/** Fewer units than this, over more elements in all, are not walked again and again by whoever has them. */
const LEAST_UNITS = 8;
const LARGE = 131_072;

/**
 * What reads its elements again behind their reduction is not cut. Few items of many elements are cut instead of being
 * taken: other threads would have nothing to do, and all of it comes from memory in each pass either way.
 */
export function takesGroup(program: GroupProgram): boolean {
  const own: GroupWork = { program, layout: layoutOf(program), ins: [], outs: [], partials: 0 };
  if (hasTotals(program)) return takesTotals(own);
  if (isCuttable(own)) return true;
  if (unitsOf(own) < LEAST_UNITS && sizeOf(program.shape) > LARGE) return false;
  return scratchBytes(own, sizeOf(program.shape.slice(program.kept))) <= SCRATCH_BYTES;
}

/** Rows, or groups of columns: what a thread has one of at a time. */
function unitsOf({ program, layout }: GroupWork): number {
  const items = sizeOf(program.shape.slice(0, program.kept));
  const width = program.shape[program.kept - 1] ?? 1;
  return layout.template === "rows" ? items : (items / width) * Math.ceil(width / GROUP);
}
