/**
 * How far a fit has come. It is what makes a fit that was left, or whose state was loaded, the same one again: the place
 * in the epoch, the reports of those that are complete, and what early stopping has seen.
 *
 * The device is ahead of the reports by the steps under way. A state is read between two steps, so it is the state after
 * all that were started, and says so of itself: steps under way are noted in their turn, and a step that turns out not
 * to be finite, behind which nothing has an effect, takes the place back to where it was before.
 */
import { mapped } from "../records.ts";
import type { StepNumbers, StepResult } from "./compiled.ts";
import type { DeviceChange } from "./device-change.ts";
import type { BestEpoch, BestEpochs, SavedEarlyStopping } from "./early-stopping.ts";
import type { EpochReport, History, StepReport } from "./options.ts";
import { PassScores, type SavedScores, valuesOf } from "./pass-scores.ts";
import type { AnyMetric } from "./score.ts";

/** Where a training stands. */
export interface Position {
  /** Steps taken. */
  step: number;
  /** Epochs begun. */
  epoch: number;
  /** Batches of the last of them that have been trained on; 0 where it is complete. */
  batch: number;
}

/** What decides which batches a pass over data has, as far as it is known: it must be the same for the rest of one. */
export interface PassForm {
  /** Examples in a batch. */
  readonly batchSize?: number | undefined;
  /** Whether a smaller one at the end is left out. */
  readonly dropLast?: boolean | undefined;
  /** Of the order of examples; none where they are not shuffled. */
  readonly seed?: number | undefined;
  /** Batches in the pass. */
  readonly batches?: number | undefined;
}

/** A fit that has not come to its end, as plain data. */
export interface FitProgress {
  /** Batches of the epoch under way that have been trained on; 0 between two epochs. */
  readonly batch: number;
  /** How the data was passed over. */
  readonly pass: PassForm;
  /** Steps of the fit so far. */
  readonly steps: number;
  /** The report of the last of them. */
  readonly last?: StepReport | undefined;
  /** The report of every epoch that is complete. */
  readonly epochs: readonly EpochReport[];
  /** What the steps of the epoch under way have come to; none between two epochs. */
  readonly scores?: SavedScores | undefined;
  /** What early stopping has seen. */
  readonly earlyStopping?: SavedEarlyStopping | undefined;
  /** Whether it has ended the fit. */
  readonly stoppedEarly: boolean;
  /** The epoch whose checkpoint is kept as the best. */
  readonly bestCheckpoint?: BestEpoch | undefined;
}

/** Where training stands, and how far the fit has come; nothing where it has taken no step. */
export interface SavedPlace {
  readonly at: Position;
  readonly fit: FitProgress | undefined;
}

/** A step that has been started. */
export interface Started {
  /** Where training stood when it had been. */
  readonly position: Readonly<Position>;
  readonly stepsPerEpoch: number | undefined;
  /** What means over its batch are taken over. */
  readonly targets: number;
  readonly result: StepResult;
}

export interface ProgressOptions {
  /** Whether a step that is not finite ends the training. */
  readonly isStrict: boolean;
  /** Those that are more than a mean. */
  readonly metrics: Readonly<Record<string, AnyMetric>>;
}

export class Progress {
  readonly #options: ProgressOptions;
  readonly epochs: EpochReport[];
  pass: PassForm;
  steps: number;
  last: StepReport | undefined;
  stoppedEarly: boolean;
  best: BestEpochs | undefined;
  bestCheckpoint: BestEpoch | undefined;
  readonly #loaded: SavedEarlyStopping | undefined;
  /** Of the epoch under way. */
  #scores: PassScores;
  /** Steps whose numbers have not been read, in order. */
  readonly pending: Started[] = [];
  readonly deviceChanges: DeviceChange[] = [];

  /** `from` has been checked. */
  constructor(options: ProgressOptions, from?: FitProgress) {
    this.#options = options;
    this.epochs = [...(from?.epochs ?? [])];
    this.pass = from?.pass ?? {};
    this.steps = from?.steps ?? 0;
    this.last = from?.last;
    this.stoppedEarly = from?.stoppedEarly ?? false;
    this.bestCheckpoint = from?.bestCheckpoint;
    this.#loaded = from?.earlyStopping;
    this.#scores = new PassScores(options.metrics, from?.scores);
  }

  /** What early stopping has seen. */
  get seen(): SavedEarlyStopping | undefined {
    return this.best?.seen ?? this.#loaded;
  }

  /**
   * For one who has its turn between two steps, at `position`: where training stands after all steps that have had an
   * effect, and how far the fit has come then. All but the numbers of steps under way is taken before this returns.
   */
  async save(position: Position): Promise<SavedPlace> {
    const { pass, steps, stoppedEarly, bestCheckpoint, pending } = this;
    const known = {
      pass,
      stoppedEarly,
      bestCheckpoint,
      epochs: [...this.epochs],
      earlyStopping: this.seen,
    };
    const { metrics } = this.#options;
    const scores = new PassScores(metrics, this.#scores.saved());
    let last = this.last;
    let taken = steps;
    let at = position;
    for (const started of [...pending]) {
      const { result } = started;
      const numbers = await (result.readInTurn?.() ?? result.read());
      if (this.#ends(numbers)) {
        at = before(started.position);
        break;
      }
      last = this.#reportOf(started, numbers, 0);
      addTo(scores, numbers, started);
      taken++;
    }
    if (taken === 0) return { at, fit: undefined };
    const { batch } = at;
    const underWay = batch > 0 ? { scores: scores.saved() } : {};
    return { at, fit: { ...known, ...underWay, batch, steps: taken, last } };
  }

  /** The report of the first step under way, or its numbers where the training ends with it. */
  async settle(
    first: Started,
    position: Readonly<Position>,
  ): Promise<{ readonly report: StepReport } | { readonly bad: StepNumbers }> {
    const numbers = await first.result.read();
    if (this.#ends(numbers)) {
      // The steps under way behind it have changed nothing.
      this.pending.length = 0;
      return { bad: numbers };
    }
    this.pending.shift();
    this.steps++;
    addTo(this.#scores, numbers, first);
    const report = this.#reportOf(first, numbers, position.step - first.position.step);
    this.last = { ...report, ahead: 0 };
    return { report };
  }

  /** What the steps of the epoch whose last one `last` tells of have come to. */
  scoresWith(last: StepReport): Pick<EpochReport<string>, "loss" | "metrics"> {
    // A Trainer's own metrics come to numbers.
    const values = this.#scores.values() as Record<string, number>;
    const scores: Record<string, number> = { ...this.#scores.means(), ...values };
    // Where no step counted, or a checkpoint of before has but the end of its epoch to come, there is the last step.
    const known: Readonly<Record<string, number>> = last.metrics;
    const metrics = mapped(known, (value, name) => scores[name] ?? value);
    return { loss: scores.loss ?? last.loss, metrics };
  }

  /** The epoch under way is complete. */
  complete(report: EpochReport): void {
    this.epochs.push(report);
    this.#scores = new PassScores(this.#options.metrics);
  }

  #ends(numbers: StepNumbers): boolean {
    return this.#options.isStrict && !numbers.isFinite;
  }

  #reportOf({ position, stepsPerEpoch }: Started, numbers: StepNumbers, ahead: number): StepReport {
    const { loss, norm, parts, flow } = numbers;
    // A Trainer's own metrics come to numbers.
    const whole = valuesOf(this.#options.metrics, parts) as Record<string, number>;
    const metrics = { ...numbers.metrics, ...whole };
    return {
      step: position.step,
      epoch: position.epoch,
      stepsPerEpoch,
      ahead,
      loss,
      gradientNorm: norm,
      accuracy: metrics.accuracy,
      metrics,
      flow,
      training: undefined,
      validation: undefined,
    };
  }
}

/** A step that was left out, since it was not finite, had no effect and does not count. */
function addTo(scores: PassScores, numbers: StepNumbers, { targets }: Started): void {
  if (numbers.isFinite) scores.add(numbers, targets);
}

/** What a fit has come to; one that was never begun to nothing. */
export function historyOf(progress: Progress | undefined): History {
  const { steps = 0, last, epochs = [], best, stoppedEarly = false } = progress ?? {};
  const deviceChanges = [...(progress?.deviceChanges ?? [])];
  const loss = last?.loss ?? Number.NaN;
  return { steps, loss, epochs: [...epochs], best: best?.best, stoppedEarly, deviceChanges };
}

/** Where training stood before a step. */
export function before({ step, epoch, batch }: Readonly<Position>): Position {
  return batch > 1
    ? { step: step - 1, epoch, batch: batch - 1 }
    : { step: step - 1, epoch: epoch - 1, batch: 0 };
}
