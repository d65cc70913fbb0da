/** One pass over data without training: means over all targets that count. */
import { batchesInPass, checkNotEmpty, type PassOptions, passOver } from "./batch-source.ts";
import type { StepResult } from "./compiled.ts";
import type { Scores } from "./options.ts";
import { PassScores } from "./pass-scores.ts";
import type { Patience } from "./patience.ts";
import { Reader } from "./reader.ts";
import { type AnyMetric, targetsIn } from "./score.ts";
import { batchOf, type ReadyData, type StepBatch, type Wanted } from "./training-data.ts";
import { STEPS_IN_FLIGHT } from "./training-run.ts";

interface Pending {
  readonly targets: number;
  readonly result: StepResult;
}

export interface EvaluationSetup {
  readonly data: ReadyData;
  readonly pass: PassOptions;
  readonly patience: Patience;
  readonly signal: AbortSignal | undefined;
  readonly wanted: Wanted;
  /** Those that are more than a mean. */
  readonly metrics: Readonly<Record<string, AnyMetric>>;
}

/** Scores, and what those metrics come to. `measure` does the batch `at` of the pass. */
export async function evaluationRun(
  setup: EvaluationSetup,
  measure: (batch: StepBatch, at: number) => Promise<StepResult>,
): Promise<{ readonly means: Scores; readonly values: Record<string, unknown> }> {
  const { data, pass, patience, signal, wanted } = setup;
  batchesInPass(data, pass);
  const scores = new PassScores(setup.metrics);
  const pending: Pending[] = [];
  let last: Pending | undefined;
  const settle = async ({ targets, result }: Pending) => scores.add(await result.read(), targets);
  const reader = new Reader<unknown>(
    pass.caller,
    await patience.of(passOver(data, pass)),
    patience,
  );
  try {
    let at = 0;
    for (let next = await reader.next(); next !== undefined; next = await reader.next()) {
      signal?.throwIfAborted();
      const batch = await patience.of(batchOf(pass.caller, next.value, wanted));
      last = { targets: targetsIn(batch), result: await measure(batch, at++) };
      pending.push(last);
      const first = pending.length >= STEPS_IN_FLIGHT ? pending.shift() : undefined;
      if (first !== undefined) await settle(first);
    }
  } catch (error) {
    await reader.close().catch(() => undefined);
    throw error;
  }
  checkNotEmpty(pass.caller, last, pass.epoch);
  for (const rest of pending) await settle(rest);
  return { means: { loss: Number.NaN, ...scores.means() }, values: scores.values() };
}
