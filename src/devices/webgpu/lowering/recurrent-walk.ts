/** The calls that walk a recurrent cell (shaders/recurrent) through a sequence, in each mode. */
import type { Extent } from "../../../ops/tapes.ts";
import type { KernelCall, Operand } from "../../../scheduler/lowering.ts";
import { threadGrid } from "./grid.ts";
import { type Direction, type RecurrentMode, SPLIT } from "./recurrent-mode.ts";

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
  readonly tile: StepTile;
  readonly layers: number;
  /** Each is a step behind the one that it depends on. */
  readonly isStacked: boolean;
  /** Where the tensors of each layer begin: its words, and how many of a layer are slots. */
  readonly table: readonly number[];
  readonly slots: number;
}

/** The units of a workgroup that computes one step: `across` invocations, with `each` of them. 16 across forwards. */
export interface StepTile {
  readonly across: 8 | 16;
  readonly each: 1 | 2 | 4;
}

/** Rows of a workgroup that computes one step, and the columns of its sums that it stages at a time forwards. */
const STEP_ROWS = 32;
const STEP_DEPTH = 16;
/** Values of MODE. */
const MODES = { step: 0, steps: 1, softwareSteps: 2, apart: 3 } as const;
/** Invocations of a workgroup where each walks alone. */
const THREADS = 64;

export function walkCell(cell: Cell, direction: Direction, mode: RecurrentMode): KernelCall[] {
  const { kernel, operands, extent, tile, layers, isStacked, table, slots, products } = cell;
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
  const columns = Math.ceil(units / (tile.across * tile.each));
  const grid = [columns, Math.ceil(batch / STEP_ROWS), layers] as const;
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
  { extent: { units }, tile }: Cell,
  direction: Direction,
): Readonly<Record<string, number>> {
  switch (mode.kind) {
    case "step":
      if (direction === "forward") return { EACH: tile.each, UNROLL: STEP_DEPTH };
      return { EACH: tile.each, ACROSS: tile.across, DEPTH: tile.across, UNROLL: tile.across };
    case "softwareSteps": {
      const { rows, unitsEach } = mode;
      const unroll = unrolled(units, rows * unitsEach >= 8 ? 1 : 4);
      return { UNITS: units, ROWS: rows, EACH: unitsEach, UNROLL: unroll };
    }
    case "steps": {
      const own = { UNITS: units, ROWS: mode.rows };
      // Eight vectors of weights under way at a time hide what a few subgroups cannot.
      if (direction === "forward") return { ...own, UNROLL: unrolled(units, 8) };
      const padded = Math.ceil(units / SPLIT) * SPLIT;
      return { ...own, SPLIT, PADDED: padded, UNROLL: unrolled(padded / SPLIT, 2) };
    }
    case "apart":
      return { THREADS };
    default:
      return mode satisfies never;
  }
}

/** The largest power of two up to `most` that divides `length`. */
function unrolled(length: number, most: 1 | 2 | 4 | 8): number {
  return [8, 4, 2].find((steps) => steps <= most && length % steps === 0) ?? 1;
}
