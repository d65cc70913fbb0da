/** What can be trained on, in all its forms, and as one pass over it reads it. */
import { shown } from "../arguments.ts";
import { type Dataset, dataset, type Given, type Values } from "../data/index.ts";
import { valuesOf } from "../data/values.ts";
import { ArgumentError } from "../errors.ts";
import { type DType, Tensor } from "../functions.ts";

/** Elements in any form: `{ data, shape, dtype }`, lists of numbers, a typed array, or a tensor, which is read. */
export type Elements = Values | Given | Tensor;

/** What one step is given. */
export interface TrainingBatch {
  readonly x: Values;
  readonly y: Values;
  /**
   * For windows of longer sequences, time first ([T, B, …]): whether the sequences begin here, all of them or row by
   * row. A row that goes on does so from the recurrent state that the window before left; one that begins starts from
   * zeros. Leave it out for examples that stand for themselves.
   */
  readonly start?: boolean | readonly boolean[] | undefined;
  /** Which examples of a data set these are; errors name them. */
  readonly rows?: Uint32Array | undefined;
}

/** The same with elements in any form. */
export interface GivenBatch extends Omit<TrainingBatch, "x" | "y"> {
  readonly x: Elements;
  readonly y: Elements;
}

export type Batches = Iterable<GivenBatch | PromiseLike<GivenBatch>> | AsyncIterable<GivenBatch>;

/**
 * What can be trained on: examples, as `data.dataset` makes them or as `{ x: [N, …], y: [N, …] }`; a text as ids, read
 * as windows in parallel streams; or batches that the caller makes, in memory or as they arrive. A function is called
 * for every epoch and gives a new pass; a generator can be passed over once.
 */
export type TrainingData =
  | Dataset
  | { readonly x: Elements; readonly y: Elements }
  | Int32Array
  | Batches
  | ((epoch: number) => Batches | PromiseLike<Batches>);

/** Data in one of three forms. */
export type ReadyData = Dataset | Int32Array | ((epoch: number) => Batches | PromiseLike<Batches>);

/** What elements become where nothing is said: what the model takes, and what the loss compares with. */
export interface Wanted {
  readonly x: DType;
  /** f32, or i32 for labels; undefined where only the numbers tell. */
  readonly y: DType | undefined;
}

const FORMS =
  "Pass data.dataset({ x, y }), { x, y }, an Int32Array of ids, or batches: a list of { x, y }, or a function* that yields them.";

/**
 * `data` checked and converted.
 * @throws ArgumentError, ShapeError where there is nothing to train on
 */
export async function readied(
  caller: string,
  data: unknown,
  passes: number,
  wanted: Wanted,
): Promise<ReadyData> {
  // What it gives is checked when it is called.
  if (typeof data === "function") return data as Extract<ReadyData, (epoch: number) => unknown>;
  if (data instanceof Int32Array) return data;
  if (isSmallInteger(data)) return Int32Array.from(data);
  const isObject = typeof data === "object" && data !== null && !(data instanceof Tensor);
  if (!isObject || ArrayBuffer.isView(data)) throw refused(caller, data);
  if (isIterable(data)) {
    const pass = checkedPasses(caller, data, passes);
    return () => pass;
  }
  if (!("x" in data && "y" in data)) throw refused(caller, data);
  return examplesOf(caller, { x: data.x, y: data.y }, wanted);
}

async function examplesOf(
  caller: string,
  { x, y }: { readonly x: unknown; readonly y: unknown },
  wanted: Wanted,
): Promise<Dataset> {
  const column = async (given: unknown, dtype: DType | undefined) =>
    // Bytes that become numbers batch by batch; `dataset` checks them.
    typeof given === "object" && given !== null && "scale" in given
      ? (given as Dataset["x"])
      : elementsOf(caller, given, dtype);
  const examples = dataset({ x: await column(x, wanted.x), y: await column(y, wanted.y) });
  if (examples.length > 0) return examples;
  throw new ArgumentError(
    `${caller}: there must be one example at least; got x [${examples.x.shape.join(", ")}]. The first dimension counts the examples.`,
  );
}

function refused(caller: string, got: unknown): ArgumentError {
  const remedy =
    typeof got === "string" ? "Turn a text into ids: data.TextVocabulary.encode." : FORMS;
  return new ArgumentError(
    `${caller}: data must be examples, ids or batches; got ${shown(got)}. ${remedy}`,
  );
}

/** Ids of a text may be stored in fewer bytes. */
function isSmallInteger(data: unknown): data is Int8Array {
  return [Int8Array, Uint8Array, Int16Array, Uint16Array].some((Kind) => data instanceof Kind);
}

function isIterable(data: object): data is Batches {
  return [Symbol.iterator, Symbol.asyncIterator].some(
    (way) => typeof (data as Readonly<Record<symbol, unknown>>)[way] === "function",
  );
}

/** A generator is its own iterator, and is empty when it has been passed over. */
function checkedPasses(caller: string, data: Batches, passes: number): Batches {
  const isOnce = Symbol.iterator in data && (data[Symbol.iterator]() as unknown) === data;
  const isOnceAsync =
    Symbol.asyncIterator in data && (data[Symbol.asyncIterator]() as unknown) === data;
  if (passes === 1 || !(isOnce || isOnceAsync)) return data;
  throw new ArgumentError(
    `${caller}: data for several epochs must be there again for each; got a generator, which can be passed over once, for ${passes} epochs. Pass the function that makes it.`,
  );
}

/** The pass that a function of the caller's making gave. @throws ArgumentError where it is none */
export function checkedBatches(caller: string, made: unknown): Batches {
  if (typeof made === "object" && made !== null && isIterable(made)) return made;
  throw new ArgumentError(
    `${caller}: a function must return an iterable of batches; got ${named(made)}. Make it a generator: function* () { yield { x, y }; }.`,
  );
}

/** @throws ArgumentError where `batch` is none, ShapeError where its data does not fill its shape */
export function batchOf(
  caller: string,
  batch: unknown,
  wanted: Wanted,
): TrainingBatch | Promise<TrainingBatch> {
  if (typeof batch !== "object" || batch === null || !("x" in batch && "y" in batch)) {
    throw new ArgumentError(
      `${caller}: a batch must be { x, y }, each { data, shape, dtype }, a list of numbers or a tensor; got ${named(batch)}. The functions of gradgpu/data make them.`,
    );
  }
  const given = batch as GivenBatch;
  const [x, y] = [elementsOf(caller, given.x, wanted.x), elementsOf(caller, given.y, wanted.y)];
  if (x instanceof Promise || y instanceof Promise) {
    return Promise.all([x, y]).then(([xs, ys]) => ({ ...given, x: xs, y: ys }));
  }
  return { ...given, x, y };
}

/** Values of the host; those of a tensor are read. `wanted` is what those become that do not say. */
function elementsOf(
  caller: string,
  given: unknown,
  wanted: DType | undefined,
): Values | Promise<Values> {
  return given instanceof Tensor ? read(given) : valuesOf(caller, given, wanted);
}

/** One input as `predict` takes it. */
export async function inputOf(
  caller: string,
  given: unknown,
  shape: unknown,
  wanted: DType,
): Promise<Values> {
  return elementsOf(caller, shape === undefined ? given : { data: given, shape }, wanted);
}

async function read(given: Tensor): Promise<Values> {
  const { shape, dtype } = given;
  return { data: await given.data(), shape, dtype };
}

function named(value: unknown): string {
  if (typeof value !== "object" || value === null) return `${typeof value} ${shown(value)}`;
  const { name } = value.constructor ?? { name: "object" };
  return ArrayBuffer.isView(value) || Array.isArray(value)
    ? name
    : `${name} { ${Object.keys(value).join(", ")} }`;
}
