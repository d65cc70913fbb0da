import { type Cell, drawUniform, type Key, nn } from "gradgpu";
import type { Task } from "./tasks/task.ts";

export const CELLS = ["rnn", "gru", "lstm"] as const;
type BuiltIn = (typeof CELLS)[number];

export function isBuiltIn(name: string): name is BuiltIn {
  return (CELLS as readonly string[]).includes(name);
}

/** A cell of the user's own, and how biases start for units that remember so many steps; a layer's own start without. */
export interface OwnCell {
  readonly cell: Cell;
  readonly bias?: (memory: number) => nn.initialise.Initialiser;
}

export type Measured = BuiltIn | OwnCell;

/** What rows and curves of a cell are called in the results. */
export function nameOf(measured: Measured): string {
  return typeof measured === "string" ? measured : measured.cell.name;
}

export interface ModelOptions {
  readonly cell: Measured;
  readonly hidden: number;
  /** How the gates' biases start: see `remembering`. The layer's own start where nothing is said. */
  readonly bias?: nn.initialise.Initialiser | undefined;
  /** How the recurrent layer's weights start; its own start where nothing is said. */
  readonly weights?: nn.initialise.Initialiser;
  readonly seed: number;
  readonly checkpoint?: boolean;
}

/** What `task` gives, a recurrent layer, and a linear one on its last hidden state: [T, B, …] → [B, outputs]. */
export function memoryModel(task: Task, options: ModelOptions): nn.Module {
  const { cell, hidden, bias, weights, seed, checkpoint = false } = options;
  const layer = {
    seed,
    checkpoint,
    ...(bias && { initialiseBias: bias }),
    ...(weights && { initialise: weights }),
  };
  const recurrent =
    typeof cell === "string"
      ? nn[cell](task.features, hidden, layer)
      : nn.recurrent(cell.cell, task.features, hidden, layer);
  return answering(task, recurrent, hidden, seed);
}

/** The same around any recurrent layer, [T, B, features] → [T, B, hidden]. */
export function answering(
  task: Task,
  recurrent: nn.Module,
  hidden: number,
  seed: number,
): nn.Module {
  return nn.sequential(
    ...task.embed(seed + 1),
    recurrent,
    ...(task.isAskedThroughout ? [] : [nn.lastStep()]),
    nn.linear(hidden, task.outputs, { seed: seed + 2 }),
  );
}

/**
 * Biases with which units forget over 1 … `memory` steps: log u, u ~ U(1, memory), for the gate that keeps the state
 * (forget gate of an lstm, update gate of a gru), its opposite for an lstm's input gate, and 0 for all else. A tanh rnn
 * has no such gate and starts as it is. Gers et al. 2000 (open at all); Tallec & Ollivier 2018, section 3 (how far).
 */
export function remembering(cell: Measured, memory: number): nn.initialise.Initialiser | undefined {
  if (typeof cell !== "string") return cell.bias?.(memory);
  if (cell === "rnn") return undefined;
  return (shape, _, key: Key) => {
    const [units = 0, gates = 0] = shape;
    // What a gru adds to its candidate, [H], has no gates beside it.
    if (gates === 0) return new Float32Array(units);
    const biases = new Float32Array(units * gates);
    drawUniform(key, 0, units).forEach((u, unit) => {
      const open = Math.log(1 + u * (memory - 1));
      biases[unit * gates + 1] = open;
      // A gru's update gate lets in what it does not keep.
      if (cell === "lstm") biases[unit * gates] = -open;
    });
    return biases;
  };
}
