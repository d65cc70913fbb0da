import {
  check,
  checkOptions,
  isListOf,
  isRecord,
  oneOf,
  record,
  rule,
  shown,
} from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { hostArray } from "../internals.ts";
import type { Values } from "./dataset.ts";
import { IGNORED_LABEL } from "./sequences.ts";
import { checkSource, itemsOf, type Source } from "./source.ts";

/** A record of a table: what a CSV parser gives of a line with its header, a row of a query, an Arrow row. */
export type TableRow = object;

/** One column by its name, or several side by side. */
export type ColumnNames = string | readonly string[];

/** Which columns are inputs and which are targets. */
export interface ColumnOptions {
  /** What single columns are, where their values are not to say: numbers, or names of categories. */
  readonly kinds?: Readonly<Record<string, "number" | "category">>;
  /** The categories of columns, in the order of their ids, as an earlier call gave them: those of the training data. */
  readonly categories?: Readonly<Record<string, readonly string[]>>;
  /**
   * What a category becomes that is not among those given: "refuse" is an error, "ignore" is the id −1, which a loss
   * leaves out and an embedding reads as zeros, and zeros in one-hot columns. "refuse".
   */
  readonly unseen?: "refuse" | "ignore";
}

/** Columns as arrays, by the names that were asked for, and what their numbers mean. */
export interface TableColumns<Asked> {
  /** f32[N, F] of several columns; of a single one f32[N], or i32[N] where it is categories or whole numbers. */
  readonly values: { readonly [K in keyof Asked]: Values<Float32Array | Int32Array> };
  /** Of every column of categories their names, by id. */
  readonly categories: Readonly<Record<string, readonly string[]>>;
  /** Of every result its columns: "age", or "city=Oslo" where categories take one column each. */
  readonly features: { readonly [K in keyof Asked]: readonly string[] };
}

/**
 * Typed columns of rows that have names, as parsers of CSV give them: text that says a number is one. A column of other
 * text is categories, in the order of their characters: a single one is their ids, i32[N]; among several each category is a
 * column of its own, 1 where it is there and 0 elsewhere.
 *
 * ```ts
 * const { values, categories } = await data.columns(rows, { x: ["rooms", "city"], y: ["price"] });
 * await trainer.fit(values, { batchSize: 32 });
 * ```
 * @throws ArgumentError for a column that is not there, and for a value that is not of its column's kind
 */
export async function columns<const Asked extends Readonly<Record<string, ColumnNames>>>(
  rows: Source<TableRow>,
  asked: Asked,
  options: ColumnOptions = {},
): Promise<TableColumns<Asked>> {
  checkSource("columns", rows, "the rows");
  checkAsked(asked);
  checkOptions<ColumnOptions>("columns", options, {
    kinds: record,
    categories: record,
    unseen: oneOf("refuse", "ignore"),
  });
  const named = [...new Set(Object.values<ColumnNames>(asked).flat())];
  const other = Object.keys(options.kinds ?? {}).find((name) => !named.includes(name));
  if (other !== undefined) {
    throw new ArgumentError(
      `columns: kinds must be of columns that are asked for, ${named.join(", ").slice(0, 400)}; got ${shown(other)}. Leave it out, or ask for it.`,
    );
  }
  const cells = new Map(named.map((name) => [name, [] as Cell[]]));
  for await (const row of itemsOf("columns", rows)) readRow(row, cells);
  const read = new Map([...cells].map(([name, own]) => [name, readColumn(name, own, options)]));
  const made = Object.entries<ColumnNames>(asked).map(([result, names]) => {
    const parts = [names].flat().flatMap((name) => read.get(name) ?? []);
    const isSingle = typeof names === "string";
    return [result, isSingle ? parts.map(single)[0] : sideBySide(parts)] as const;
  });
  const categories = [...read.values()].flatMap(({ name, categories }) =>
    categories === undefined ? [] : [[name, categories] as const],
  );
  // By the names of what was asked for.
  return {
    values: Object.fromEntries(made.map(([result, own]) => [result, own?.values])),
    features: Object.fromEntries(made.map(([result, own]) => [result, own?.features])),
    categories: Object.fromEntries(categories),
  } as unknown as TableColumns<Asked>;
}

function checkAsked(asked: unknown): void {
  const isName = (name: unknown) => typeof name === "string";
  const areNames = (names: unknown) =>
    isName(names) || (isListOf(names, isName) && names.length > 0);
  const isAsked = (given: unknown) =>
    isRecord(given) && Object.keys(given).length > 0 && Object.values(given).every(areNames);
  const what = rule("a record of names or lists of names", isAsked);
  check("columns", "what is asked for", asked, what, 'Write { x: ["age", "size"], y: "label" }.');
}

type Cell = string | number;

function readRow(row: unknown, cells: ReadonlyMap<string, Cell[]>): void {
  const isRow = typeof row === "object" && row !== null && !Array.isArray(row);
  for (const [name, column] of cells) {
    if (!isRow || !(name in row)) {
      const isMarked = isRow && `\ufeff${name}` in row;
      const remedy = isMarked
        ? "The first name begins with a byte order mark: tell the parser { bom: true }, or take it off the text."
        : "Parsers give records where they are told that the first line is names.";
      throw new ArgumentError(
        `columns: every row must be a record with ${shown(name)}; got ${shown(row)} as row ${column.length}. ${remedy}`,
      );
    }
    column.push(cellOf(name, Reflect.get(row, name), column.length));
  }
}

function cellOf(name: string, given: unknown, row: number): Cell {
  if (typeof given === "string") return given;
  if (typeof given === "boolean" || typeof given === "bigint") return Number(given);
  if (typeof given === "number" && Number.isFinite(given)) return given;
  throw new ArgumentError(
    `columns: a value must be text, true or false, or a finite number; got ${shown(given)} in ${shown(name)} of row ${row}. Leave such rows out, or put something in its place.`,
  );
}

/** A column that is read: numbers, or ids where there are categories. */
interface ReadColumn {
  readonly name: string;
  readonly data: readonly number[];
  readonly categories: readonly string[] | undefined;
}

function readColumn(name: string, cells: readonly Cell[], options: ColumnOptions): ReadColumn {
  const { kinds = {}, categories = {}, unseen = "refuse" } = options;
  const given = Object.hasOwn(categories, name) ? categories[name] : undefined;
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  check("columns", `the kind of ${shown(name)}`, kind, aKind);
  check("columns", `the categories of ${shown(name)}`, given, someNames);
  const numbers = cells.map(numberOf);
  const areCategories =
    kind === "category" ||
    given !== undefined ||
    (kind === undefined && cells.length > 0 && numbers.every((x) => x === undefined));
  if (areCategories) return { name, ...idsOf(name, cells.map(String), given, unseen) };
  const wrong = numbers.indexOf(undefined);
  if (wrong < 0) return { name, data: numbers.map(Number), categories: undefined };
  throw new ArgumentError(
    `columns: a column must be numbers throughout, or have none; got ${shown(cells[wrong])} in ${shown(name)} of row ${wrong}. Leave such rows out, or say { kinds: { ${shown(name)}: "category" } }.`,
  );
}

const aKind = rule(
  '"number" or "category"',
  (kind) => kind === undefined || kind === "number" || kind === "category",
);
const someNames = rule(
  "a list of different texts",
  (names) =>
    names === undefined ||
    (Array.isArray(names) &&
      names.every((name) => typeof name === "string") &&
      new Set(names).size === names.length),
);

/** Whether a text is a number is for JavaScript to say; nothing but spaces is none. */
function numberOf(cell: Cell): number | undefined {
  if (typeof cell === "number") return cell;
  const number = Number(cell);
  return cell.trim() === "" || !Number.isFinite(number) ? undefined : number;
}

function idsOf(
  name: string,
  texts: readonly string[],
  given: readonly string[] | undefined,
  unseen: "refuse" | "ignore",
) {
  const categories = given ?? [...new Set(texts)].sort();
  const ids = new Map(categories.map((category, id) => [category, id]));
  const data = texts.map((text, row) => {
    const id = ids.get(text);
    if (id !== undefined || unseen === "ignore") return id ?? IGNORED_LABEL;
    throw new ArgumentError(
      `columns: a category must be among those given, ${shown(categories)}; got ${shown(text)} in ${shown(name)} of row ${row}. Say { unseen: "ignore" } to have such categories left out.`,
    );
  });
  return { data, categories };
}

interface Result {
  readonly values: Values<Float32Array | Int32Array>;
  readonly features: readonly string[];
}

const MAX_I32 = 2 ** 31;

function single({ name, data, categories }: ReadColumn): Result {
  const isI32 = (x: number) => Number.isInteger(x) && x >= -MAX_I32 && x < MAX_I32;
  const dtype = categories !== undefined || data.every(isI32) ? "i32" : "f32";
  const array = dtype === "i32" ? hostArray("i32", data.length) : hostArray("f32", data.length);
  array.set(data);
  return { values: { data: array, shape: [data.length], dtype }, features: [name] };
}

function sideBySide(parts: readonly ReadColumn[]): Result {
  const features = parts.flatMap(({ name, categories }) =>
    categories === undefined ? [name] : categories.map((category) => `${name}=${category}`),
  );
  const [length, width] = [parts[0]?.data.length ?? 0, features.length];
  const data = hostArray("f32", length * width);
  let from = 0;
  for (const { data: own, categories } of parts) {
    own.forEach((x, row) => {
      const at = row * width + from;
      if (categories === undefined) data[at] = x;
      else if (x >= 0) data[at + x] = 1;
    });
    from += categories?.length ?? 1;
  }
  return { values: { data, shape: [length, width], dtype: "f32" }, features };
}
