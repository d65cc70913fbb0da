import { check, isRecord, rule } from "../arguments.ts";
import { Tensor } from "../functions.ts";

/** What a batch gives, by name: f32, of at most 1,024 elements each so that it comes with the step. */
export type Parts = Readonly<Record<string, Tensor>>;

/** The same over a pass, one batch's behind the other's or added up; f32 sums of a batch are added in f64. */
export type Collected = Readonly<Record<string, Float64Array>>;

/**
 * Something measured over a whole pass of a Trainer: what every batch gives is computed with the step, on the device, and
 * what all of them come to on the host. So a precision is that of the pass, and no mean of means.
 */
export interface Metric<R = number, Y = Tensor, T = Tensor> {
  /**
   * Called once, on tensors without values: of the model's output and the targets, or of model and batch.
   * @throws ShapeError, DTypeError, ArgumentError for outputs and targets that the metric does not take
   */
  readonly parts: (output: Y, targets: T) => Parts;
  /** Whether the parts of batches are added up, or stand one behind the other in order. */
  readonly combine: "add" | "join";
  /**
   * What it comes to. NaN where nothing counts.
   * @throws ArgumentError for anything else than what `parts` gave
   */
  readonly value: (collected: Collected) => R;
}

const collections = rule(
  "arrays by name, of what the metric's parts gave",
  (value) => isRecord(value) && Object.values(value).every((one) => ArrayBuffer.isView(one)),
);

/** A metric that says who called it with what it cannot use. */
export function metric<R>(name: string, own: Metric<R>): Metric<R> {
  return {
    ...own,
    value(collected) {
      check(name, "collected", collected, collections, "It is the Trainer that calls value().");
      return own.value(collected);
    },
  };
}

/** What to write instead of handing over the function that makes a metric, which is then called with tensors. */
export const called = (name: string) => (given: unknown) =>
  given instanceof Tensor
    ? `{ ${name}: metrics.${name}() }, with a call`
    : `metrics.${name}({ threshold: 0.5 })`;

export const quotient = (total = 0, count = 0) => (count > 0 ? total / count : Number.NaN);

/** A mean over a pass: Σ total / Σ count. */
export function meanMetric(
  name: string,
  parts: (output: Tensor, targets: Tensor) => { readonly total: Tensor; readonly count: Tensor },
  finish: (mean: number) => number = (mean) => mean,
): Metric {
  return metric(name, {
    parts: (output, targets) => ({ ...parts(output, targets) }),
    combine: "add",
    value: ({ total, count }) => finish(quotient(total?.[0], count?.[0])),
  });
}
