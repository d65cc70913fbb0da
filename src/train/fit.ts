import { ArgumentError } from "../errors.ts";
import type { History, StepReport } from "./options.ts";

/**
 * A training that begins when it is awaited, or when its reports are asked for. It is one run, which is followed in one
 * of the two ways:
 *
 * ```ts
 * const history = await trainer.fit(data, { batchSize: 32, epochs: 5, onEpoch });
 * for await (const { step, loss } of trainer.fit(data, { batchSize: 32 })) console.log(step, loss);
 * ```
 * Awaited behind or beside a loop over its reports it settles when the loop has ended, with what was trained by then.
 */
export class Fit<M extends string = never>
  implements AsyncIterableIterator<StepReport<M>>, Promise<History<M>>
{
  readonly #reports: AsyncGenerator<StepReport<M>, void, void>;
  readonly #history: () => History<M>;
  readonly #ended: Promise<History<M>>;
  #settle: { resolve(history: History<M>): void; reject(error: unknown): void } | undefined;
  #follower: "loop" | "await" | undefined;

  constructor(reports: AsyncGenerator<StepReport<M>, void, void>, history: () => History<M>) {
    this.#reports = reports;
    this.#history = history;
    this.#ended = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever follows the reports gets the error from them.
    this.#ended.catch(() => undefined);
  }

  get [Symbol.toStringTag](): string {
    return "Fit";
  }

  /** @throws ArgumentError where the fit is followed already: a second loop would get nothing */
  [Symbol.asyncIterator](): this {
    this.#follow();
    return this;
  }

  /**
   * The report of the next step.
   * @throws what ends the training, see `Trainer.fit`; ArgumentError where the fit is awaited already
   */
  async next(): Promise<IteratorResult<StepReport<M>, undefined>> {
    if (this.#follower !== "loop") this.#follow();
    return this.#advance();
  }

  /** Ends the training: settles when the steps under way have had their effect. */
  async return(): Promise<IteratorResult<StepReport<M>, undefined>> {
    this.#follower ??= "loop";
    try {
      await this.#reports.return();
      this.#settle?.resolve(this.#history());
    } catch (error) {
      this.#settle?.reject(error);
      throw error;
    }
    return { done: true, value: undefined };
  }

  /** Begins the training, and settles with its history. */
  then<A = History<M>, B = never>(
    done?: ((history: History<M>) => A | PromiseLike<A>) | null,
    failed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    if (this.#follower === undefined) {
      this.#follower = "await";
      void this.#drive();
    }
    return this.#ended.then(done, failed);
  }

  /** Begins the training, and settles with its history or what `failed` makes of the error. */
  catch<B = never>(
    failed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<History<M> | B> {
    return this.then(undefined, failed);
  }

  /** Begins the training, and settles as it does, behind `done`. */
  finally(done?: (() => void) | null): Promise<History<M>> {
    return this.then().finally(done);
  }

  #follow(): void {
    if (this.#follower === undefined) {
      this.#follower = "loop";
      return;
    }
    throw new ArgumentError(
      `fit: the reports of a fit can be followed once; got a loop over one that is ${this.#follower === "await" ? "awaited" : "followed"} already. Call fit again, or take its onStep and onEpoch.`,
    );
  }

  async #drive(): Promise<void> {
    try {
      while ((await this.#advance()).done !== true);
    } catch {
      // `#ended` has been rejected with it.
    }
  }

  async #advance(): Promise<IteratorResult<StepReport<M>, undefined>> {
    try {
      const next = await this.#reports.next();
      if (next.done !== true) return next;
      this.#settle?.resolve(this.#history());
      return { done: true, value: undefined };
    } catch (error) {
      this.#settle?.reject(error);
      throw error;
    }
  }
}
