import type { Terminal } from "../../shared/progress.ts";
import { type Measured, memoryModel, nameOf, remembering } from "../model.ts";
import { shown } from "../progress.ts";
import type { AccuracyRow } from "../results.ts";
import type { Settings } from "../settings.ts";
import { adding } from "../tasks/adding.ts";
import { recall } from "../tasks/recall.ts";
import type { SequenceOptions, Task } from "../tasks/task.ts";
import { type Trained, train } from "../training.ts";

export interface Measuring {
  readonly settings: Settings;
  readonly seed: number;
  readonly cells: readonly Measured[];
  readonly terminal: Terminal;
}

/** Every cell at every lag of both tasks, all with the same budget. */
export async function measureAccuracy(run: Measuring): Promise<AccuracyRow[]> {
  const rows: AccuracyRow[] = [];
  for (const task of [recall, adding]) {
    for (const lag of run.settings.lags) {
      for (const cell of run.cells) {
        const name = nameOf(cell);
        const label = `${task.name}, lag ${lag}, ${name}`;
        const trained = await trainOn(task, newModel(task, cell, lag, run), run, label, { lag });
        rows.push({ task: task.name, cell: name, lag, ...trained });
      }
    }
  }
  return rows;
}

/** A model whose gates are open for about `lag` steps. */
export function newModel(task: Task, cell: Measured, lag: number, { settings, seed }: Measuring) {
  const { hidden } = settings;
  return memoryModel(task, { cell, hidden, seed, bias: remembering(cell, lag) });
}

export function trainOn(
  task: Task<"recall" | "adding">,
  model: ReturnType<typeof memoryModel>,
  { settings, seed, terminal }: Measuring,
  label: string,
  sequence: Omit<SequenceOptions, "count">,
  window?: number,
): Promise<Trained> {
  const { budget, batchSize, tested } = settings;
  return shown(label, budget, terminal, (onBatch) =>
    train(model, task, {
      sequence: { ...sequence, count: batchSize },
      budget,
      learningRate: settings.learningRate[task.name],
      tested,
      seed,
      onBatch,
      ...(window === undefined ? {} : { window }),
    }),
  );
}
