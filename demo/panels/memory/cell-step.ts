/** One step of a column's cell in the verbs of the library, with the weights of a layer: what its kernels compute at once. */
import {
  add,
  type Cell,
  type CellMath,
  matmul,
  mul,
  type nn,
  relu,
  reshape,
  sigmoid,
  slice,
  sub,
  type Tensor,
  tanh,
} from "gradgpu";
import type { Column } from "./columns.ts";
import { runLines } from "./own/cell.ts";

export type States = Readonly<Record<string, Tensor>>;

export interface Stepped {
  readonly states: States;
  /** What the cell adds up for its gates; what an own cell names on its way is its own matter. */
  readonly sums: States;
}

/**
 * x [B, inputs] and states [B, units] → the states behind the step, with `added` to them. An own cell's lines see it in c
 * where they go on from c; of an lstm's only the next step does, so that what it adds to c is told from what h reads of it.
 */
export type CellStep = (x: Tensor, before: States, added: States) => Stepped;

export function stepOf(column: Column, layer: nn.Module): CellStep {
  const weights = Object.fromEntries(
    Object.entries(layer.own).map(([name, { variable }]) => [name, variable]),
  );
  if (column.name !== "own") return stepOfCell(column.cell, weights);
  const { cell } = column;
  return (x, before, added) => ({
    states: runLines(cell, { ...weights, ...before, x }, added),
    sums: {},
  });
}

/** The cells of the columns are written with these. */
const math = { add, sub, mul, sigmoid, tanh, relu } as unknown as CellMath;

function stepOfCell(cell: Cell, weights: States): CellStep {
  const { weight_ih_l0: input, weight_hh_l0: recurrent, bias_l0: bias } = weights;
  if (input === undefined || recurrent === undefined || bias === undefined)
    throw new Error(`A layer of ${cell.name} has weights of one layer.`);
  const vectors = Object.fromEntries(
    cell.vectors.map((name) => [name, weights[`${snake(name)}_l0`]]),
  );
  return (x, before, added) => {
    const projected = add(matmul(x, flat(input)), reshape(bias, [bias.size]));
    const inputs = columnsOf(projected, cell.inputs);
    const sums = columnsOf(matmul(before.h as Tensor, flat(recurrent)), cell.sums);
    // A sum of an input's name goes on from that input.
    const joined = Object.fromEntries(
      cell.sums.map((name) => {
        const [own, sum] = [inputs[name], sums[name] as Tensor];
        return [name, own === undefined ? sum : add(own, sum)];
      }),
    );
    const known = { ...inputs, ...joined };
    const behind: Readonly<Record<string, unknown>> = cell.step(
      math,
      known as never,
      before as never,
      vectors as never,
    );
    const states = cell.states.map((name) => [
      name,
      add(behind[name] as Tensor, added[name] as Tensor),
    ]);
    return { states: Object.fromEntries(states), sums: known };
  };
}

/** [rows, units, gates] → [rows, units · gates] */
function flat(weight: Tensor): Tensor {
  const [rows = 0] = weight.shape;
  return reshape(weight, [rows, weight.size / rows]);
}

/** Of [B, units · names], gates innermost, those of each name: [B, units]. */
function columnsOf(all: Tensor, names: readonly string[]): States {
  const [count = 0, width = 0] = all.shape;
  const units = width / names.length;
  const apart = reshape(all, [count, units, names.length]);
  return Object.fromEntries(
    names.map((name, g) => [
      name,
      reshape(slice(apart, [0, 0, g], [count, units, 1]), [count, units]),
    ]),
  );
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
