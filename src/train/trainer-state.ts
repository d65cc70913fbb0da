import type { StateDict } from "../nn/index.ts";
import type { Optimizer, SavedVariable } from "../optim/index.ts";
import type { CarriedSequences } from "./carried.ts";

/** Everything that training goes on from, as plain data: typed arrays with shapes. */
export interface TrainerState {
  /** Steps taken. */
  readonly step: number;
  /** The stream of random numbers that the steps draw from: the training's own, wherever it goes on. */
  readonly randomStream: number;
  readonly parameters: StateDict;
  readonly optimizer: Readonly<Record<string, SavedVariable>>;
  /** What is carried from window to window, for each size of batch in use. */
  readonly sequences: readonly CarriedSequences[];
}

export async function readOptimizer(
  optimizer: Optimizer,
): Promise<Readonly<Record<string, SavedVariable>>> {
  const entries = [...optimizer.state()].map(async ([name, held]) => {
    const data = Float32Array.from(await held.data());
    return [name, { shape: held.shape, data }] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}
