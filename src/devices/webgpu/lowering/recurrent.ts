/**
 * LSTM over whole sequences, in two modes. Mode B runs all steps in one dispatch: a workgroup owns a few rows of the
 * batch and all units, so that nothing has to wait for another workgroup, and the number of dispatches does not grow
 * with T. It needs U invocations and the gates of a row in workgroup memory, so large U take mode A, a dispatch a step.
 */
import type { KernelCall, Site } from "../../../scheduler/lowering.ts";
import type { Lowerings, WebgpuTarget } from "../target.ts";
import { threadGrid } from "./grid.ts";
import { read, readWrite, write } from "./operand.ts";

/** How the steps of a sequence are dispatched. */
export type RecurrentMode =
  | { readonly kind: "steps"; readonly rows: 1 | 2 | 4 | 8; readonly unitsEach: number }
  | { readonly kind: "step" };

export interface Sequence {
  readonly steps: number;
  readonly batch: number;
  readonly units: number;
}

/** The mode for a sequence and its direction; tests hand in their own to reach every one. */
export type ChooseRecurrentMode = (
  target: WebgpuTarget,
  sequence: Sequence,
  direction: "forward" | "backward",
) => RecurrentMode;

export function recurrentLowerings(
  target: WebgpuTarget,
  choose: ChooseRecurrentMode = chooseRecurrentMode,
): Lowerings<"lstm" | "lstmGrad"> {
  return {
    lstm: (site) =>
      lowerForward(site, choose(target, sequenceOf(site.ins.projected), "forward"), target),
    lstmGrad: (site) =>
      lowerBackward(site, choose(target, sequenceOf(site.ins.gates), "backward"), target),
  };
}

function sequenceOf({ type }: { readonly type: { readonly shape: readonly number[] } }): Sequence {
  const [steps = 0, batch = 0, units = 0] = type.shape;
  return { steps, batch, units };
}

/** Above this many units the weights of all steps cost a GPU more than the dispatches that are saved. */
const MOST_UNITS = 256;

export function chooseRecurrentMode(
  { isSoftware, limits }: WebgpuTarget,
  { batch, units }: Sequence,
  direction: "forward" | "backward",
): RecurrentMode {
  // A software adapter pays for loads, not for idle lanes: many rows and units an invocation.
  const unitsEach = isSoftware ? ([4, 2].find((each) => units % each === 0) ?? 1) : 1;
  const fits = units / unitsEach <= limits.maxComputeInvocationsPerWorkgroup;
  if (!fits || (units > MOST_UNITS && !isSoftware)) return { kind: "step" };
  if (isSoftware) {
    const rows = ([8, 4, 2] as const).find((count) => count <= Math.ceil(batch / 2));
    return { kind: "steps", rows: rows ?? 1, unitsEach };
  }
  const bytesOfRow = 2 * units * (direction === "forward" ? 4 : 16);
  const most = limits.maxComputeWorkgroupStorageSize / bytesOfRow;
  // Few rows a workgroup mean more workgroups for small batches.
  const wanted = Math.ceil(batch / 64);
  const rows = ([4, 2] as const).find((count) => count <= most && count <= wanted);
  return { kind: "steps", rows: rows ?? 1, unitsEach };
}

function lowerForward(
  { ins, outs }: Site<"lstm">,
  mode: RecurrentMode,
  target: WebgpuTarget,
): KernelCall[] {
  const { steps, batch, units } = sequenceOf(ins.projected);
  if (batch * units === 0) return [];
  const operands = [
    readWrite(outs.gates),
    ...[ins.recurrent, ins.h0, ins.c0].map(read),
    ...[outs.y, outs.cells].map(write),
  ];
  if (mode.kind === "steps") {
    const constants = stepsConstants(units, mode, target);
    const grid = [Math.ceil(batch / mode.rows), 1, 1] as const;
    return [{ kernel: "recurrent/lstm_steps", constants, operands, words: [steps, batch], grid }];
  }
  const states = [readWrite(outs.y), readWrite(outs.cells)];
  return Array.from({ length: steps }, (_, step) => ({
    kernel: "recurrent/lstm_step",
    constants: {},
    operands: [...operands.slice(0, 4), ...states],
    words: [step, batch, units],
    grid: stepGrid(batch, units),
  }));
}

function lowerBackward(
  { ins, outs, scratch }: Site<"lstmGrad">,
  mode: RecurrentMode,
  target: WebgpuTarget,
): KernelCall[] {
  const { steps, batch, units } = sequenceOf(ins.gates);
  if (batch * units === 0) return [];
  const reads = [ins.c0, ins.cells, ins.gY, ...(ins.gCells === undefined ? [] : [ins.gCells])];
  const hasCells = { HAS_CELLS: Number(ins.gCells !== undefined) };
  if (mode.kind === "step") {
    // One dispatch more than there are steps: the last one sends the gradient on to h0.
    return Array.from({ length: steps + 1 }, (_, done) => ({
      kernel: "recurrent/lstm_grad_step",
      constants: hasCells,
      operands: [
        readWrite(outs.gProjected),
        ...[ins.recurrent, ...reads].map(read),
        write(outs.gH0),
        readWrite(outs.gC0),
      ],
      words: [steps - done, steps, batch, units],
      grid: stepGrid(batch, units),
    }));
  }
  // A GPU wants neighbouring invocations to read neighbouring weights; a software adapter does not care.
  const isTransposed = !target.isSoftware;
  const weights = isTransposed ? scratch(ins.recurrent.type) : ins.recurrent;
  const call: KernelCall = {
    kernel: "recurrent/lstm_grad_steps",
    constants: {
      ...stepsConstants(units, mode, target),
      TRANSPOSED: Number(isTransposed),
      ...hasCells,
    },
    operands: [
      readWrite(outs.gProjected),
      ...[weights, ...reads].map(read),
      ...[outs.gH0, outs.gC0].map(write),
    ],
    words: [steps, batch],
    grid: [Math.ceil(batch / mode.rows), 1, 1],
  };
  if (!isTransposed) return [call];
  const transpose: KernelCall = {
    kernel: "recurrent/transpose",
    constants: {},
    operands: [read(ins.recurrent), write(weights)],
    words: [units],
    grid: threadGrid(units * units, 64),
  };
  return [transpose, call];
}

function stepsConstants(
  units: number,
  { rows, unitsEach }: Extract<RecurrentMode, { kind: "steps" }>,
  { isSoftware }: WebgpuTarget,
): Record<string, number> {
  // As many loads under way at a time as make about a hundred FMAs.
  const wanted = rows * unitsEach >= 8 ? 1 : 4;
  const unroll = units % wanted === 0 ? wanted : 1;
  // Many cells an invocation would be many copies of the gates' code.
  const isLoop = Number(isSoftware || rows * unitsEach > 4);
  return { UNITS: units, ROWS: rows, UT: unitsEach, UNROLL: unroll, LOOP: isLoop };
}

/** Blocks of 16 units and 32 rows. */
function stepGrid(batch: number, units: number): [number, number, number] {
  return [Math.ceil(units / 16), Math.ceil(batch / 32), 1];
}
