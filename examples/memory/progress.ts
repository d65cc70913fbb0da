import { Progress, type Terminal } from "../shared/progress.ts";
import { percent } from "./report/words.ts";
import type { Trained, TrainingOptions } from "./training.ts";

/** Runs a training under a bar where the output is a terminal, and leaves one line of what it reached. */
export async function shown(
  label: string,
  total: number,
  terminal: Terminal,
  body: (onBatch: NonNullable<TrainingOptions["onBatch"]>) => Promise<Trained>,
): Promise<Trained> {
  const bar = terminal.isTTY ? new Progress({ label, total, terminal }) : undefined;
  const trained = await body((batches, loss, accuracy) =>
    bar?.update(batches, loss, `accuracy ${percent(accuracy)}`),
  );
  const { accuracy, batches, seconds } = trained;
  const line = `${label.padEnd(34)} ${percent(accuracy).padStart(7)} right after ${batches} of ${total} batches, ${seconds.toFixed(1)} s`;
  if (bar === undefined) terminal.write(`${line}\n`);
  else bar.finish(line);
  return trained;
}
