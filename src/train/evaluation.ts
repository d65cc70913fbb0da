/** One pass over data without training: means over all targets that count. */
import { batchesInPass, checkNotEmpty, type PassOptions, passOver } from "./batch-source.ts";
import type { StepResult } from "./compiled.ts";
import type { Scores } from "./options.ts";
import type { Patience } from "./patience.ts";
import { Reader } from "./reader.ts";
import { Means, targetsIn } from "./score.ts";
import type { EvaluationSteps } from "./steps.ts";
import { batchOf, type ReadyData, type Wanted } from "./training-data.ts";
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
  readonly steps: EvaluationSteps;
}

export async function evaluationRun(setup: EvaluationSetup): Promise<Scores> {
  const { data, pass, patience, signal, wanted, steps } = setup;
  batchesInPass(data, pass);
  const means = new Means();
  const pending: Pending[] = [];
  let last: Pending | undefined;
  const settle = async ({ targets, result }: Pending) => {
    const { loss, metrics, counts } = await result.read();
    for (const [name, mean] of Object.entries({ loss, ...metrics })) {
      means.add(name, mean, counts[name] ?? targets);
    }
  };
  const reader = new Reader<unknown>(await patience.of(passOver(data, pass)), patience);
  try {
    for (let next = await reader.next(); next !== undefined; next = await reader.next()) {
      signal?.throwIfAborted();
      const batch = await patience.of(batchOf(pass.caller, next.value, wanted));
      last = { targets: targetsIn(batch), result: await steps.run(batch) };
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
  return { loss: Number.NaN, ...means.all() };
}
