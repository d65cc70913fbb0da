/**
 * Means over a pass of many batches. A mean over batches must weigh each by what its own mean was taken over, and that
 * is known either from the targets or from the function that took it.
 */
import type { Values } from "../data/index.ts";
import { div, greater, type Tensor, where } from "../functions.ts";

/** A mean that says what it is taken over: `sum` / `count`, both f32[], and 0 where the count is 0. */
export interface Mean {
  readonly sum: Tensor;
  readonly count: Tensor;
}

/** (model's output, targets) → a mean: over the targets that count (see `targetsIn`), or over what it says. */
export type LossFunction = (output: Tensor, targets: Tensor) => Tensor | Mean;
export type Metrics = Readonly<Record<string, LossFunction>>;

/** A number of one batch; `count` where its function says what it is a mean over. */
interface Score {
  readonly value: Tensor;
  readonly count: Tensor | undefined;
}

export function scoreOf(measured: Tensor | Mean): Score {
  if (!("count" in measured)) return { value: measured, count: undefined };
  const { sum, count } = measured;
  // The inner `where` keeps a division by zero out of the gradient.
  const isAny = greater(count, 0);
  return { value: where(isAny, div(sum, where(isAny, count, 1)), 0), count };
}

/** By name: what all of `metrics` are, and what those of them that say so are means over. */
export function scoresOf(metrics: Metrics, output: Tensor, targets: Tensor) {
  const values: Record<string, Tensor> = {};
  const counts: Record<string, Tensor> = {};
  for (const [name, metric] of Object.entries(metrics)) {
    const { value, count } = scoreOf(metric(output, targets));
    values[name] = value;
    if (count !== undefined) counts[name] = count;
  }
  return { values, counts };
}

/** How many of a batch's targets count: its elements, but for negative labels, which the losses leave out. */
export function targetsIn({ data, dtype }: Values): number {
  if (dtype !== "i32") return data.length;
  let count = 0;
  for (const label of data) if (label >= 0) count++;
  return count;
}

/** Adds up means of batches. */
export class Means {
  readonly #sums = new Map<string, { total: number; count: number }>();

  add(name: string, mean: number, count: number): void {
    const sum = this.#sums.get(name) ?? { total: 0, count: 0 };
    // What counts for nothing may be anything.
    if (count > 0) {
      sum.total += mean * count;
      sum.count += count;
    }
    this.#sums.set(name, sum);
  }

  /** NaN where nothing counted. */
  all(): Record<string, number> {
    const means = [...this.#sums].map(([name, { total, count }]) => [name, total / count] as const);
    return Object.fromEntries(means);
  }
}
