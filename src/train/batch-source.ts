import {
  type BatchOptions,
  batchCount,
  batches,
  type Dataset,
  sequenceBatchCount,
  sequenceBatches,
  type Values,
} from "../data/index.ts";
import { ArgumentError } from "../errors.ts";

/** What one step is given. */
export interface TrainingBatch {
  readonly x: Values;
  readonly y: Values;
  /**
   * For windows of longer sequences, time first ([T, B, …]): whether the sequences begin here, all of them or row by
   * row. A row that goes on does so from the recurrent state that the window before left; one that begins starts from
   * zeros. Leave it out for examples that stand for themselves.
   */
  readonly start?: boolean | readonly boolean[];
}

/**
 * What can be trained on: examples; a text as ids, read as windows in parallel streams; or batches that the caller
 * makes, from memory or as they arrive, a new pass for every epoch.
 */
export type TrainingData =
  | Dataset
  | Int32Array
  | ((epoch: number) => Iterable<TrainingBatch> | AsyncIterable<TrainingBatch>);

export interface PassOptions {
  readonly batchSize: number;
  /** Steps of a window of truncated back-propagation through time; needed for texts. */
  readonly window?: number | undefined;
  /** Shuffles examples; their own order where it is missing. */
  readonly seed?: number | undefined;
  readonly epoch: number;
  /** Evaluation uses every target once; training prefers batches of one shape. */
  readonly isComplete: boolean;
}

/** One pass over the data. */
export function passOver(
  data: TrainingData,
  options: PassOptions,
): Iterable<TrainingBatch> | AsyncIterable<TrainingBatch> {
  if (typeof data === "function") return iterableOf(data(options.epoch));
  return data instanceof Int32Array ? windows(data, options) : examples(data, options);
}

/** Data of a caller's making may be anything. */
function iterableOf<T>(made: T): T {
  if (
    typeof made === "object" &&
    made !== null &&
    (Symbol.iterator in made || Symbol.asyncIterator in made)
  )
    return made;
  throw new ArgumentError(
    `fit: a function must return an iterable of batches; got ${named(made)}. Make it a generator: function* () { yield { x, y }; }.`,
  );
}

/** @throws ArgumentError where `batch` is no TrainingBatch */
export function checkBatch(batch: unknown): void {
  const isValues = (part: unknown) =>
    typeof part === "object" && part !== null && "data" in part && "shape" in part;
  const { x, y } = (batch ?? {}) as { x?: unknown; y?: unknown };
  if (isValues(x) && isValues(y)) return;
  throw new ArgumentError(
    `fit: a batch must be { x, y }, each { data, shape, dtype }; got ${named(batch)}. The functions of gradgpu/data make them.`,
  );
}

function named(value: unknown): string {
  if (typeof value !== "object" || value === null) return `${typeof value} ${String(value)}`;
  const keys = Object.keys(value);
  const { name } = value.constructor ?? { name: "object" };
  return ArrayBuffer.isView(value) || Array.isArray(value)
    ? name
    : `${name} { ${keys.join(", ")} }`;
}

/** Batches in one pass, or undefined where only the caller knows. */
export function batchesInPass(data: TrainingData, options: PassOptions): number | undefined {
  if (typeof data === "function") return undefined;
  if (data instanceof Int32Array) return sequenceBatchCount(data.length, windowOptions(options));
  return batchCount(data.length, exampleOptions(options));
}

function exampleOptions({ batchSize, seed, epoch, isComplete }: PassOptions): BatchOptions {
  const shuffled = seed === undefined ? {} : { seed };
  return { batchSize, epoch, dropLast: !isComplete, ...shuffled };
}

function examples(data: Dataset, options: PassOptions): Iterable<TrainingBatch> {
  return batches(data, exampleOptions(options));
}

function windowOptions({ batchSize, window, isComplete }: PassOptions) {
  if (window === undefined) {
    throw new ArgumentError(
      "fit: a text is read in windows, and the Trainer was given none; got window undefined. Say how many steps a gradient may reach back: new Trainer(model, { window: 64, … }).",
    );
  }
  return { batchSize, window, remainder: isComplete ? ("pad" as const) : ("drop" as const) };
}

function* windows(ids: Int32Array, options: PassOptions): Generator<TrainingBatch> {
  for (const { inputs, targets, shape, start } of sequenceBatches(ids, windowOptions(options))) {
    yield {
      x: { data: inputs, shape, dtype: "i32" },
      y: { data: targets, shape, dtype: "i32" },
      start,
    };
  }
}
