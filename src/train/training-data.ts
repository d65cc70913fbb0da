/** What can be trained on, in all its forms, and as one pass over it reads it. */

import { isRecord, shown } from "../arguments.ts";
import { columnOf, lengthOf } from "../data/dataset.ts";
import type { Column, Given, Values } from "../data/index.ts";
import { valuesOf } from "../data/values.ts";
import { ArgumentError, InternalError } from "../errors.ts";
import { type DType, Tensor } from "../functions.ts";
import type { Each, Tensors } from "../nn/index.ts";
import { mapped, mappedLater } from "../records.ts";

/** Elements in any form: `{ data, shape, dtype }`, lists of numbers, a typed array, or a tensor, which is read. */
export type Elements = Values | Given | Tensor;

/** What a batch may say besides. */
export interface BatchMarks {
  /**
   * For windows of longer sequences, [T, B, …], or [B, T, …] for a model with `batchFirst`: whether the sequences begin here, all of them or row by
   * row. A row that goes on does so from the recurrent state that the window before left; one that begins starts from
   * zeros. Leave it out for examples that stand for themselves.
   */
  readonly start?: boolean | readonly boolean[] | undefined;
  /** Which examples of a data set these are; errors name them. */
  readonly rows?: Uint32Array | undefined;
}

/** What one step is given. */
export interface TrainingBatch extends BatchMarks {
  /** Inputs, [B, …]. */
  readonly x: Values;
  /** Targets, [B, …]. */
  readonly y: Values;
}

/** Elements in any form for inputs X and targets T, several of them by name: of examples [N, …], of a batch [B, …]. */
export interface InputsAndTargets<X extends Tensors = Tensor, T extends Tensors = Tensor> {
  /** What the model takes. */
  readonly x: Each<X, Elements>;
  /** What its output is compared with. */
  readonly y: Each<T, Elements>;
}

/** Inputs X and targets T; where a Trainer was told the names T of its `batch`, elements by them. */
export type ColumnsFor<X extends Tensors, T extends Tensors | string> = [T] extends [string]
  ? { readonly [Name in T]: Elements }
  : T extends Tensors
    ? InputsAndTargets<X, T>
    : never;

/** A batch with elements in any form, and what it may say besides. */
export type GivenBatch<
  X extends Tensors = Tensor,
  T extends Tensors | string = Tensor,
> = ColumnsFor<X, T> & BatchMarks;

/** Columns by name: `x`, `y`, or `x.image` where there are several inputs. */
export type Columns<C = Values> = Readonly<Record<string, C>>;

/** A batch as a step reads it. */
export interface StepBatch extends Pick<TrainingBatch, "start" | "rows"> {
  readonly columns: Columns;
  /** The first column, whose rows and steps count. */
  readonly x: Values;
}

/** Batches as they come, in memory or when they are asked for. */
export type Batches<X extends Tensors = Tensor, T extends Tensors | string = Tensor> =
  | readonly GivenBatch<X, T>[]
  | Iterable<GivenBatch<X, T> | PromiseLike<GivenBatch<X, T>>>
  | AsyncIterable<GivenBatch<X, T>>;

/** A text as ids; small ones may be stored in fewer bytes. */
export type TextIds = Int32Array | Int16Array | Uint16Array | Int8Array | Uint8Array;

/**
 * What can be trained on: examples, as `data.dataset` makes them or as `{ x: [N, …], y: [N, …] }`; a text as ids, read
 * as windows in parallel streams; or batches that the caller makes, in memory or as they arrive. A function is called
 * for every epoch and gives a new pass; a generator can be passed over once.
 *
 * Of a model that takes X, against targets T; where the Trainer was told the names T of its `batch`, by these.
 */
export type TrainingData<X extends Tensors = Tensor, T extends Tensors | string = Tensor> =
  | ColumnsFor<X, T>
  | (X | T extends Tensor ? TextIds : never)
  | Batches<X, T>
  | ((epoch: number) => Batches<X, T> | PromiseLike<Batches<X, T>>);

/** Batches of whatever columns: each is looked at when a step reads it. */
export type AnyBatches = Iterable<unknown> | AsyncIterable<unknown>;

/** Data in one of three forms. */
export type ReadyData =
  | Examples
  | Int32Array
  | ((epoch: number) => AnyBatches | PromiseLike<AnyBatches>);

/** Examples in any number of columns. */
export interface Examples {
  readonly length: number;
  readonly columns: Columns<Column>;
}

/** What a batch has. */
export interface Wanted {
  /** `x` and `y`, or the names that the Trainer was told. */
  readonly names: readonly string[];
  /** Whether these may have several parts each, by name. */
  readonly hasParts: boolean;
  /** What `given` becomes as a column where nothing is said; undefined where only the numbers tell. */
  dtypeOf(column: string, given: unknown): DType | undefined;
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
  if (!isObject || ArrayBuffer.isView(data)) throw refused(caller, data, wanted);
  if (isIterable(data)) {
    const pass = checkedPasses(caller, data, passes);
    return () => pass;
  }
  if (!wanted.names.every((name) => name in data)) throw refused(caller, data, wanted);
  checkRead(caller, data, wanted);
  return examplesOf(caller, data, wanted);
}

async function examplesOf(caller: string, data: object, wanted: Wanted): Promise<Examples> {
  const columns = await mappedLater(partsOf(data, wanted), async (own, name) => {
    const dtype = wanted.dtypeOf(name, own);
    // Bytes that become numbers batch by batch; `columnOf` checks them.
    const isScaled = typeof own === "object" && own !== null && "scale" in own;
    return columnOf(caller, name, isScaled ? own : await elementsOf(caller, own, dtype), dtype);
  });
  const length = lengthOf(caller, columns);
  if (length > 0) return { length, columns };
  const [name = "x"] = Object.keys(columns);
  throw new ArgumentError(
    `${caller}: there must be one example at least; got ${name} [${columns[name]?.shape.join(", ")}]. The first dimension counts the examples.`,
  );
}

/** Weights beside x and y would be passed over. @throws ArgumentError */
function checkRead(caller: string, given: object, { hasParts }: Wanted): void {
  const found = Object.keys(given).find((name) => /^(sample|class)?_?weights?$/i.test(name));
  if (!hasParts || found === undefined) return;
  throw new ArgumentError(
    `${caller}: what is read of data are x and y; got ${found} too. Say what there is, and use it: new Trainer(model, { batch: { x: "f32", y: "i32", ${found}: "f32" }, loss: (model, { x, y, ${found} }) => … }).`,
  );
}

/** What `given` has under the names that are wanted, and under those of their parts. */
function partsOf(given: object, { names, hasParts }: Wanted): Columns<unknown> {
  const held = given as Readonly<Record<string, unknown>>;
  const entries = names.flatMap((name): [string, unknown][] => {
    const own = held[name];
    const isWhole = !hasParts || own instanceof Tensor || !isRecord(own) || "data" in own;
    return isWhole
      ? [[name, own]]
      : Object.entries(own).map(([part, elements]) => [`${name}.${part}`, elements]);
  });
  return Object.fromEntries(entries);
}

/** The reverse: `x.image` as `image` of `x`. */
export function nested<T>(
  columns: Columns<T>,
): Readonly<Record<string, T | Readonly<Record<string, T>>>> {
  const whole: Record<string, T | Record<string, T>> = {};
  for (const [path, column] of Object.entries(columns)) {
    const [name = "", part] = path.split(".");
    if (part === undefined) whole[name] = column;
    else whole[name] = { ...(whole[name] as Record<string, T> | undefined), [part]: column };
  }
  return whole;
}

function refused(caller: string, got: unknown, { names, hasParts }: Wanted): ArgumentError {
  const remedy =
    typeof got === "string"
      ? "Turn a text into ids: data.TextVocabulary.encode."
      : got instanceof Promise
        ? "Await it first."
        : hasParts
          ? FORMS
          : `Pass { ${names.join(", ")} }, or batches of them.`;
  return new ArgumentError(
    `${caller}: data must be examples, ids or batches; got ${shown(got)}. ${remedy}`,
  );
}

/** Ids of a text may be stored in fewer bytes. */
function isSmallInteger(data: unknown): data is Int8Array {
  return [Int8Array, Uint8Array, Int16Array, Uint16Array].some((Kind) => data instanceof Kind);
}

function isIterable(data: object): data is AnyBatches {
  return [Symbol.iterator, Symbol.asyncIterator].some(
    (way) => typeof (data as Readonly<Record<symbol, unknown>>)[way] === "function",
  );
}

/** A generator is its own iterator, and is empty when it has been passed over. */
function checkedPasses(caller: string, data: AnyBatches, passes: number): AnyBatches {
  const isOnce = [Symbol.iterator, Symbol.asyncIterator].some((way) => {
    const begin: unknown = Reflect.get(data, way);
    return typeof begin === "function" && begin.call(data) === data;
  });
  if (passes === 1 || !isOnce) return data;
  throw new ArgumentError(
    `${caller}: data for several epochs must be there again for each; got a generator, which can be passed over once, for ${passes} epochs. Pass the function that makes it.`,
  );
}

/** The pass that a function of the caller's making gave. @throws ArgumentError where it is none */
export function checkedBatches(caller: string, made: unknown): AnyBatches {
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
): StepBatch | Promise<StepBatch> {
  const { names, hasParts } = wanted;
  if (typeof batch !== "object" || batch === null || !names.every((name) => name in batch)) {
    const remedy = hasParts
      ? "The functions of gradgpu/data make them."
      : "The Trainer was told these names as batch.";
    throw new ArgumentError(
      `${caller}: a batch must be { ${names.join(", ")} }, each { data, shape, dtype }, a list of numbers or a tensor; got ${named(batch)}. ${remedy}`,
    );
  }
  checkRead(caller, batch, wanted);
  const { start, rows }: Pick<TrainingBatch, "start" | "rows"> = batch;
  const read = mapped(partsOf(batch, wanted), (own, name) =>
    elementsOf(caller, own, wanted.dtypeOf(name, own)),
  );
  const ready = (columns: Columns): StepBatch => {
    const [[name, x] = []] = Object.entries(columns);
    if (x === undefined) throw new InternalError("a batch has a column.");
    if (x.shape[0] === 0) {
      throw new ArgumentError(
        `${caller}: a batch must have an example at least; got ${name} [${x.shape.join(", ")}]. Leave out what is empty.`,
      );
    }
    return { columns, x, start, rows };
  };
  const isWaiting = Object.values(read).some((values) => values instanceof Promise);
  if (!isWaiting) return ready(read as Columns);
  return mappedLater(read, (values) => values).then(ready);
}

/** Values of the host; those of a tensor are read. `wanted` is what those become that do not say. */
export function elementsOf(
  caller: string,
  given: unknown,
  wanted: DType | undefined,
): Values | Promise<Values> {
  return given instanceof Tensor ? read(given) : valuesOf(caller, given, wanted);
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
