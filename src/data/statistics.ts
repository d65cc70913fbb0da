import { checkOptions, integer, isRecord, shown, text } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { sizeOf, Tensor } from "../functions.ts";
import type { Column } from "./dataset.ts";
import { isSource, itemsOf, type Source } from "./source.ts";
import { type Given, valuesOf } from "./values.ts";

/** Numbers in any form: lists, typed arrays, `{ data, shape }`, columns of a dataset, a tensor, which is read. */
type Numbers = Given | Column | Tensor;
/** The same, or what has them under a name: a dataset, a batch, `{ x }`. */
type Held = Numbers | object;

/** What is counted. */
export interface StatisticsOptions {
  /**
   * The dimension of which every index is a feature. The last one where nothing is said; numbers in one row, such as
   * targets [N], are one feature.
   */
  readonly axis?: number;
  /** Which part of a dataset or of batches is counted: `x`, `y`, `x.image`; x. */
  readonly column?: string;
}

/** What `nn.normalisation` is made from; plain numbers that can be saved as JSON. */
export interface FeatureStatistics {
  /** Of every feature. */
  readonly mean: readonly number[];
  /** Of every feature: Σ (x − mean)² / count. 0 where it is the same number throughout. */
  readonly variance: readonly number[];
  /** Numbers that each feature has. */
  readonly count: number;
}

/**
 * Mean and variance of every feature over a dataset, an array, or batches as they are read, in float64 and in one pass
 * (Welford 1962): memory holds one batch.
 *
 * ```ts
 * const scale = nn.normalisation(await data.statistics(trainingData));
 * ```
 * @throws ArgumentError for a number that is not finite and where there is none at all, ShapeError where batches differ
 *   in their features
 */
export async function statistics(
  source: Held | Source<Held>,
  options: StatisticsOptions = {},
): Promise<FeatureStatistics> {
  checkOptions<StatisticsOptions>("statistics", options, { axis: integer, column: text });
  const { axis, column = "x" } = options;
  const moments = new Moments();
  if (isStream(source)) {
    for await (const item of itemsOf("statistics", source))
      moments.take(await columnIn(item, column), axis);
  } else moments.take(await columnIn(source, column), axis);
  return moments.result();
}

/** A list of lists is numbers; one of records is batches. */
function isStream(source: unknown): source is Source<Held> {
  if (Array.isArray(source)) return isRecord(source[0]) || source[0] instanceof Tensor;
  const isOwn = source instanceof Tensor || ArrayBuffer.isView(source);
  const isAny = typeof source === "function" || (typeof source === "object" && source !== null);
  return isAny && !isOwn && isSource(source);
}

async function columnIn(given: unknown, path: string): Promise<Column> {
  const found = isNamed(given) ? partAt(given, path) : given;
  if (found instanceof Tensor)
    return { data: await found.data(), shape: found.shape, dtype: found.dtype };
  if (isRecord(found) && "scale" in found) return found as Column;
  return valuesOf("statistics", found, "f32");
}

function partAt(given: unknown, path: string): unknown {
  let part = given;
  for (const name of path.split(".")) {
    if (isNamed(part) && Object.hasOwn(part, name)) part = part[name];
    else {
      throw new ArgumentError(
        `statistics: there must be a column ${shown(path)}; got ${shown(given)}. Name another by { column }.`,
      );
    }
  }
  return part;
}

function isNamed(given: unknown): given is Readonly<Record<string, unknown>> {
  return !(given instanceof Tensor) && isRecord(given) && !("data" in given);
}

class Moments {
  #mean: number[] = [];
  /** Σ (x − mean)². */
  #squares: number[] = [];
  #count = 0;

  take(column: Column, axis: number | undefined): void {
    const { data, shape } = column;
    const { features, inner } = layoutOf(shape, axis);
    if (this.#count === 0) {
      this.#mean = new Array<number>(features).fill(0);
      this.#squares = new Array<number>(features).fill(0);
    } else if (features !== this.#mean.length) {
      throw new ShapeError(
        `statistics: all batches must have the same features; got ${features} in [${shape.join(", ")}] after ${this.#mean.length}. Choose the dimension of the features by { axis }.`,
      );
    }
    const { scale, offset } = "scale" in column ? column : { scale: 1, offset: 0 };
    for (let from = 0; from < data.length; from += features * inner)
      for (let i = from; i < from + inner; i++) this.#takeRow(data, i, inner, scale, offset);
  }

  /** One number of every feature, from `at` on, `step` apart. A feature that never varies keeps Σ exactly 0. */
  #takeRow(data: ArrayLike<number>, at: number, step: number, scale: number, offset: number): void {
    const count = ++this.#count;
    for (let f = 0; f < this.#mean.length; f++) {
      const x = Number(data[at + f * step]) * scale + offset;
      if (!Number.isFinite(x)) {
        throw new ArgumentError(
          `statistics: every number must be finite; got ${x} of feature ${f}, after ${count - 1} of each. Leave such examples out, or put a number in its place.`,
        );
      }
      const mean = this.#mean[f] ?? 0;
      const next = mean + (x - mean) / count;
      this.#mean[f] = next;
      this.#squares[f] = (this.#squares[f] ?? 0) + (x - mean) * (x - next);
    }
  }

  result(): FeatureStatistics {
    const count = this.#count;
    if (count > 0) {
      return { mean: this.#mean, variance: this.#squares.map((sum) => sum / count), count };
    }
    throw new ArgumentError(
      "statistics: there must be one example at least; got none. Is the source empty, or a generator that was read before?",
    );
  }
}

/** Elements [outer, features, inner]. */
function layoutOf(shape: readonly number[], axis: number | undefined) {
  if (axis === undefined && shape.length < 2) return { features: 1, inner: 1 };
  const at = axis === undefined ? shape.length - 1 : axis < 0 ? axis + shape.length : axis;
  const features = shape[at];
  if (features !== undefined) return { features, inner: sizeOf(shape.slice(at + 1)) };
  throw new ShapeError(
    `statistics: the axis must be a dimension of the data; got axis ${axis} of [${shape.join(", ")}]. -1 is the last dimension, that of the features.`,
  );
}
