import type { TruncationRow } from "../results.ts";
import { recall } from "../tasks/recall.ts";
import { type Measuring, newModel, trainOn } from "./accuracy.ts";

/**
 * An LSTM that recalls a word from the middle of a sequence, trained with windows that reach back to the word and with
 * some that do not. The state crosses their borders, so the LSTM could know; only the gradient is cut.
 */
export async function measureTruncation(run: Measuring): Promise<TruncationRow[]> {
  const { half, windows } = run.settings.truncation;
  const whole = 2 * half;
  const rows: TruncationRow[] = [];
  for (const window of [...windows, whole]) {
    const model = newModel(recall, "lstm", half, run);
    const label = `truncation, lag ${half - 1}, window ${window === whole ? "whole" : window}`;
    const sequence = { lag: half - 1, before: half };
    const { accuracy, batches } = await trainOn(recall, model, run, label, sequence, window);
    rows.push({ window, isWhole: window === whole, accuracy, batches });
  }
  return rows;
}
