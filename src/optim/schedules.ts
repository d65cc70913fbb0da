/** Learning rates as functions of the step, computed on the device: each is that of the very update it is for. */
import {
  checkOptions,
  count,
  isListOf,
  notNegative,
  positive,
  required,
  rule,
  share,
  shown,
} from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import {
  add,
  asTensor,
  cos,
  describe,
  div,
  floor,
  greaterEqual,
  less,
  minimum,
  mul,
  pow,
  sub,
  Tensor,
  where,
} from "../functions.ts";

/**
 * From the number of updates made so far, f32 [] and 0 at the first one, to the learning rate of the next, f32 [] or a
 * number. It is called once, while a step is traced: what it computes with functions on tensors is part of the plan.
 * @throws ArgumentError, DTypeError, those that are made here, for what is no tensor and no f32
 */
export type Schedule = (step: Tensor) => Tensor | number;

const more = rule("a whole number of 2 or more", (value) => count.holds(value) && value !== 1);
const steps = rule("steps that grow, as [100, 200]", (value) =>
  isListOf(value, (at, i, all) => count.holds(at) && Number(at) > Number(all[i - 1] ?? 0)),
);
const RANGE = { from: required(notNegative), to: notNegative, steps: required(count) };
const next = rule(
  "a number of 0 or more, or a schedule",
  (value) => notNegative.holds(value) || typeof value === "function",
);

/** @throws ArgumentError unless the schedule gives one f32 number */
export function rateAt(caller: string, schedule: Schedule | number, step: Tensor): Tensor {
  const rate: unknown = typeof schedule === "number" ? schedule : schedule(step);
  if (notNegative.holds(rate)) return asTensor(rate as number);
  if (rate instanceof Tensor && rate.dtype === "f32" && rate.shape.length === 0) return rate;
  throw new ArgumentError(
    `${caller}: a schedule must return one number, f32[]; got ${rate instanceof Tensor ? describe(rate.type) : shown(rate)}. It is called once, on a step that has no value yet: compute with functions on tensors.`,
  );
}

/** How often so many steps fit into what has been done; dividing may round down what divides exactly. */
const wholes = (step: Tensor, every: number) => floor(div(add(step, 0.5), every));
/** From 0 to 1 in so many steps, and 1 from then on. */
const progress = (step: Tensor, length: Tensor | number) => minimum(div(step, length), 1);
/** Half a cosine from `from` to `to`. */
const swing = (from: number, to: number, share: Tensor) =>
  add(to, mul((from - to) / 2, add(cos(mul(share, Math.PI)), 1)));

/** How often a rate changes. */
export interface StepDecayOptions {
  /** The first rate. */
  readonly rate: number;
  /** Steps from one change to the next. */
  readonly every: number;
  /** By which the rate is multiplied; 0.1. */
  readonly factor?: number;
}

/**
 * rate · factor^⌊step / every⌋, PyTorch's StepLR. Steps are updates, counted from 0.
 * @throws ArgumentError for options that are missing or break their rules
 */
export function stepDecay(options: StepDecayOptions): Schedule {
  checkOptions("stepDecay", options, {
    rate: required(notNegative),
    every: required(count),
    factor: positive,
  });
  const { rate, every, factor: by = 0.1 } = options;
  return (step) => mul(rate, pow(by, wholes(step, every)));
}

/** At which steps a rate changes. */
export interface MultiStepOptions {
  /** The first rate. */
  readonly rate: number;
  /** The steps at which the rate is multiplied. */
  readonly at: readonly number[];
  /** By what; 0.1. */
  readonly factor?: number;
}

/**
 * The rate times `factor` for each of the steps `at` that has come, PyTorch's MultiStepLR. Steps are updates, counted
 * from 0.
 * @throws ArgumentError for options that are missing or break their rules
 */
export function multiStep(options: MultiStepOptions): Schedule {
  checkOptions("multiStep", options, {
    rate: required(notNegative),
    at: required(steps),
    factor: positive,
  });
  const { rate, at, factor: by = 0.1 } = options;
  return (step) =>
    at.reduce((now: Tensor, from) => mul(now, where(less(step, from), 1, by)), asTensor(rate));
}

/** How fast a rate falls. */
export interface ExponentialOptions {
  /** The first rate. */
  readonly rate: number;
  /** By which the rate is multiplied in every step, or every so many. */
  readonly factor: number;
  /** In how many steps it falls by `factor`; 1. */
  readonly every?: number;
}

/**
 * rate · factor^(step / every), smoothly; PyTorch's ExponentialLR. Steps are updates, counted from 0.
 * @throws ArgumentError for options that are missing or break their rules
 */
export function exponential(options: ExponentialOptions): Schedule {
  checkOptions("exponential", options, {
    rate: required(notNegative),
    factor: required(positive),
    every: count,
  });
  const { rate, factor: by, every = 1 } = options;
  return (step) => mul(rate, pow(by, div(step, every)));
}

/** Between which rates a polynomial goes. */
export interface PolynomialOptions {
  /** The first rate. */
  readonly from: number;
  /** 0. */
  readonly to?: number;
  /** Steps until the rate is `to`, where it stays. */
  readonly steps: number;
  /** 1: a line. */
  readonly power?: number;
}

/**
 * to + (from − to) · (1 − step / steps)^power, PyTorch's LinearLR and PolynomialLR. Steps are updates, counted from 0.
 * @throws ArgumentError for options that are missing or break their rules
 */
export function polynomial(options: PolynomialOptions): Schedule {
  checkOptions("polynomial", options, { ...RANGE, power: positive });
  const { from, to = 0, steps: length, power = 1 } = options;
  return (step) => {
    const left = sub(1, progress(step, length));
    return add(to, mul(from - to, power === 1 ? left : pow(left, power)));
  };
}

/** Between which rates a cosine goes, and how often. */
export interface CosineOptions {
  /** The first rate. */
  readonly from: number;
  /** 0. */
  readonly to?: number;
  /** Steps until the rate is `to`, where it stays unless it begins again. */
  readonly steps: number;
  /** Begins again at `from`, for so many times as many steps; no restarts where nothing is said. */
  readonly restart?: number;
}

/**
 * to + (from − to) · (1 + cos(π · step / steps)) / 2, with warm restarts or without. Loshchilov & Hutter 2017, SGDR.
 * Steps are updates, counted from 0.
 * @throws ArgumentError for options that are missing or break their rules
 */
export function cosine(options: CosineOptions): Schedule {
  checkOptions("cosine", options, { ...RANGE, restart: count });
  const { from, to = 0, steps: length, restart } = options;
  return (step) => {
    if (restart === undefined) return swing(from, to, progress(step, length));
    const [begun, own] =
      restart === 1 ? [mul(wholes(step, length), length), length] : cycle(step, length, restart);
    return swing(from, to, div(sub(step, begun), own));
  };
}

/** Where the cycle began in which a step is, and how long it is: whole numbers below 2²⁴, which f32 holds. */
function cycle(step: Tensor, length: number, growth: number): [begun: Tensor, length: Tensor] {
  let [begun, own] = [asTensor(0), asTensor(length)];
  for (let [end, size] = [length, length]; end < 2 ** 24; end += size) {
    const isOver = greaterEqual(step, end);
    begun = where(isOver, end, begun);
    size *= growth;
    own = where(isOver, size, own);
  }
  return [begun, own];
}

/** How long a rate rises, and what follows. */
export interface WarmUpOptions {
  /** Steps until the rate is all of it. */
  readonly steps: number;
  /** What comes behind them; a schedule begins there. */
  readonly rate: number | Schedule;
  /** The share of it that the first step has; 1 / steps. */
  readonly from?: number;
}

/**
 * A line from a share of the rate to all of it, and then another schedule. Goyal et al. 2017. Steps are updates,
 * counted from 0.
 * @throws ArgumentError for options that are missing or break their rules
 */
export function warmUp(options: WarmUpOptions): Schedule {
  checkOptions("warmUp", options, {
    steps: required(count),
    rate: required(next),
    from: notNegative,
  });
  const { steps: length, rate, from = 1 / length } = options;
  return inTurn({
    at: [length],
    schedules: [
      (step) =>
        mul(rateAt("warmUp", rate, asTensor(0)), add(from, mul(1 - from, progress(step, length)))),
      rate,
    ],
  });
}

/** Which schedules follow each other, and when. */
export interface InTurnOptions {
  /** The steps at which the next one takes over. */
  readonly at: readonly number[];
  /** One more than there are such steps; each counts from where it begins. */
  readonly schedules: readonly (number | Schedule)[];
}

/**
 * One schedule after the other, PyTorch's SequentialLR. Steps are updates, counted from 0.
 * @throws ArgumentError for options that are missing or break their rules
 */
export function inTurn(options: InTurnOptions): Schedule {
  const given = rule(
    `${(options?.at?.length ?? 0) + 1} schedules, one more than there are steps in at`,
    (value) => isListOf(value, next.holds, options.at.length + 1),
  );
  checkOptions("inTurn", options, { at: required(steps), schedules: required(given) });
  const { at, schedules } = options;
  return (step) =>
    schedules
      .map((own, i): [number, Tensor] => [
        at[i - 1] ?? 0,
        rateAt("inTurn", own, sub(step, at[i - 1] ?? 0)),
      ])
      .reduce((now, [from, rate]) => [from, where(less(step, from), now[1], rate)])[1];
}

/** How high a cycle goes, and how long it is. */
export interface OneCycleOptions {
  /** The largest rate. */
  readonly max: number;
  /** Of the whole cycle; the rate stays as small as it is then. */
  readonly steps: number;
  /** The share of the steps in which the rate grows; 0.3. */
  readonly rise?: number;
  /** The first rate is max / divide; 25. */
  readonly divide?: number;
  /** The last is max / divide / finalDivide; 10,000. */
  readonly finalDivide?: number;
}

/**
 * Up by half a cosine, and down to nearly nothing by another, PyTorch's OneCycleLR. Smith & Topin 2018. Steps are
 * updates, counted from 0.
 * @throws ArgumentError for options that are missing or break their rules
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  checkOptions("oneCycle", options, {
    max: required(notNegative),
    steps: required(more),
    rise: share,
    divide: positive,
    finalDivide: positive,
  });
  const { max, steps: length, rise = 0.3, divide = 25, finalDivide = 1e4 } = options;
  const [first, top, end] = [max / divide, rise * length - 1, length - 1];
  return (step) => {
    const up = swing(first, max, progress(step, top));
    const down = swing(max, first / finalDivide, progress(sub(step, top), end - top));
    return top > 0 ? where(less(step, top), up, down) : down;
  };
}
