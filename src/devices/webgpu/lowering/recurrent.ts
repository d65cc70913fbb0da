/**
 * Recurrent layers over whole sequences. A kernel is a cell (shaders/recurrent) in one of the walks of shaders/lib;
 * recurrent-mode.ts chooses the walk.
 *
 * With `flow` a backward walk gets copies of the gradients from outside and overwrites them with the whole ones: so
 * lstmGrad binds 8 buffers even with all that it may have, as many as every WebGPU offers.
 */
import { extentOf } from "../../../ops/recurrence.ts";
import type { RecurrentOp } from "../../../ops/recurrent.ts";
import type { KernelCall, Region, Site } from "../../../scheduler/lowering.ts";
import type { Lowerings, WebgpuTarget } from "../target.ts";
import { lowerCopy } from "./movement.ts";
import { read, readWrite } from "./operand.ts";
import { type ChooseRecurrentMode, chooseRecurrentMode, type Direction } from "./recurrent-mode.ts";
import { type Cell, walkCell } from "./recurrent-walk.ts";

export function recurrentLowerings(
  target: WebgpuTarget,
  choose: ChooseRecurrentMode = chooseRecurrentMode,
): Lowerings<RecurrentOp> {
  const walk = (cell: Cell, direction: Direction): KernelCall[] =>
    walkCell(cell, direction, choose(target, cell.extent, direction));
  return {
    lstm: (site) => walk(lstmCell(site), "forward"),
    lstmGrad: (site) => [...lstmFlow(site), ...walk(lstmGradCell(site), "backward")],
    rnn: { fallback: "no kernel yet" },
    rnnGrad: { fallback: "no kernel yet" },
    gru: { fallback: "no kernel yet" },
    gruGrad: { fallback: "no kernel yet" },
  };
}

function lstmCell({ ins, outs, attrs: { reverse } }: Site<"lstm">): Cell {
  return {
    kernel: "recurrent/lstm",
    constants: {},
    operands: [
      readWrite(outs.gates),
      ...[ins.recurrent, ins.h0, ins.c0].map(read),
      ...[outs.states, outs.cells].map(readWrite),
    ],
    lengths: ins.lengths,
    extent: extentOf(ins.projected.type.shape),
    reverse,
    tile: { across: 16, each: 1 },
  };
}

function lstmGradCell({ ins, outs, attrs: { reverse } }: Site<"lstmGrad">): Cell {
  const { gH, gC } = outs;
  const outside = ins.gCells === undefined ? [] : [read(ins.gCells)];
  return {
    kernel: "recurrent/lstm_grad",
    constants: {
      FLOW: Number(gH !== undefined),
      OUTSIDE: Number(ins.gCells !== undefined),
      CARRIES: Number(ins.lengths !== undefined),
    },
    operands: [
      readWrite(outs.gProjected),
      ...[ins.recurrent, ins.cells].map(read),
      ...(gH && gC ? [readWrite(gH), readWrite(gC)] : [read(ins.gY), ...outside]),
      ...[outs.gH0, outs.gC0].map(readWrite),
    ],
    lengths: ins.lengths,
    extent: extentOf(ins.gates.type.shape),
    reverse,
    tile: { across: 8, each: 2 },
  };
}

function lstmFlow({ ins: { gY, gCells }, outs: { gH, gC } }: Site<"lstmGrad">): KernelCall[] {
  return [...copyFlow(gY, gH), ...copyFlow(gCells, gC)];
}

function copyFlow(outside: Region | undefined, whole: Region | undefined): readonly KernelCall[] {
  return outside && whole ? lowerCopy(outside, whole) : [];
}
