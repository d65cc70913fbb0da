/** All that a training goes on from, read between two steps and given back. */
import type { LoadOptions } from "../functions.ts";
import type { AnyModule } from "../nn/index.ts";
import { checkStateDict } from "../nn/state-dict.ts";
import { loadAlso, savedAlso } from "./also.ts";
import type { CommonOptions } from "./options.ts";
import { checkSequences } from "./saved-sequences.ts";
import type { Standing } from "./standing.ts";
import type { TrainingSteps } from "./steps.ts";
import { checkForm, readOptimizer, type TrainerState } from "./trainer-state.ts";
import type { Truncation } from "./window.ts";

/** What is saved, and loaded. */
export interface Training {
  readonly model: AnyModule;
  readonly optimizer: CommonOptions["optimizer"];
  readonly also: CommonOptions["also"];
  readonly truncation: Truncation | undefined;
  readonly steps: TrainingSteps;
  readonly standing: Standing;
}

/** After all steps that have been started. */
export async function stateOf(training: Training): Promise<TrainerState> {
  const { model, optimizer, also, steps, standing } = training;
  const { randomStream } = steps;
  const [[progress, others, parameters, saved], sequences] = await steps.save((position) =>
    Promise.all([
      standing.save(position),
      savedAlso(also),
      model.stateDict(),
      readOptimizer(optimizer),
    ]),
  );
  const { at, fit } = progress;
  const { step, epoch } = at;
  const kept = { step, epoch, randomStream, parameters, optimizer: saved, sequences };
  return { ...kept, ...(fit && { fit }), ...(others && { also: others }) };
}

/** Nothing changes where anything does not fit. @throws ArgumentError, ShapeError */
export function loadStateOf(training: Training, saved: TrainerState, options?: LoadOptions): void {
  const { model, truncation, optimizer, also, steps, standing } = training;
  checkForm(saved);
  checkSequences(model, truncation, saved.sequences, options);
  checkStateDict(model, saved.parameters, options);
  const weights = saved.fit?.earlyStopping?.weights;
  if (weights !== undefined) checkStateDict(model, weights, { allowNonFinite: true });
  loadAlso(also, saved.also, () => {
    // Refuses before it changes anything; what comes behind it has been checked.
    optimizer.loadState(saved.optimizer, options);
  });
  model.loadStateDict(saved.parameters, options);
  steps.load(saved.sequences);
  steps.randomStream = saved.randomStream;
  const { step, epoch = 0, fit } = saved;
  standing.load({ step, epoch }, fit);
}
