import { checkOptions, count, flag, isRecord, record, required, shown } from "../arguments.ts";
import { ArgumentError, DTypeError, ShapeError } from "../errors.ts";
import { type DType, describe, sizeOf } from "../functions.ts";
import { hostArray } from "../internals.ts";
import { mapped } from "../records.ts";
import { checkDataset, type Dataset, gather } from "./dataset.ts";
import { checkSource, itemsOf, pipeline, type Source } from "./source.ts";
import { type Given, type Values, valuesOf } from "./values.ts";

/** One example: `{ x, y }`, elements by any names; several inputs as records of them. */
export type Example = { readonly [name: string]: Given | Example };

/** The same of several examples. */
export type Batched<E> = { readonly [K in keyof E]: E[K] extends Given ? Values : Batched<E[K]> };

/** How examples become batches. */
export interface CollateOptions {
  /** Examples in a batch; the last one has what is left. */
  readonly batchSize: number;
  /** Leaves out the last batch where it would be smaller, so that every batch has one shape. */
  readonly dropLast?: boolean;
  /**
   * By name (`x`, `x.image`), what elements are. Where nothing is said, that of an array of 32 bits, i32 for single whole
   * numbers, and f32 for everything else, bytes too.
   */
  readonly dtypes?: Readonly<Record<string, DType>>;
}

/**
 * Examples `batchSize` at a time: what is [..] in each is [N, ..] in a batch, in arrays of the batch's own that may be
 * kept. The result is what a Trainer takes.
 * @throws ArgumentError, ShapeError, DTypeError for an example that is none, or is not of the first one's form
 */
export function batch<E extends Example>(
  source: Source<E>,
  options: CollateOptions,
): AsyncIterable<Batched<E>> {
  checkSource("batch", source);
  checkOptions<CollateOptions>("batch", options, {
    batchSize: required(count),
    dropLast: flag,
    dtypes: record,
  });
  const { batchSize, dropLast = false, dtypes = {} } = options;
  return pipeline(async function* () {
    const form = new Map<string, Values>();
    let first: E | undefined;
    let rows: Leaves[] = [];
    for await (const example of itemsOf("batch", source)) {
      first ??= example;
      rows.push(leavesOf(example, form, dtypes));
      if (rows.length < batchSize) continue;
      // Parts by the names of the examples.
      yield batchLike(first, "", rows) as Batched<E>;
      rows = [];
    }
    if (rows.length > 0 && !dropLast) yield batchLike(first, "", rows) as Batched<E>;
  });
}

type Leaves = ReadonlyMap<string, Values>;

/** The elements of an example by path. The first one says what all are: it fills `form`. */
function leavesOf(
  example: unknown,
  form: Map<string, Values>,
  dtypes: Readonly<Record<string, DType>>,
): Leaves {
  if (!isRecord(example) || Object.keys(example).length === 0) {
    throw new ArgumentError(
      `batch: an example must be a record of elements, such as { x, y }; got ${shown(example)}. Make records by map, or put sources side by side by zip({ x, y }).`,
    );
  }
  const leaves = new Map<string, Values>();
  const isFirst = form.size === 0;
  const visit = (given: unknown, path: string, above: readonly unknown[]) => {
    if (above.includes(given)) {
      throw new ArgumentError(
        `batch: an example must not hold itself; got it again as ${path}. Leave that out by map.`,
      );
    }
    if (isNested(given)) {
      for (const [name, part] of Object.entries(given))
        visit(part, below(path, name), [...above, given]);
      return;
    }
    leaves.set(path, elementsOf(path, given, dtypes[path], form.get(path)?.dtype));
  };
  visit(example, "", []);
  if (isFirst) {
    checkNames(dtypes, [...leaves.keys()]);
    for (const [path, values] of leaves) form.set(path, values);
  }
  for (const path of new Set([...form.keys(), ...leaves.keys()]))
    checkForm(path, leaves.get(path), form.get(path));
  return leaves;
}

/** @throws ArgumentError for a dtype of what there is not */
function checkNames(dtypes: object, paths: readonly string[]): void {
  const other = Object.keys(dtypes).find((name) => !paths.includes(name));
  if (other === undefined) return;
  throw new ArgumentError(
    `batch: dtypes must be of what examples have, ${paths.join(", ")}; got ${shown(other)}. Parts have the name of the whole in front, "x.image".`,
  );
}

/** Elements of one example, in what was asked for, or else what those of the first one are in. */
function elementsOf(
  path: string,
  given: unknown,
  asked: DType | undefined,
  first: DType | undefined,
): Values {
  const { data, shape, dtype } = isRecord(given) ? given : { data: given };
  const isNumber = typeof data === "number";
  if (isNumber && !Number.isInteger(data) && first === "i32" && asked === undefined) {
    throw new DTypeError(
      `batch: ${path} must be a whole number, as in the first example; got ${data}. For numbers of any kind pass { dtypes: { ${JSON.stringify(path)}: "f32" } }.`,
    );
  }
  const usual = isNumber && Number.isInteger(data) ? "i32" : undefined;
  const known = { data, shape, dtype: asked ?? first ?? dtype ?? usual };
  // It is checked there, whatever it is.
  return valuesOf(`batch: ${path}`, known as Given, "f32");
}

function checkForm(path: string, given: Values | undefined, first: Values | undefined): void {
  if (given && first && given.shape.join() === first.shape.join()) return;
  const [got, expected] = [given, first].map((one) => (one ? describe(one) : "none"));
  throw new ShapeError(
    `batch: all examples must be of one form; got ${path} ${got} after ${expected}. Sequences of different lengths are padded by padSequences, in a map.`,
  );
}

function stacked(path: string, rows: readonly Leaves[]): Values {
  const all = rows.flatMap((row) => row.get(path) ?? []);
  const { shape, dtype } = all[0] ?? { shape: [], dtype: "f32" };
  const size = sizeOf(shape);
  const data = hostArray(dtype, all.length * size);
  all.forEach((one, i) => {
    data.set(one.data, i * size);
  });
  return { data, shape: [all.length, ...shape], dtype };
}

/** What `example` has, of all rows. */
function batchLike(example: unknown, path: string, rows: readonly Leaves[]): unknown {
  if (!isNested(example)) return stacked(path, rows);
  return mapped(example, (part, name) => batchLike(part, below(path, name), rows));
}

function isNested(given: unknown): given is Readonly<Record<string, unknown>> {
  return isRecord(given) && !("data" in given);
}

function below(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`;
}

/**
 * The examples of a dataset one by one, { x, y } without the first dimension: the beginning of a pipeline.
 * @throws ArgumentError for what is no dataset
 */
export function examples(from: Dataset): Iterable<{ readonly x: Values; readonly y: Values }> {
  checkDataset("examples", from);
  const one = (column: Dataset["x"], i: number): Values => {
    const values = gather(column, Uint32Array.of(i));
    return { ...values, shape: values.shape.slice(1) };
  };
  return {
    *[Symbol.iterator]() {
      for (let i = 0; i < from.length; i++) yield { x: one(from.x, i), y: one(from.y, i) };
    },
  };
}
