/**
 * The checkpoints of a fit. A state is read when it is due, between two steps, on the device's own time; it is put
 * together and written beside the training. One is written at a time: one that is due meanwhile is left out, and taken
 * when the other is safe; the best one waits, and takes the place of one that waits.
 */
import { DeviceLostError } from "../../errors.ts";
import type { Scores } from "../options.ts";
import type { Progress } from "../progress.ts";
import type { TrainerState } from "../trainer-state.ts";
import { CheckpointFolder } from "./folder.ts";
import { type CheckpointOptions, type Wanted, wantedOf } from "./options.ts";

interface Setup {
  readonly options: CheckpointOptions<string>;
  /** The state between two steps. */
  readonly state: () => Promise<TrainerState>;
  readonly progress: Progress;
  readonly step: number;
}

interface Job {
  readonly state: Promise<TrainerState>;
  readonly isBest: boolean;
}

const SECONDS = 30;

export class CheckpointWriter {
  readonly #setup: Setup;
  readonly #folder: CheckpointFolder;
  readonly #wanted: Wanted | undefined;
  readonly #everySteps: number;
  readonly #everyMs: number;
  #step: number;
  #timeMs = performance.now();
  #writing: Promise<void> | undefined;
  #next: Job | undefined;
  #failed: { readonly error: unknown } | undefined;

  /** @throws ArgumentError for a folder of another training, FileError where it cannot be read */
  static async begin(setup: Setup): Promise<CheckpointWriter> {
    const folder = new CheckpointFolder(setup.options.to, setup.options.keep);
    await folder.begin(setup.step);
    return new CheckpointWriter(setup, folder);
  }

  constructor(setup: Setup, folder: CheckpointFolder) {
    const { everySteps, everySeconds, best } = setup.options;
    this.#setup = setup;
    this.#folder = folder;
    this.#wanted = wantedOf(best);
    this.#everySteps = everySteps ?? Number.POSITIVE_INFINITY;
    this.#everyMs =
      1000 * (everySeconds ?? (everySteps === undefined ? SECONDS : Number.POSITIVE_INFINITY));
    this.#step = setup.step;
  }

  /** Called now and then while steps are started. @throws what writing did, unless somebody is told of it */
  afterStep(step: number): void {
    this.#rethrow();
    if (this.#writing !== undefined) return;
    const isDue =
      step - this.#step >= this.#everySteps || performance.now() - this.#timeMs >= this.#everyMs;
    if (isDue) this.#take(step, false);
  }

  /** Called when an epoch is complete. @throws as `afterStep` */
  afterEpoch(step: number, epoch: number, scores: Scores<string> | undefined): void {
    this.#rethrow();
    if (this.#wanted === undefined || scores === undefined) return;
    const { score, mode } = this.#wanted;
    // The options have been checked.
    const value = scores[score] ?? Number.NaN;
    const { progress } = this.#setup;
    const sign = mode === "min" ? 1 : -1;
    const before = progress.bestCheckpoint;
    const isBetter =
      before === undefined ? !Number.isNaN(value) : sign * value < sign * before.value;
    if (!isBetter) return;
    progress.bestCheckpoint = { epoch, value };
    this.#take(step, true);
  }

  /** Waits for what is being written, and writes the fit's end where it `writesEnd`. @throws as `afterStep` */
  async close(writesEnd: boolean): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
    if (!writesEnd) return;
    this.#rethrow();
    this.#take(this.#step, false);
    while (this.#writing !== undefined) await this.#writing;
    this.#rethrow();
  }

  #take(step: number, isBest: boolean): void {
    this.#step = step;
    this.#timeMs = performance.now();
    const state = this.#setup.state();
    // Looked at when its turn comes.
    state.catch(() => undefined);
    this.#next = { state, isBest };
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    for (let job = this.#next; job !== undefined; job = this.#next) {
      this.#next = undefined;
      await this.#writeOne(job);
    }
    this.#writing = undefined;
  }

  async #writeOne({ state, isBest }: Job): Promise<void> {
    const { onWritten } = this.#setup.options;
    try {
      const ready = await state;
      const { step, epoch = 0 } = ready;
      for (const name of await this.#folder.write(ready, isBest))
        await onWritten?.({ name, step, epoch });
    } catch (error) {
      // The steps say so themselves.
      if (!(error instanceof DeviceLostError)) await this.#tell(error);
    }
  }

  async #tell(error: unknown): Promise<void> {
    const { onError } = this.#setup.options;
    try {
      if (onError === undefined) throw error;
      await onError(error);
    } catch (final) {
      this.#failed = { error: final };
    }
  }

  #rethrow(): void {
    if (this.#failed === undefined) return;
    const { error } = this.#failed;
    this.#failed = undefined;
    throw error;
  }
}
