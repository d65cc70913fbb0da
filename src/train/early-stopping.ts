/** Watching a score of the validation, epoch by epoch. */
import { checkOptions, flag, notNegative, oneOf, rule, text, whole } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import type { AnyModule, StateDict } from "../nn/index.ts";

export interface EarlyStopping {
  /** Which of the validation's scores; "loss". */
  readonly on?: string;
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
  readonly epoch: number;
  readonly value: number;
}

const patience = rule(
  "a whole number of 0 or more, or Infinity",
  (value) => whole.holds(value) || value === Number.POSITIVE_INFINITY,
);

/** @throws ArgumentError */
export function checkEarlyStopping(options: EarlyStopping | undefined): void {
  checkOptions<EarlyStopping>("fit: earlyStopping", options, {
    on: text,
    mode: oneOf("min", "max"),
    patience,
    threshold: notNegative,
    restore: flag,
  });
}

export class BestEpochs {
  readonly #model: AnyModule;
  readonly #options: EarlyStopping;
  #best: BestEpoch | undefined;
  #weights: StateDict | undefined;
  #worse = 0;

  constructor(model: AnyModule, options: EarlyStopping) {
    this.#model = model;
    this.#options = options;
  }

  get best(): BestEpoch | undefined {
    return this.#best;
  }

  /** Whether the training is to end here. A score that is NaN is never better. @throws ArgumentError */
  async isOver(
    epoch: number,
    scores: Readonly<Record<string, number | undefined>>,
  ): Promise<boolean> {
    const { on = "loss", mode = "min", threshold = 0, restore = true } = this.#options;
    const value = scores[on];
    if (value === undefined) {
      throw new ArgumentError(
        `fit: earlyStopping must watch one of the validation's scores, ${Object.keys(scores).join(", ")}; got ${on}. Name one of them, or add it to the Trainer's metrics.`,
      );
    }
    const sign = mode === "min" ? 1 : -1;
    const isBetter =
      this.#best === undefined
        ? !Number.isNaN(value)
        : sign * value < sign * this.#best.value - threshold;
    if (!isBetter) return ++this.#worse > (this.#options.patience ?? 0);
    this.#worse = 0;
    this.#best = { epoch, value };
    if (restore) this.#weights = await this.#model.stateDict();
    return false;
  }

  /** Puts the best epoch's weights back, where they were kept. */
  restore(): void {
    // Whatever they are, they were the model's.
    if (this.#weights !== undefined)
      this.#model.loadStateDict(this.#weights, { allowNonFinite: true });
  }
}
