import {
  check,
  checkOptions,
  notNegative,
  number,
  oneOf,
  required,
  rule,
  share,
  whole,
} from "../arguments.ts";
import type { Optimizer } from "./optimizer.ts";

/** When `reduceOnPlateau` reduces, and by how much. */
export interface PlateauOptions {
  /** By which learning rates are multiplied; 0.1. */
  readonly factor?: number;
  /** How many measurements in a row may be no better than the best before it happens; 10. */
  readonly patience?: number;
  /** The share of the best by which another must be better; 1e-4. */
  readonly threshold?: number;
  /** Measurements after a reduction that count for nothing; 0. */
  readonly cooldown?: number;
  /** No rate becomes smaller than this; 0. */
  readonly least?: number;
  /** Whether small or large is good: "min" for losses, "max" for accuracies. */
  readonly mode?: "min" | "max";
}

/** What it has seen, as plain data. */
export interface PlateauState {
  /** The best measurement so far; null before the first. */
  readonly best: number | null;
  /** Measurements since that were no better. */
  readonly bad: number;
  /** Measurements to come that count for nothing. */
  readonly cooling: number;
}

/** What notes measurements and reduces learning rates by them. */
export interface Plateau {
  /**
   * Notes a measurement, of an epoch usually; the steps that are called afterwards have the new rates. One that is NaN, or
   * infinitely bad, is no better than any. Where rates cannot be reduced all is as it was before.
   * @returns whether rates were reduced
   * @throws ArgumentError for what is no number, and, when it is time, for an optimizer that follows a schedule
   */
  observe(measured: number): Promise<boolean>;
  /** What it has seen so far, for a checkpoint. */
  state(): PlateauState;
  /**
   * Goes on from what `state()` gave.
   * @throws ArgumentError for what is no such state
   */
  loadState(saved: PlateauState): void;
}

/**
 * Reduces an optimizer's learning rates, those of its groups too, where a measurement gets no better:
 *
 * ```ts
 * const plateau = optim.reduceOnPlateau(optimizer, { patience: 3 });
 * const onEpoch = ({ validation }: EpochReport) => plateau.observe(validation?.loss ?? 0);
 * await trainer.fit(data, { batchSize: 32, validation, onEpoch });
 * ```
 * PyTorch's ReduceLROnPlateau; of a negative best its threshold goes the other way, so that what is a little worse is better
 * there, and not here.
 * @throws ArgumentError for what is no optimizer, for options that are none, and, when it is time, for an optimizer that
 *   follows a schedule
 */
export function reduceOnPlateau(optimizer: Optimizer, options: PlateauOptions = {}): Plateau {
  check("reduceOnPlateau", "the optimizer", optimizer, anOptimizer);
  checkOptions("reduceOnPlateau", options, {
    factor: share,
    patience: whole,
    threshold: notNegative,
    cooldown: whole,
    least: notNegative,
    mode: oneOf("min", "max"),
  });
  const { factor = 0.1, patience = 10, threshold = 1e-4, cooldown = 0, least = 0 } = options;
  const sign = options.mode === "max" ? -1 : 1;
  let state: PlateauState = { best: null, bad: 0, cooling: 0 };
  return {
    async observe(measured) {
      check("reduceOnPlateau", "measured", measured, number);
      const before = state;
      const { best, bad, cooling } = before;
      const bound = best === null ? Infinity : sign * best - threshold * Math.abs(best);
      const isBetter = sign * measured < bound;
      const isCooling = cooling > 0;
      const worse = isBetter || isCooling ? 0 : bad + 1;
      const isTime = worse > patience;
      state = {
        best: isBetter ? measured : best,
        bad: isTime ? 0 : worse,
        cooling: isTime ? cooldown : Math.max(0, cooling - 1),
      };
      try {
        return isTime && (await reduce(optimizer, factor, least));
      } catch (error) {
        state = before;
        throw error;
      }
    },
    state: () => state,
    loadState(saved) {
      checkOptions("reduceOnPlateau", saved, {
        best: required(nullable),
        bad: required(whole),
        cooling: required(whole),
      });
      state = { ...saved };
    },
  };
}

const anOptimizer = rule(
  "an optimizer, as optim.adam makes it",
  (value) => {
    const { state, setLearningRate } = Object(value);
    return typeof state === "function" && typeof setLearningRate === "function";
  },
  "Write reduceOnPlateau(optimizer, { patience: 3 }).",
);
const nullable = rule("a number or null", (value) => value === null || number.holds(value));

/** Whether a rate was above the least. All rates are reduced, or none. */
async function reduce(optimizer: Optimizer, factor: number, least: number): Promise<boolean> {
  const rates: { readonly group: string | undefined; readonly rate: number }[] = [];
  for (const [name, variable] of optimizer.state()) {
    const found = /^(?:(.*)\.)?learningRate$/.exec(name);
    if (found === null) continue;
    const [rate = 0] = await variable.data();
    rates.push({ group: found[1], rate });
  }
  let isAny = false;
  for (const [i, { group, rate }] of rates.entries()) {
    const next = Math.fround(Math.max(rate * factor, Math.min(rate, least)));
    if (next !== rate) isAny = true;
    try {
      optimizer.setLearningRate(next, group);
    } catch (error) {
      for (const done of rates.slice(0, i)) optimizer.setLearningRate(done.rate, done.group);
      throw error;
    }
  }
  return isAny;
}
