/** The calls that walk a recurrent cell (shaders/recurrent) through a sequence, in each mode. */
import type { Extent } from "../../../ops/tapes.ts";
import type { KernelCall, Operand } from "../../../scheduler/lowering.ts";
import { threadGrid } from "./grid.ts";
import type { Direction, RecurrentMode, StepMode, StepsMode } from "./recurrent-mode.ts";

/** A cell's kernel with its operands, for one sequence. */
export interface Cell {
  readonly kernel: string;
  /** Products of a step: 0, 1 or 2. */
  readonly products: number;
  readonly constants: KernelCall["constants"];
  readonly operands: readonly Operand[];
  readonly extent: Extent;
  /** 1 where the walk is in reverse; a bit for each of the layers that are walked together. */
  readonly reverse: number;
  readonly layers: number;
  /** Each is a step behind the one that it depends on. */
  readonly isStacked: boolean;
  /** Where the tensors of each layer begin: its words, and how many of a layer are slots. */
  readonly table: readonly number[];
  readonly slots: number;
}

/** Rows of an invocation that computes one step. */
const STEP_ROWS = 4;
/** Values of MODE. */
const MODES = { step: 0, steps: 1, softwareSteps: 2, apart: 3 } as const;
/** Invocations of a workgroup where each walks alone. */
const THREADS = 64;

export function walkCell(cell: Cell, direction: Direction, mode: RecurrentMode): KernelCall[] {
  const { kernel, operands, extent, layers, isStacked, table, slots, products } = cell;
  const { steps, batch, units } = extent;
  if (batch * units === 0) return [];
  const constants = {
    ...cell.constants,
    MODE: MODES[mode.kind],
    LAYERS: layers,
    STACKED: Number(isStacked),
    SLOTS: slots,
    PRODUCTS: products,
    ...constantsOf(mode, cell, direction),
  };
  const call = (walked: number, grid: KernelCall["grid"], product = 0): KernelCall => ({
    kernel,
    constants: mode.kind === "step" ? { ...constants, PRODUCT: product } : constants,
    operands,
    // The table is an array of vec4s, aligned to 16 bytes.
    words: [
      steps,
      batch,
      units,
      cell.reverse,
      walked,
      ...(table.length > 0 ? [0, 0, 0, ...table] : []),
    ],
    grid,
  });
  if (mode.kind === "apart") {
    const [x, y] = threadGrid(batch * units, THREADS);
    return [call(0, [x, y, layers])];
  }
  if (mode.kind !== "step") return [call(0, [Math.ceil(batch / mode.rows), 1, layers])];
  const columns = Math.ceil(units / (mode.across * mode.each));
  const grid = [columns, Math.ceil(batch / (STEP_ROWS * mode.groups)), layers] as const;
  const last = steps + (isStacked ? layers - 1 : 0);
  // Backwards, one dispatch more: the last one sends the gradient on to the initial state.
  const each = Array.from({ length: products }, (_, product) => product);
  if (direction === "forward")
    return Array.from({ length: last }, (_, walked) =>
      each.map((p) => call(walked, grid, p)),
    ).flat();
  return Array.from({ length: last + 1 }, (_, done) => {
    const own = done < last ? each : [0];
    return own.map((p) => call(last - done, grid, p));
  }).flat();
}

function constantsOf(
  mode: RecurrentMode,
  { extent: { units } }: Cell,
  direction: Direction,
): Readonly<Record<string, number>> {
  switch (mode.kind) {
    case "step":
      return stepConstants(mode, units, direction);
    case "softwareSteps": {
      const { rows, unitsEach } = mode;
      const unroll = unrolled(units, rows * unitsEach >= 8 ? 1 : 4);
      return { UNITS: units, ROWS: rows, EACH: unitsEach, UNROLL: unroll };
    }
    case "steps":
      return stepsConstants(mode, units);
    case "apart":
      return { THREADS };
    default:
      return mode satisfies never;
  }
}

function stepConstants(
  { across, each, groups, slices, depth, unroll }: StepMode,
  units: number,
  direction: Direction,
): Readonly<Record<string, number>> {
  const threads = across * groups * slices;
  // Forwards the rows of an invocation are staged as one vector.
  const staged = groups * depth * (direction === "forward" ? 1 : STEP_ROWS);
  return {
    ACROSS: across,
    EACH: each,
    GROUPS: groups,
    SLICES: slices,
    DEPTH: depth,
    UNROLL: divisor(depth / slices, unroll),
    RAGGED: Number(units % depth > 0),
    STAGED: Math.ceil(staged / threads),
    CELLS: Math.ceil((STEP_ROWS * each) / slices),
  };
}

function stepsConstants(
  { rows, slices, each, kept, held, unroll }: StepsMode,
  units: number,
): Readonly<Record<string, number>> {
  const length = Math.ceil(units / slices);
  return {
    UNITS: units,
    ROWS: rows,
    SLICES: slices,
    EACH: each,
    LENGTH: length,
    KEPT: kept,
    HELD: held,
    UNROLL: divisor(length - kept - held, unroll),
  };
}

/** The largest power of two up to `most` that divides `length`. */
function unrolled(length: number, most: 1 | 4): number {
  return [4, 2].find((steps) => steps <= most && length % steps === 0) ?? 1;
}

/** The largest number up to `most` that divides `length`. */
function divisor(length: number, most: number): number {
  const all = Array.from({ length: most }, (_, i) => most - i);
  return all.find((steps) => length % steps === 0) ?? 1;
}
