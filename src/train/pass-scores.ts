/**
 * Loss and metrics over a pass of many batches, from what is read of each. A mean over batches must weigh each by what its
 * own mean was taken over, and that is known either from the targets or from the function that took it.
 */

import type { Collected } from "../metrics/index.ts";
import { mapped } from "../records.ts";
import type { StepNumbers } from "./compiled.ts";
import type { AnyMetric } from "./score.ts";

/** What the batches of a pass have come to so far, as plain data. */
export interface SavedScores {
  /** Of loss and metrics that are means, by name. */
  readonly means: Readonly<Record<string, Sum>>;
  /** The parts of other metrics, by name: sums as a list, and as an array what batches have put one behind the other. */
  readonly parts: Readonly<
    Record<string, Readonly<Record<string, readonly number[] | Float32Array>>>
  >;
}

/** Of a mean. */
export interface Sum {
  /** Σ mean · count. */
  readonly total: number;
  /** What the mean is over. */
  readonly count: number;
}

/** The parts of a metric: sums, or lists that grow. */
type Held = Record<string, Float64Array | number[]>;

export class PassScores {
  readonly #metrics: Readonly<Record<string, AnyMetric>>;
  readonly #means: Map<string, Sum>;
  readonly #parts: Record<string, Held>;

  /** `metrics`: those that are more than a mean. */
  constructor(metrics: Readonly<Record<string, AnyMetric>>, from?: SavedScores) {
    this.#metrics = metrics;
    this.#means = new Map(Object.entries(from?.means ?? {}));
    const known = Object.entries(from?.parts ?? {}).filter(([name]) => name in metrics);
    this.#parts = mapped(Object.fromEntries(known), (parts) =>
      mapped(parts, (numbers) =>
        numbers instanceof Float32Array ? [...numbers] : Float64Array.from(numbers),
      ),
    );
  }

  /** One batch more, of so many targets. */
  add({ loss, metrics, parts, counts }: StepNumbers, targets: number): void {
    for (const [name, mean] of Object.entries({ loss, ...metrics }))
      this.#addMean(name, mean, counts[name] ?? targets);
    for (const [name, own] of Object.entries(parts)) this.#addParts(name, own);
  }

  #addMean(name: string, mean: number, count: number): void {
    const { total, count: before } = this.#means.get(name) ?? { total: 0, count: 0 };
    // What counts for nothing may be anything.
    const more = count > 0 ? { total: total + mean * count, count: before + count } : undefined;
    this.#means.set(name, more ?? { total, count: before });
  }

  #addParts(name: string, parts: Collected): void {
    const held = (Object.hasOwn(this.#parts, name) && this.#parts[name]) || {};
    this.#parts[name] = held;
    const isSum = this.#metrics[name]?.combine === "add";
    for (const [part, numbers] of Object.entries(parts)) {
      const before = Object.hasOwn(held, part) ? held[part] : undefined;
      if (before === undefined) held[part] = isSum ? numbers.slice() : [...numbers];
      else if (Array.isArray(before)) for (const one of numbers) before.push(one);
      else
        for (let i = 0; i < numbers.length; i++) before[i] = (before[i] ?? 0) + (numbers[i] ?? 0);
    }
  }

  /** By name; NaN where nothing counted. */
  means(): Record<string, number> {
    return mapped(Object.fromEntries(this.#means), ({ total, count }) => total / count);
  }

  /** What metrics that are more than a mean come to. */
  values(): Record<string, unknown> {
    const collected = mapped(this.#parts, (parts) =>
      mapped(parts, (held) => Float64Array.from(held)),
    );
    return valuesOf(this.#metrics, collected);
  }

  /** A copy of all that there is. */
  saved(): SavedScores {
    const parts = mapped(this.#parts, (held) =>
      mapped(held, (numbers) =>
        Array.isArray(numbers) ? Float32Array.from(numbers) : [...numbers],
      ),
    );
    return { means: Object.fromEntries(this.#means), parts };
  }
}

/** What a metric comes to, of the parts of one batch or of all. */
export function valuesOf(
  metrics: Readonly<Record<string, AnyMetric>>,
  parts: Readonly<Record<string, Collected>>,
): Record<string, unknown> {
  return mapped(parts, (own, name) => metrics[name]?.value(own));
}
