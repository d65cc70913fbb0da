/**
 * Recurrent layers over whole sequences. A kernel is a cell (shaders/recurrent) in one of the walks of shaders/lib;
 * recurrent-mode.ts chooses the walk.
 *
 * With `flow` a backward walk gets copies of the gradients from outside and overwrites them with the whole ones: so
 * lstmGrad and gruGrad bind 8 buffers even with all that they may have, as many as every WebGPU offers.
 */

import type { RecurrentOp } from "../../../ops/recurrent.ts";
import { extentOf } from "../../../ops/tapes.ts";
import type { KernelCall, Operand, Region, Site } from "../../../scheduler/lowering.ts";
import type { Lowerings, WebgpuTarget } from "../target.ts";
import { lowerCopy } from "./movement.ts";
import { read, readWrite } from "./operand.ts";
import { type ChooseRecurrentMode, chooseRecurrentMode, type Direction } from "./recurrent-mode.ts";
import { type Cell, walkCell } from "./recurrent-walk.ts";

export function recurrentLowerings(
  target: WebgpuTarget,
  choose: ChooseRecurrentMode = chooseRecurrentMode,
): Lowerings<RecurrentOp> {
  const walk = (cell: Cell & { lengths: Region | undefined }, direction: Direction): KernelCall[] =>
    walkCell(
      {
        ...cell,
        constants: { HOLDS: 1, ...cell.constants, LENGTHS: Number(cell.lengths !== undefined) },
        operands: cell.lengths ? [...cell.operands, read(cell.lengths)] : cell.operands,
      },
      direction,
      choose(target, cell.extent, direction, cell.sums),
    );
  return {
    rnn: (site) => walk(rnnCell(site), "forward"),
    rnnGrad: (site) => [...copyOutside(site), ...walk(rnnGradCell(site), "backward")],
    lstm: (site) => walk(lstmCell(site), "forward"),
    lstmGrad: (site) => [...copyOutside(site), ...walk(lstmGradCell(site), "backward")],
    gru: (site) => walk(gruCell(site), "forward"),
    gruGrad: (site) => [...copyOutside(site), ...walk(gruGradCell(site), "backward")],
  };
}

function rnnCell({ ins, outs, attrs }: Site<"rnn">): Cell & { lengths: Region | undefined } {
  return {
    kernel: "recurrent/rnn",
    sums: 1,
    constants: { RELU: Number(attrs.activation === "relu") },
    operands: [...[ins.projected, ins.recurrent, ins.h0].map(read), readWrite(outs.states)],
    ...walkOf(ins.projected, ins, attrs),
    tile: { across: 16, each: 4 },
  };
}

function rnnGradCell({
  ins,
  outs,
  attrs,
}: Site<"rnnGrad">): Cell & { lengths: Region | undefined } {
  return {
    kernel: "recurrent/rnn_grad",
    sums: 1,
    constants: {
      RELU: Number(attrs.activation === "relu"),
      FLOW: Number(attrs.flow),
      CARRIES: Number(ins.lengths !== undefined),
    },
    operands: [
      readWrite(outs.gProjected),
      ...[ins.recurrent, ins.states].map(read),
      given(ins.gY, outs.gH),
      readWrite(outs.gH0),
    ],
    ...walkOf(ins.gY, ins, attrs),
    tile: { across: 16, each: 4 },
  };
}

function lstmCell({ ins, outs, attrs }: Site<"lstm">): Cell & { lengths: Region | undefined } {
  return {
    kernel: "recurrent/lstm",
    sums: 4,
    constants: {},
    operands: [
      readWrite(outs.gates),
      ...[ins.recurrent, ins.h0, ins.c0].map(read),
      ...[outs.states, outs.cells].map(readWrite),
    ],
    ...walkOf(ins.projected, ins, attrs),
    tile: { across: 16, each: 1 },
  };
}

function lstmGradCell({
  ins,
  outs,
  attrs,
}: Site<"lstmGrad">): Cell & { lengths: Region | undefined } {
  const cells = ins.gCells ?? outs.gC;
  return {
    kernel: "recurrent/lstm_grad",
    sums: 1,
    constants: {
      FLOW: Number(attrs.flow),
      OUTSIDE: Number(ins.gCells !== undefined),
      CARRIES: Number(ins.lengths !== undefined),
    },
    operands: [
      readWrite(outs.gProjected),
      ...[ins.recurrent, ins.cells].map(read),
      given(ins.gY, outs.gH),
      ...(cells === undefined ? [] : [given(cells, outs.gC)]),
      ...[outs.gH0, outs.gC0].map(readWrite),
    ],
    ...walkOf(ins.gates, ins, attrs),
    tile: { across: 8, each: 2 },
  };
}

function gruCell({ ins, outs, attrs }: Site<"gru">): Cell & { lengths: Region | undefined } {
  return {
    kernel: "recurrent/gru",
    sums: 3,
    constants: {},
    operands: [
      readWrite(outs.gates),
      ...[ins.projected, ins.recurrent, ins.bias, ins.h0].map(read),
      readWrite(outs.states),
    ],
    ...walkOf(ins.projected, ins, attrs),
    tile: { across: 16, each: 1 },
  };
}

function gruGradCell({
  ins,
  outs,
  attrs,
}: Site<"gruGrad">): Cell & { lengths: Region | undefined } {
  return {
    kernel: "recurrent/gru_grad",
    sums: 1,
    constants: { FLOW: Number(attrs.flow), CARRIES: 1 },
    operands: [
      ...[ins.gates, ins.recurrent, ins.states].map(read),
      given(ins.gY, outs.gH),
      ...[outs.gProjected, outs.gSums, outs.gH0].map(readWrite),
    ],
    ...walkOf(ins.gates, ins, attrs),
    tile: { across: 8, each: 2 },
  };
}

/** `steps` is [T, B, U, ...]. */
function walkOf(
  steps: Region,
  { lengths }: { readonly lengths: Region | undefined },
  { reverse }: { readonly reverse: boolean },
): Pick<Cell, "extent" | "reverse" | "layers" | "isStacked" | "table" | "slots"> & {
  readonly lengths: Region | undefined;
} {
  const one = { layers: 1, isStacked: false, table: [], slots: 0 };
  return { extent: extentOf(steps.type.shape), reverse: Number(reverse), lengths, ...one };
}

/** Where a backward walk finds the gradient from outside, and leaves the whole one if that is asked for. */
function given(outside: Region, whole: Region | undefined): Operand {
  return whole === undefined ? read(outside) : readWrite(whole);
}

function copyOutside({
  ins,
  outs,
}: {
  readonly ins: { readonly gY: Region; readonly gCells?: Region | undefined };
  readonly outs: { readonly gH: Region | undefined; readonly gC?: Region | undefined };
}): KernelCall[] {
  const copy = (outside: Region | undefined, whole: Region | undefined) =>
    outside && whole ? lowerCopy(outside, whole) : [];
  return [...copy(ins.gY, outs.gH), ...copy(ins.gCells, outs.gC)];
}
