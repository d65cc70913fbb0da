/** One fit: epochs over the data, steps a few at a time, and what is told of them. */
import { ArgumentError, InternalError, NonFiniteError } from "../errors.ts";
import {
  batchesInPass,
  checkNotEmpty,
  checkPass,
  type PassOptions,
  passForm,
  passOver,
} from "./batch-source.ts";
import type { AnyFitOptions, Scores, StepReport } from "./options.ts";
import type { Patience } from "./patience.ts";
import { before, type Position, type Progress } from "./progress.ts";
import { Reader } from "./reader.ts";
import { targetsIn } from "./score.ts";
import type { TrainingSteps } from "./steps.ts";
import { batchOf, type ReadyData, type StepBatch, type Wanted } from "./training-data.ts";

/** Steps that may be under way beyond the one that is reported. */
export const STEPS_IN_FLIGHT = 3;

export interface RunSetup {
  readonly data: ReadyData;
  readonly options: AnyFitOptions;
  readonly patience: Patience;
  readonly wanted: Wanted;
  readonly steps: Pick<TrainingSteps, "run" | "resume" | "lose">;
  /** What `task` comes to, on another device where it fails because the first one was lost. */
  survive<T>(task: () => T | Promise<T>): Promise<T>;
  readonly position: Position;
  readonly progress: Progress;
  readonly epochs: EpochRange;
  readonly checkpoints: Checkpoints | undefined;
  pass(epoch: number): PassOptions;
  /** Scores<string> on what there is to validate on. */
  validate(): Promise<Scores<string>> | undefined;
}

/** Who writes down where training stands. */
interface Checkpoints {
  afterStep(step: number): void;
  afterEpoch(step: number, epoch: number, scores: Scores<string> | undefined): void;
}

/** Epochs `first` to `last`; of the first it may be the rest only. */
export interface EpochRange {
  readonly first: number;
  readonly last: number;
}

/** Every step's report, in order and a little late: the device is never waited for. */
export async function* trainingRun(setup: RunSetup): AsyncGenerator<StepReport, void, void> {
  const { options, position, patience, progress, epochs } = setup;
  const call = <R>(callback: ((report: R) => unknown) | undefined, report: R) =>
    callback && setup.survive(() => patience.of(callback(report)));
  const { signal, onStep, onEpoch } = options;
  setup.steps.resume();
  for (let epoch = epochs.first; epoch <= epochs.last; epoch++) {
    let last: StepReport | undefined;
    for await (const { report, isLast } of stepsOf(setup, epoch)) {
      await call(onStep, report);
      if (last !== undefined) yield { ...last, ahead: position.step - last.step };
      last = report;
      setup.checkpoints?.afterStep(position.step);
      // An epoch's last report also tells of its validation.
      if (isLast !== false) continue;
      yield { ...report, ahead: 0 };
      last = undefined;
    }
    signal?.throwIfAborted();
    // An epoch that is gone on with may have had nothing left but its end.
    if (position.batch > 0) last ??= progress.last;
    checkNotEmpty("fit", last, epoch);
    const validation = await setup.validate();
    const { loss, metrics } = progress.scoresWith(last);
    const { training: _, ...step } = { ...last, ahead: 0, validation };
    const whole = { ...step, loss, accuracy: metrics.accuracy, metrics };
    const closing = { ...step, training: { ...metrics, loss } };
    const seen = validation && (await setup.survive(() => progress.best?.judge(epoch, validation)));
    // All at once: a state that is read now has an epoch that is complete, or one that is not.
    const isOver = seen !== undefined && progress.best?.accept(seen) === true;
    position.batch = 0;
    progress.complete(whole);
    progress.stoppedEarly = isOver;
    await call(onEpoch, whole);
    setup.checkpoints?.afterEpoch(position.step, epoch, validation);
    yield closing;
    if (isOver) break;
  }
  progress.best?.restore();
}

/** A step's report; `isLast` where it is known whether the epoch has another one. */
interface Told {
  readonly report: StepReport;
  readonly isLast?: boolean;
}

async function* stepsOf(setup: RunSetup, epoch: number): AsyncGenerator<Told, void, void> {
  const { data, patience, position, progress, steps, options } = setup;
  const { ahead = STEPS_IN_FLIGHT, signal } = options;
  const { pending } = progress;
  const pass = setup.pass(epoch);
  const stepsPerEpoch = batchesInPass(data, pass);
  const form = passForm(data, pass, stepsPerEpoch);
  const behind = position.batch;
  if (behind > 0) checkPass(progress.pass, form, position);
  progress.pass = form;
  const reader = new Reader<unknown>(
    "fit",
    await patience.of(passOver(data, pass, behind)),
    patience,
  );
  try {
    if (typeof data === "function") await skip(reader, position);
    let batch = await nextBatch(setup, reader);
    while (batch !== undefined && signal?.aborted !== true) {
      const targets = targetsIn(batch);
      await steps.run(batch, (result) => {
        position.step++;
        position.batch++;
        position.epoch = epoch;
        pending.push({ position: { ...position }, stepsPerEpoch, targets, result });
      });
      if (ahead > 0 && pending.length >= ahead) yield { report: await settle(setup) };
      const report = ahead === 0 ? await settle(setup) : undefined;
      batch = await nextBatch(setup, reader);
      if (report !== undefined) yield { report, isLast: batch === undefined };
    }
    while (pending.length > 0) yield { report: await settle(setup) };
  } catch (error) {
    steps.lose();
    await reader.close().catch(() => undefined);
    throw error;
  } finally {
    await leave(setup);
    await reader.close();
  }
}

/** Reads the batches that were trained on before. @throws ArgumentError where there are not as many */
async function skip(reader: Reader<unknown>, { batch, epoch }: Position): Promise<void> {
  for (let i = 0; i < batch; i++) {
    if ((await reader.next()) !== undefined) continue;
    throw new ArgumentError(
      `fit: an epoch that is gone on with must have the batches that were trained on; got ${i} for ${batch} of epoch ${epoch}. Give the same data, or { initialEpoch: ${epoch} } to begin the next epoch.`,
    );
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
async function settle({ position, progress }: RunSetup): Promise<StepReport> {
  const [first] = progress.pending;
  if (first === undefined) throw new InternalError("there is a step under way.");
  const settled = await progress.settle(first, position);
  if ("report" in settled) return settled.report;
  const { loss, norm } = settled.bad;
  const { step } = first.position;
  Object.assign(position, before(first.position));
  throw new NonFiniteError(
    `fit: loss, gradient and parameters must be finite; got loss ${loss}, gradient norm ${norm} in step ${step}; a parameter or running statistic that is not finite makes the norm NaN. Parameters, optimizer, buffers and the state of sequences are as they were before that step. Lower the learning rate, clip the gradient, or look at the data: a label that is no class and an id outside an embedding are NaN, too.`,
    step,
  );
}

/** Waits for steps that nobody asks about any more: they have their effect all the same, or say that they have not. */
async function leave(setup: RunSetup): Promise<void> {
  const { pending } = setup.progress;
  try {
    while (pending.length > 0) await settle(setup);
  } catch {
    setup.steps.lose();
    pending.length = 0;
  }
}
