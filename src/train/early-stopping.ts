/** Watching a score of the validation, epoch by epoch. */
import { checkOptions, flag, notNegative, oneOf, rule, text, whole } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import type { AnyModule, StateDict } from "../nn/index.ts";

/** Which score is watched, and for how long it may get no better. */
export interface EarlyStopping<M extends string = never> {
  /** Which of the validation's scores; "loss". */
  readonly on?: "loss" | M;
  /** Whether small or large is good; "min" where nothing is said: say "max" of an accuracy. */
  readonly mode?: "min" | "max";
  /** How many epochs in a row may be no better than the best before the training ends; 0. Infinity never ends it. */
  readonly patience?: number;
  /** By how much an epoch must be better; 0. */
  readonly threshold?: number;
  /** Whether the model has the best epoch's parameters and buffers in the end; true. */
  readonly restore?: boolean;
}

/** The epoch that was the best. */
export interface BestEpoch {
  /** Which one, counted from 1. */
  readonly epoch: number;
  /** What the watched score was. */
  readonly value: number;
}

const patience = rule(
  "a whole number of 0 or more, or Infinity",
  (value) => whole.holds(value) || value === Number.POSITIVE_INFINITY,
);

/** `scores`: those that a validation has. @throws ArgumentError */
export function checkEarlyStopping(
  options: EarlyStopping<string> | undefined,
  scores: readonly string[],
): void {
  checkOptions<EarlyStopping<string>>("fit: earlyStopping", options, {
    on: text,
    mode: oneOf("min", "max"),
    patience,
    threshold: notNegative,
    restore: flag,
  });
  const on = options?.on ?? "loss";
  if (scores.includes(on)) return;
  throw new ArgumentError(
    `fit: earlyStopping must watch one of the validation's scores, ${scores.join(", ")}; got ${on}. Name one of them, or add it to the Trainer's metrics.`,
  );
}

/** What early stopping has seen, as plain data. */
export interface SavedEarlyStopping {
  /** The best epoch so far. */
  readonly best?: BestEpoch | undefined;
  /** Epochs in a row that were no better. */
  readonly worse: number;
  /** The model's state after the best epoch, where it is kept. */
  readonly weights?: StateDict | undefined;
}

export class BestEpochs {
  readonly #model: AnyModule;
  readonly #options: EarlyStopping<string>;
  #seen: SavedEarlyStopping;

  constructor(model: AnyModule, options: EarlyStopping<string>, seen?: SavedEarlyStopping) {
    this.#model = model;
    this.#options = options;
    this.#seen = seen ?? { worse: 0 };
  }

  get best(): BestEpoch | undefined {
    return this.#seen.best;
  }

  /** Everything it has seen. */
  get seen(): SavedEarlyStopping {
    return this.#seen;
  }

  /** What will have been seen with an epoch's scores. A score that is NaN is never better. */
  async judge(
    epoch: number,
    scores: Readonly<Record<string, number | undefined>>,
  ): Promise<SavedEarlyStopping> {
    const { best } = this.#seen;
    const { on = "loss", mode = "min", threshold = 0, restore = true } = this.#options;
    // The options have been checked.
    const value = scores[on] ?? Number.NaN;
    const sign = mode === "min" ? 1 : -1;
    const isBetter =
      best === undefined ? !Number.isNaN(value) : sign * value < sign * best.value - threshold;
    if (!isBetter) return { ...this.#seen, worse: this.#seen.worse + 1 };
    const weights = restore ? await this.#model.stateDict() : undefined;
    return { best: { epoch, value }, worse: 0, weights };
  }

  /** Notes that as seen. Returns whether the training is to end here. */
  accept(seen: SavedEarlyStopping): boolean {
    this.#seen = seen;
    return seen.worse > (this.#options.patience ?? 0);
  }

  /** Puts the best epoch's weights back, where they were kept. */
  restore(): void {
    const { weights } = this.#seen;
    // Whatever they are, they were the model's.
    if (weights !== undefined) this.#model.loadStateDict(weights, { allowNonFinite: true });
  }
}
