/** What is measured of a batch, and what its means are taken over: `PassScores` puts batches together. */
import { isRecord, shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { describe, div, greater, reshape, sizeOf, Tensor, where } from "../functions.ts";
import type { ClassTargets } from "../losses/index.ts";
import type { Metric, Parts } from "../metrics/index.ts";
import type { Module, Tensors, TensorsByName } from "../nn/index.ts";
import type { Measure } from "./objective.ts";
import type { StepBatch } from "./training-data.ts";

/** A mean that says what it is taken over: `sum` / `count`, both f32[], and 0 where the count is 0. */
export interface Mean {
  /** f32[]. */
  readonly sum: Tensor;
  /** f32[]: what the sum is divided by. */
  readonly count: Tensor;
}

/**
 * (model's output, targets) → a mean: over the targets that count, see `Trainer.evaluate`, or over what it says. Of a
 * Trainer that was told a `batch`: (model, batch of tensors by name).
 */
export type LossFunction<Y = Tensor, T = Tensor> = (output: Y, targets: T) => Tensor | Mean;

/** Further numbers to report, by name: functions as the loss is one, or metrics of a whole pass. */
export type Metrics<Y = Tensor, T = Tensor, M extends string = string> = {
  readonly [Name in M]: LossFunction<Y, T> | Metric<number, Y, T>;
};

/** What a Trainer's functions are given first: the model's output, or the model where T is the names of a batch. */
export type LossInput<X extends Tensors, Y extends Tensors, T> = [T] extends [string]
  ? Module<X, Y>
  : Y;

/** The metrics that nobody has to name: accuracy, of `losses.crossEntropy` alone. */
export type MetricsOf<T> = keyof ClassTargets extends keyof T ? "accuracy" : never;

/** What they are given second: targets T, or the batch of those names. */
export type LossTargets<T> = [T] extends [string] ? TensorsByName<T> : T;

/** Loss or metric, whatever it takes. */
export type AnyFunction = (...given: never[]) => unknown;
export type AnyMetric<R = unknown> = Metric<R, never, never>;
export type AnyMetrics = Readonly<Record<string, AnyFunction | AnyMetric>>;

export const isMetric = (value: unknown): boolean =>
  isRecord(value) && "parts" in value && "value" in value;

/** A number of one batch; `count` where its function says what it is a mean over. */
export interface Score {
  readonly value: Tensor;
  readonly count: Tensor | undefined;
}

/** @throws ArgumentError where `measured` is neither one number as a tensor nor a mean */
export function scoreOf(caller: string, name: string, measured: unknown): Score {
  const rule = `${caller}: ${name} must return one number as a tensor, or { sum, count } of two`;
  if (!isMean(measured)) return { value: numberOf(rule, measured, CALLED), count: undefined };
  const partOf = (part: string) =>
    `${caller}: the ${part} of ${name} must be one number as a tensor`;
  const sum = numberOf(partOf("sum"), measured.sum, COMPUTED);
  const count = numberOf(partOf("count"), measured.count, COMPUTED);
  // The inner `where` keeps a division by zero out of the gradient.
  const isAny = greater(count, 0);
  return { value: where(isAny, div(sum, where(isAny, count, 1)), 0), count };
}

function isMean(measured: unknown): measured is { sum: unknown; count: unknown } {
  return (
    typeof measured === "object" && measured !== null && "sum" in measured && "count" in measured
  );
}

const CALLED =
  "It is called once, on tensors that have no values yet: it must not be async, and computes with functions on tensors.";
const COMPUTED = "Compute it with functions on tensors, or write tensor(2).";

/** `rule` is the beginning of what is said of anything else, `remedy` its end where it is no tensor. */
function numberOf(rule: string, measured: unknown, remedy: string): Tensor {
  if (measured instanceof Tensor && measured.size === 1) {
    return measured.shape.length === 0 ? measured : reshape(measured, []);
  }
  // What an asynchronous function comes to is nobody's to await, nor is its error.
  if (measured instanceof Promise) measured.catch(() => undefined);
  const got = measured instanceof Tensor ? describe(measured.type) : shown(measured);
  const end = measured instanceof Tensor ? "Reduce it with mean() or sum()." : remedy;
  throw new ArgumentError(`${rule}; got ${got}. ${end}`);
}

/** Those of `metrics` that are more than a mean. */
export function wholeMetrics(metrics: AnyMetrics): Readonly<Record<string, AnyMetric>> {
  const own = Object.entries(metrics).flatMap(([name, metric]) =>
    typeof metric === "function" ? [] : [[name, metric] as const],
  );
  return Object.fromEntries(own);
}

/**
 * By name: what all of `metrics` are, what those of them that say so are means over, as `loss` does, and the parts of
 * others.
 */
export function scoresOf(caller: string, loss: Score, metrics: AnyMetrics, measure: Measure) {
  const values: Record<string, Tensor> = {};
  const counts: Record<string, Tensor> = loss.count === undefined ? {} : { loss: loss.count };
  const parts: Record<string, Parts> = {};
  for (const [name, metric] of Object.entries(metrics)) {
    if (typeof metric !== "function") {
      // What it is measured by is what its type says.
      parts[name] = measure(metric.parts) as Parts;
      continue;
    }
    const measured = measure(metric);
    if (isMetric(measured)) {
      throw new ArgumentError(
        `${caller}: metric ${name} must be a metric; got a function that makes one. Call it: { ${name}: metrics.${metric.name}() }.`,
      );
    }
    const { value, count } = scoreOf(caller, `metric ${name}`, measured);
    values[name] = value;
    if (count !== undefined) counts[name] = count;
  }
  return { values, counts, parts };
}

/**
 * What means over a batch are taken over. Where there are targets y, its elements, but for negative labels, which the
 * losses leave out; else its examples, of windows their steps.
 */
export function targetsIn({ columns, x, start }: StepBatch): number {
  const { y } = columns;
  if (y === undefined) return sizeOf(x.shape.slice(0, start === undefined ? 1 : 2));
  const { data, dtype } = y;
  if (dtype !== "i32") return data.length;
  let count = 0;
  // In every step: by index 4,096 labels take 2 µs, by an iterator 15.
  for (let i = 0; i < data.length; i++) count += (data[i] ?? 0) >= 0 ? 1 : 0;
  return count;
}
