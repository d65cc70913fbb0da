/** One fit: epochs over the data, steps a few at a time, and what is told of them. */
import { InternalError, NonFiniteError } from "../errors.ts";
import { batchesInPass, checkNotEmpty, type PassOptions, passOver } from "./batch-source.ts";
import type { StepResult } from "./compiled.ts";
import type { BestEpochs } from "./early-stopping.ts";
import type { FitOptions, Scores, StepReport } from "./options.ts";
import type { Patience } from "./patience.ts";
import { Reader } from "./reader.ts";
import { type AnyMetric, valuesOf } from "./score.ts";
import type { Position, TrainingSteps } from "./steps.ts";
import { batchOf, type ReadyData, type StepBatch, type Wanted } from "./training-data.ts";

/** Steps that may be under way before the first one's loss is waited for. */
export const STEPS_IN_FLIGHT = 3;

interface Pending {
  readonly step: number;
  readonly result: StepResult;
}

export interface RunSetup {
  readonly data: ReadyData;
  readonly options: FitOptions;
  readonly patience: Patience;
  readonly wanted: Wanted;
  readonly steps: TrainingSteps;
  readonly position: Position;
  /** Whether a step that is not finite ends the training. */
  readonly isStrict: boolean;
  /** Those that are more than a mean. */
  readonly metrics: Readonly<Record<string, AnyMetric>>;
  pass(epoch: number): PassOptions;
  /** Scores on what there is to validate on. */
  validate(): Promise<Scores> | undefined;
  readonly best: BestEpochs | undefined;
  /** Called where the best epochs end the training. */
  stopEarly(): void;
}

/** Every step's report, in order and a little late: the device is never waited for. */
export async function* trainingRun(setup: RunSetup): AsyncGenerator<StepReport, void, void> {
  const { options, position, patience } = setup;
  const { epochs = 1, initialEpoch = position.epoch, signal, onStep, onEpoch } = options;
  setup.steps.resume();
  for (let epoch = initialEpoch + 1; epoch <= initialEpoch + epochs; epoch++) {
    let last: StepReport | undefined;
    for await (const report of stepsOf(setup, epoch)) {
      await patience.of(onStep?.(report));
      if (last !== undefined) yield { ...last, ahead: position.step - last.step };
      last = report;
    }
    signal?.throwIfAborted();
    checkNotEmpty("fit", last, epoch);
    const validation = await setup.validate();
    const closing = { ...last, ahead: 0, validation };
    await patience.of(onEpoch?.(closing));
    const isOver = validation && (await setup.best?.isOver(epoch, validation));
    if (isOver) setup.stopEarly();
    yield closing;
    if (isOver) break;
  }
  setup.best?.restore();
}

async function* stepsOf(setup: RunSetup, epoch: number): AsyncGenerator<StepReport, void, void> {
  const { data, patience, position, steps } = setup;
  const pass = setup.pass(epoch);
  const stepsPerEpoch = batchesInPass(data, pass);
  const reader = new Reader<unknown>(await patience.of(passOver(data, pass)), patience);
  const pending: Pending[] = [];
  const settled = async () => {
    const step = await settle(setup, pending);
    position.epoch = epoch;
    return { ...step, epoch, stepsPerEpoch, validation: undefined };
  };
  try {
    for (;;) {
      const batch = await nextBatch(setup, reader);
      if (batch === undefined) break;
      pending.push(await steps.run(batch));
      if (pending.length >= STEPS_IN_FLIGHT) yield await settled();
    }
    while (pending.length > 0) yield await settled();
  } catch (error) {
    steps.lose();
    await reader.close().catch(() => undefined);
    throw error;
  } finally {
    await leave(setup, pending);
    await reader.close();
  }
}

/** Nothing at the end of the data, and where the signal is aborted. */
async function nextBatch(
  { options: { signal }, patience, wanted }: RunSetup,
  reader: Reader<unknown>,
): Promise<StepBatch | undefined> {
  if (signal?.aborted) return undefined;
  try {
    const next = await reader.next();
    return next && (await patience.of(batchOf("fit", next.value, wanted)));
  } catch (error) {
    // What is under way is still told of.
    if (signal?.aborted && error === signal.reason) return undefined;
    throw error;
  }
}

/** What the first of the steps under way came to. @throws NonFiniteError */
async function settle({ position, isStrict, metrics: whole }: RunSetup, pending: Pending[]) {
  const [first] = pending.splice(0, 1);
  if (first === undefined) throw new InternalError("there is a step under way.");
  const { step, result } = first;
  const { loss, norm, parts, flow, ...numbers } = await result.read();
  if (!numbers.isFinite && isStrict) {
    // The steps under way behind it have changed nothing.
    pending.length = 0;
    position.step = step - 1;
    throw new NonFiniteError(
      `fit: loss, gradient and parameters must be finite; got loss ${loss}, gradient norm ${norm} in step ${step}; a parameter or running statistic that is not finite makes the norm NaN. Parameters, optimizer, buffers and the state of sequences are as they were before that step. Lower the learning rate, clip the gradient, or look at the data: a label that is no class and an id outside an embedding are NaN, too.`,
      step,
    );
  }
  const ahead = position.step - step;
  // A Trainer's own metrics come to numbers.
  const metrics = { ...numbers.metrics, ...(valuesOf(whole, parts) as Record<string, number>) };
  return { step, ahead, loss, gradientNorm: norm, accuracy: metrics.accuracy, metrics, flow };
}

/** Waits for steps that nobody asks about any more: they have their effect all the same, or say that they have not. */
async function leave(setup: RunSetup, pending: Pending[]): Promise<void> {
  try {
    while (pending.length > 0) await settle(setup, pending);
  } catch {
    setup.steps.lose();
  }
}
