import { describe, expect, test } from "vitest";
import { columns } from "../../../src/data/index.ts";
import { ArgumentError } from "../../../src/errors.ts";

/** As a parser gives them: all text. */
const ROWS = [
  { rooms: "3", area: "70.5", city: "Oslo", price: "300", sold: "yes" },
  { rooms: "2", area: " 41 ", city: "Bergen", price: "180", sold: "no" },
  { rooms: "5", area: "1.2e2", city: "Oslo", price: "520", sold: "yes" },
];

describe("columns", () => {
  test("are numbers where text says so, and categories where it does not", async () => {
    const { values, categories, features } = await columns(ROWS, {
      x: ["rooms", "area", "city"],
      y: "sold",
    });
    expect(values.x).toEqual({
      data: Float32Array.of(3, 70.5, 0, 1, 2, 41, 1, 0, 5, 120, 0, 1),
      shape: [3, 4],
      dtype: "f32",
    });
    expect(values.y).toEqual({ data: Int32Array.of(1, 0, 1), shape: [3], dtype: "i32" });
    expect(categories).toEqual({ city: ["Bergen", "Oslo"], sold: ["no", "yes"] });
    expect(features).toEqual({ x: ["rooms", "area", "city=Bergen", "city=Oslo"], y: ["sold"] });
  });

  test("single ones are i32 where they are whole, in a list f32 rows", async () => {
    const { values } = await columns(ROWS, { id: "rooms", size: "area", price: ["price"] });
    expect(values.id.data).toEqual(Int32Array.of(3, 2, 5));
    expect(values.size).toEqual({ data: Float32Array.of(70.5, 41, 120), shape: [3], dtype: "f32" });
    expect(values.price).toEqual({
      data: Float32Array.of(300, 180, 520),
      shape: [3, 1],
      dtype: "f32",
    });
  });

  test("come from rows as they arrive, of numbers, flags and big numbers too", async () => {
    const arriving = async function* () {
      yield { a: 1.5, b: true, c: 7n };
      yield { a: 2, b: false, c: 8n };
    };
    const { values } = await columns(arriving, { x: ["a", "b", "c"] });
    expect([...values.x.data]).toEqual([1.5, 1, 7, 2, 0, 8]);
  });

  test("of other rows take the categories of the first ones", async () => {
    const { categories } = await columns(ROWS, { x: ["city"], y: "sold" });
    const [row] = ROWS;
    const later = [{ ...row, city: "Bodø", sold: "maybe" }];
    const { values } = await columns(
      later,
      { x: ["city"], y: "sold" },
      { categories, unseen: "ignore" },
    );
    expect([...values.x.data]).toEqual([0, 0]);
    expect([...values.y.data]).toEqual([-1]);
    await expect(columns(later, { y: "sold" }, { categories })).rejects.toThrow(
      'columns: a category must be among those given, ["no", "yes"]; got "maybe" in "sold" of row 0. Say { unseen: "ignore" } to have such categories left out.',
    );
  });

  test("of digits are categories where they are said to be", async () => {
    const { values, categories } = await columns(
      ROWS,
      { y: "rooms" },
      { kinds: { rooms: "category" } },
    );
    expect(categories).toEqual({ rooms: ["2", "3", "5"] });
    expect([...values.y.data]).toEqual([1, 0, 2]);
  });

  test("of no rows are empty", async () => {
    const { values } = await columns([], { x: ["a", "b"], y: "c" });
    expect(values.x.shape).toEqual([0, 2]);
    expect(values.y.shape).toEqual([0]);
  });
});

describe("columns refuse", () => {
  const first = { a: "1", b: "x" };
  test.each([
    [
      [first],
      { x: ["a"] },
      { kinds: { b: "category" } },
      'columns: kinds must be of columns that are asked for, a; got "b". Leave it out, or ask for it.',
    ],
    [
      [first],
      { x: ["c"] },
      {},
      'columns: every row must be a record with "c"; got { a, b } as row 0. Parsers give records where they are told that the first line is names.',
    ],
    [
      [{ "\ufeffa": "1" }],
      { x: ["a"] },
      {},
      "got { \ufeffa } as row 0. The first name begins with a byte order mark: tell the parser { bom: true }, or take it off the text.",
    ],
    [
      [["1", "x"]],
      { x: "a" },
      {},
      'columns: every row must be a record with "a"; got ["1", "x"] as row 0.',
    ],
    [
      [first, { a: "" }],
      { x: "a" },
      {},
      'columns: a column must be numbers throughout, or have none; got "" in "a" of row 1. Leave such rows out, or say { kinds: { "a": "category" } }.',
    ],
    [[first], { x: "b" }, { kinds: { b: "number" } }, 'got "x" in "b" of row 0.'],
    [
      [{ a: Number.NaN }],
      { x: "a" },
      {},
      'columns: a value must be text, true or false, or a finite number; got NaN in "a" of row 0. Leave such rows out, or put something in its place.',
    ],
    [[{ a: null }], { x: "a" }, {}, 'got null in "a" of row 0.'],
    [
      [first],
      {},
      {},
      'columns: what is asked for must be a record of names or lists of names; got {  }. Write { x: ["age", "size"], y: "label" }.',
    ],
    [
      [first],
      { x: [] },
      {},
      "columns: what is asked for must be a record of names or lists of names",
    ],
    [
      5,
      { x: "a" },
      {},
      "columns: the rows must be something iterable, or a function that gives it; got 5.",
    ],
    [
      [first],
      { x: "a" },
      { kinds: { a: "text" } },
      'columns: the kind of "a" must be "number" or "category"; got "text".',
    ],
    [
      [first],
      { x: "b" },
      { categories: { b: "x" } },
      'columns: the categories of "b" must be a list of different texts; got "x".',
    ],
    [
      [first],
      { x: "b" },
      { unseen: "drop" },
      'columns: unseen must be "refuse" or "ignore"; got "drop". Give another unseen.',
    ],
  ])("%#", async (rows, asked, options, message) => {
    const refused = columns(rows as never, asked as never, options as never);
    await expect(refused).rejects.toThrow(ArgumentError);
    await expect(refused).rejects.toThrow(message);
  });
});
