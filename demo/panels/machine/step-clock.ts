/** A fit of which a step is clocked now and then: while somebody looks, not more often than twice a second. */
import { type Profile, profile, type StepReport } from "gradgpu";

/** A kernel of a step: what the page shows of it. */
export interface Kernel {
  readonly label: string;
  readonly ops: readonly string[];
  readonly kernel: string;
  readonly why: string;
  readonly isFallback: boolean;
  readonly runs: number;
  readonly bytes: number;
  readonly startMs: number;
  readonly elapsedMs: number;
}

export interface Clocked {
  readonly step: number;
  readonly clock: Profile<unknown>["clock"];
  readonly elapsedMs: number;
  readonly kernels: readonly Kernel[];
}

const EVERY_MS = 500;

export class StepClock {
  #isWanted = true;
  #lastMs = Number.NEGATIVE_INFINITY;
  /** The step that was clocked last. */
  last: Clocked | undefined;

  /** Somebody looks: a step is clocked soon. */
  want(): void {
    this.#isWanted = true;
  }

  /** The same fit, whose next step is clocked where one is wanted. */
  async *over(fit: AsyncIterable<StepReport>): AsyncGenerator<StepReport, void, void> {
    const steps = fit[Symbol.asyncIterator]();
    try {
      for (;;) {
        const isDue = this.#isWanted && performance.now() - this.#lastMs > EVERY_MS;
        const next = isDue ? await this.#clocked(steps) : await steps.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await steps.return?.();
    }
  }

  async #clocked(steps: AsyncIterator<StepReport>): Promise<IteratorResult<StepReport>> {
    let next: IteratorResult<StepReport> | undefined;
    try {
      const { runs, clock } = await profile(async () => {
        next = await steps.next();
      });
      // A step's own plan has the most kernels; what else ran was read or evaluated.
      const [longest] = runs.toSorted((a, b) => b.kernels.length - a.kernels.length);
      if (longest !== undefined && next?.done === false) {
        const kernels = longest.kernels.map(shown);
        this.last = { step: next.value.step, clock, elapsedMs: longest.elapsedMs, kernels };
        this.#isWanted = false;
      }
    } catch (error) {
      // Where the device was lost meanwhile the step has been taken again on another one, and no time is known.
      if (next === undefined) throw error;
    }
    this.#lastMs = performance.now();
    return next ?? steps.next();
  }
}

function shown({ label, ops, kernel, why, isFallback, runs, bytes, startMs, elapsedMs }: Kernel) {
  return { label, ops, kernel, why, isFallback, runs, bytes, startMs, elapsedMs };
}
