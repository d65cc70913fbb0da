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
   * Notes a measurement, of an epoch usually; the steps that are called afterwards have the new rates.
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
 * PyTorch's ReduceLROnPlateau.
 * @throws ArgumentError for options that are none, and, when it is time, for an optimizer that follows a schedule
 */
export function reduceOnPlateau(optimizer: Optimizer, options: PlateauOptions = {}): Plateau {
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
      const { best, bad, cooling } = state;
      const isBetter = best === null || sign * measured < sign * best - threshold * Math.abs(best);
      const isCooling = cooling > 0;
      const worse = isBetter || isCooling ? 0 : bad + 1;
      const isTime = worse > patience;
      state = {
        best: isBetter ? measured : best,
        bad: isTime ? 0 : worse,
        cooling: isTime ? cooldown : Math.max(0, cooling - 1),
      };
      return isTime && reduce(optimizer, factor, least);
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

const nullable = rule("a number or null", (value) => value === null || number.holds(value));

/** Whether a rate was above the least. */
async function reduce(optimizer: Optimizer, factor: number, least: number): Promise<boolean> {
  let isAny = false;
  for (const [name, variable] of optimizer.state()) {
    const group = /^(?:(.*)\.)?learningRate$/.exec(name);
    if (group === null) continue;
    const [rate = 0] = await variable.data();
    const next = Math.fround(Math.max(rate * factor, Math.min(rate, least)));
    if (next !== rate) isAny = true;
    optimizer.setLearningRate(next, group[1]);
  }
  return isAny;
}
