import { drawUniform, type Key, nn } from "gradgpu";
import type { Task } from "./tasks/task.ts";

export const CELLS = ["rnn", "gru", "lstm"] as const;
export type Cell = (typeof CELLS)[number];

export interface ModelOptions {
  readonly cell: Cell;
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
  const recurrent = nn[cell](task.features, hidden, {
    seed,
    checkpoint,
    ...(bias && { initialiseBias: bias }),
    ...(weights && { initialise: weights }),
  });
  return nn.sequential(
    ...task.embed(seed + 1),
    recurrent,
    nn.lastStep(),
    nn.linear(hidden, task.outputs, { seed: seed + 2 }),
  );
}

/**
 * Biases with which units forget over 1 … `memory` steps: log u, u ~ U(1, memory), for the gate that keeps the state
 * (forget gate of an lstm, update gate of a gru), its opposite for an lstm's input gate, and 0 for all else. A tanh rnn
 * has no such gate and starts as it is. Gers et al. 2000 (open at all); Tallec & Ollivier 2018, section 3 (how far).
 */
export function remembering(cell: Cell, memory: number): nn.initialise.Initialiser | undefined {
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
