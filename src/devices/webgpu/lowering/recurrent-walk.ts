/** The dispatches that walk a recurrent cell (shaders/recurrent) through a sequence, and their constants, in each mode. */
import type { Extent } from "../../../ops/tapes.ts";
import type { KernelCall } from "../../../scheduler/lowering.ts";
import { threadGrid } from "./grid.ts";
import type { Direction, RecurrentMode, StepMode, StepsMode } from "./recurrent-mode.ts";

/** What is walked: layers at once, each a step behind the one that it depends on where they are stacked. */
export interface Walk {
  readonly extent: Extent;
  readonly layers: number;
  readonly isStacked: boolean;
  /** Products of a step: 0, 1 or 2. */
  readonly products: number;
}

export interface Dispatch {
  readonly grid: KernelCall["grid"];
  /** Steps walked before it. */
  readonly walked: number;
  /** Which of a step's products it makes, where it makes one. */
  readonly product: number;
}

/** Rows of an invocation that computes one step. */
const STEP_ROWS = 4;
/** Values of MODE. */
const MODES = { step: 0, steps: 1, softwareSteps: 2, apart: 3 } as const;
/** Invocations of a workgroup where each walks alone. */
const THREADS = 64;

export function dispatchesOf(
  { extent: { steps, batch, units }, layers, isStacked, products }: Walk,
  direction: Direction,
  mode: RecurrentMode,
): Dispatch[] {
  if (batch * units === 0) return [];
  if (mode.kind !== "step") {
    const [x, y] =
      mode.kind === "apart"
        ? threadGrid(batch * units, THREADS)
        : [Math.ceil(batch / mode.rows), 1];
    return [{ grid: [x, y, layers], walked: 0, product: 0 }];
  }
  const columns = Math.ceil(units / (mode.across * mode.each));
  const grid = [columns, Math.ceil(batch / (STEP_ROWS * mode.groups)), layers] as const;
  const each = Array.from({ length: products }, (_, product) => product);
  const last = steps + (isStacked ? layers - 1 : 0);
  // Backwards, one dispatch more: the last one sends the gradient on to the initial state.
  const all = Array.from({ length: direction === "forward" ? last : last + 1 }, (_, i) => i);
  return all.flatMap((done) => {
    const walked = direction === "forward" ? done : last - done;
    return (done < last ? each : [0]).map((product) => ({ grid, walked, product }));
  });
}

export function modeConstants(
  mode: RecurrentMode,
  { units }: Extent,
  direction: Direction,
): Readonly<Record<string, number>> {
  const MODE = MODES[mode.kind];
  switch (mode.kind) {
    case "step":
      return { MODE, ...stepConstants(mode, units, direction) };
    case "softwareSteps": {
      const { rows, unitsEach } = mode;
      const unroll = unrolled(units, rows * unitsEach >= 8 ? 1 : 4);
      return { MODE, UNITS: units, ROWS: rows, EACH: unitsEach, UNROLL: unroll };
    }
    case "steps":
      return { MODE, ...stepsConstants(mode, units) };
    case "apart":
      return { MODE, THREADS };
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
