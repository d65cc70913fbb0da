/**
 * Where a Trainer stands: the steps and epochs that are behind it, and the fit that is under way, was left, or was loaded,
 * for the next one to go on with.
 */
import type { AnyFitOptions } from "./options.ts";
import {
  type FitProgress,
  type Position,
  Progress,
  type ProgressOptions,
  type SavedPlace,
} from "./progress.ts";
import type { EpochRange } from "./training-run.ts";

/** What a fit begins with. */
export interface Beginning {
  readonly progress: Progress;
  /** Where the place in the data is before it. */
  readonly at: Pick<Position, "epoch" | "batch">;
  readonly epochs: EpochRange;
}

export class Standing {
  readonly #options: ProgressOptions;
  readonly position: Position = { step: 0, epoch: 0, batch: 0 };
  #progress: Progress | undefined;
  /** Whether a state has been loaded that no fit has gone on with yet. */
  #isLoaded = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** What a fit goes on with or begins, and which epochs it has; nothing changes yet. */
  next({ epochs = 1, untilEpoch, initialEpoch, earlyStopping }: AnyFitOptions): Beginning {
    const { epoch, batch } = this.position;
    const goesOn = initialEpoch === undefined && (this.#isLoaded || untilEpoch !== undefined);
    const progress = (goesOn && this.#progress) || new Progress(this.#options);
    const at = { epoch: initialEpoch ?? epoch, batch: goesOn ? batch : 0 };
    const first = at.batch > 0 ? at.epoch : at.epoch + 1;
    const isOver = progress.stoppedEarly && untilEpoch !== undefined && earlyStopping !== undefined;
    const last = isOver ? first - 1 : (untilEpoch ?? first - 1 + epochs);
    return { progress, at, epochs: { first, last } };
  }

  begin({ progress, at }: Beginning): void {
    this.#progress = progress;
    this.#isLoaded = false;
    Object.assign(this.position, at);
  }

  /** The fit is over: other fits begin anew; those until an epoch go on. */
  end({ untilEpoch }: AnyFitOptions): void {
    if (untilEpoch === undefined) this.#progress = undefined;
  }

  /** For one that has its turn between two steps, see `Progress.save`. */
  async save(at: Position): Promise<SavedPlace> {
    return this.#progress?.save(at) ?? { at, fit: undefined };
  }

  /** `fit` has been checked. */
  load({ step, epoch }: Pick<Position, "step" | "epoch">, fit: FitProgress | undefined): void {
    Object.assign(this.position, { step, epoch, batch: fit?.batch ?? 0 });
    this.#progress = fit && new Progress(this.#options, fit);
    this.#isLoaded = true;
  }
}
