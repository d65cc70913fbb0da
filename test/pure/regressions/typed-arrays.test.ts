import { beforeAll, describe, expect, test } from "vitest";
import {
  ArgumentError,
  add,
  DTypeError,
  GradgpuError,
  mul,
  nn,
  ShapeError,
  type Tensor,
  tensor,
  variable,
} from "../../../src/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeAll(() => {
  openCounting();
});

/** What no type allows. */
const anything = tensor as (...args: unknown[]) => Tensor;
const values = async (x: Tensor) => [...(await x.data())];

const narrow = [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array];

describe("data of the host", () => {
  test.each(narrow)("a $name is read as whole numbers", async (Kind) => {
    const x = tensor(Kind.of(1, 2, 3, 4));
    expect(x.dtype).toBe("i32");
    expect(await values(mul(x, 2))).toEqual([2, 4, 6, 8]);
    expect(await values(mul(tensor(Kind.of(1, 2, 3, 4), [2, 2], "f32"), 0.5))).toEqual([
      0.5, 1, 1.5, 2,
    ]);
    expect(variable(Kind.of(1, 2)).dtype).toBe("f32");
    expect(await values(mul(variable(Kind.of(1, 2, 3, 4)), 0.5))).toEqual([0.5, 1, 1.5, 2]);
  });

  test("a Float64Array is rounded to f32", async () => {
    expect(await values(tensor(Float64Array.of(0.1, 2)))).toEqual([Math.fround(0.1), 2]);
    expect(await values(variable(Float64Array.of(0.1, 2)))).toEqual([Math.fround(0.1), 2]);
  });

  test("big integers are converted where they fit and refused elsewhere", async () => {
    expect(tensor(BigInt64Array.of(-1n)).type).toEqual({ dtype: "i32", shape: [1] });
    expect(tensor(BigUint64Array.of(4294967295n)).type).toEqual({ dtype: "u32", shape: [1] });
    expect(await values(tensor(BigInt64Array.of(-1n, 7n)))).toEqual([-1, 7]);
    expect(await values(tensor(BigInt64Array.of(2n ** 40n), [1], "f32"))).toEqual([2 ** 40]);
    expect(() => tensor(BigInt64Array.of(1n, 2n ** 40n))).toThrow(/1099511627776 as element 1/);
    expect(await values(tensor([1n, 2]))).toEqual([1, 2]);
  });

  test("an array that a worker shares, that can be resized, or that is part of a larger one is read right", async () => {
    const shared = new Float32Array(new SharedArrayBuffer(8));
    shared.set([1, 2]);
    expect(await values(tensor(shared))).toEqual([1, 2]);
    expect(await values(tensor(Float32Array.of(9, 1, 2, 9).subarray(1, 3)))).toEqual([1, 2]);
    const unaligned = new Uint8Array(Float32Array.of(1, 2).buffer, 1, 2);
    expect((await values(tensor(unaligned))).length).toBe(2);
  });

  test("every way into a variable converts", async () => {
    const v = variable([0, 0]);
    v.load(Float64Array.of(1.5, 2.5));
    expect(await values(mul(v, 2))).toEqual([3, 5]);
    v.load(Uint8ClampedArray.of(1, 2));
    expect(await values(v)).toEqual([1, 2]);
    v.load([7, 8]);
    expect(await values(v)).toEqual([7, 8]);
    expect(() => v.load(Float32Array.of(1))).toThrow(ShapeError);
    expect(await values(v)).toEqual([7, 8]);
  });

  test("rows may be typed arrays", async () => {
    const x = tensor([Float32Array.of(1, 2), Float64Array.of(3, 4), [5, 6]]);
    expect(x.shape).toEqual([3, 2]);
    expect(await values(x)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(tensor([Int32Array.of(1, 2), Uint8Array.of(3, 4)]).type).toEqual({
      dtype: "i32",
      shape: [2, 2],
    });
  });

  test.each([
    [Float32Array.of(0.5), "i32"],
    [[Number.NaN], "i32"],
    [[1e10], "i32"],
    [[-1], "u32"],
    [Int8Array.of(-1), "u32"],
    [Uint32Array.of(2 ** 31), "i32"],
    [Float64Array.of(Number.POSITIVE_INFINITY), "u32"],
  ] as const)("%o does not become %s", (data, dtype) => {
    expect(() => tensor(data, [1], dtype)).toThrow(ArgumentError);
    expect(() => tensor(data, [1], dtype)).toThrow(/Math\.round/);
  });

  test("every number but 0 is true, NaN too", async () => {
    const given = [2, 0.5, 0, Number.NaN, -1];
    const right = [1, 1, 0, 1, 1];
    expect(await values(tensor(given, [5], "bool"))).toEqual(right);
    expect(await values(tensor(Float32Array.from(given), [5], "bool"))).toEqual(right);
    expect(await values(tensor(Uint32Array.of(7, 0), [2], "bool"))).toEqual([1, 0]);
    expect(await values(tensor(BigInt64Array.of(-3n, 0n), [2], "bool"))).toEqual([1, 0]);
    expect(await values(tensor([true, false], [2], "bool"))).toEqual([1, 0]);
  });

  const sparse = [1, 2, 3];
  delete sparse[1];
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  const refused: readonly (readonly [what: string, data: unknown])[] = [
    ["a DataView", new DataView(new ArrayBuffer(8))],
    ["an ArrayBuffer", new ArrayBuffer(8)],
    ["a SharedArrayBuffer", new SharedArrayBuffer(8)],
    ["a text", "12"],
    ["a list of texts", ["1", "2"]],
    ["undefined in a list", [1, undefined]],
    ["null in a list", [1, null]],
    ["a sparse list", sparse],
    ["a row that is missing", [[1, 2], undefined]],
    ["an empty list with a length", new Array(5)],
    ["a record in a list", [{ x: 1 }]],
    ["something like a list", { length: 2, 0: 1, 1: 2 }],
    ["a promise", Promise.resolve([1])],
    ["undefined", undefined],
    ["null", null],
    ["a symbol", Symbol("x")],
    ["a function", () => 1],
    ["a Set", new Set([1])],
    ["a list that holds itself", cyclic],
    ["a list with one that holds itself", [1, cyclic]],
    ["an object without a prototype", Object.create(null)],
  ];
  test.each(refused.map(([what]) => what))("%s is refused with a typed error", (name) => {
    const data = refused.find(([what]) => what === name)?.[1];
    expect(() => anything(data)).toThrow(GradgpuError);
    expect(() => (variable as (data: unknown) => unknown)(data)).toThrow(GradgpuError);
    expect(() => variable(1).load(data as never)).toThrow(GradgpuError);
  });

  test("a tensor is no data", () => {
    expect(() => anything(tensor(1))).toThrow(/a tensor already/);
  });

  test.each(["f64", "float32", "toString", "", 5, null, {}])("%o is no dtype", (dtype) => {
    expect(() => anything([1], [1], dtype)).toThrow(DTypeError);
  });
});

describe("data and shape", () => {
  test.each([
    [[[1, 2], [3, 4, 5], [6]]],
    [[[1, 2], [3]]],
    [[[[1], [2]], [[3]]]],
    [[[], [1]]],
    [[1, [2]]],
    [[[1], 2]],
    [[Float32Array.of(1, 2), Float32Array.of(3)]],
    [[1, Float32Array.of(1)]],
    [[[[1], [2]], [Float32Array.of(1)]]],
  ])("lists %o are ragged", (data) => {
    expect(() => anything(data)).toThrow(ShapeError);
  });

  test.each([
    [[2, 2]],
    [[4]],
    [[-3]],
    [[1.5, 2]],
    [[Number.NaN]],
    [[Number.POSITIVE_INFINITY]],
    [[2 ** 40, 2 ** 40]],
    [[2 ** 40, 2 ** 40, 0]],
    [["3"]],
    [3],
    ["3"],
    [null],
    [{ length: 1, 0: 3 }],
  ])("three numbers do not fill the shape %o", (shape) => {
    expect(() => anything(new Float32Array(3), shape)).toThrow(ShapeError);
    expect(() => anything([1, 2, 3], shape)).toThrow(ShapeError);
    expect(() => variable(new Float32Array(3), shape as never)).toThrow(ShapeError);
  });

  test("an initialiser that returns too few numbers, or no numbers, is refused", () => {
    const options = (data: unknown) => ({ initialise: () => data as Float32Array });
    expect(() => nn.linear(2, 3, options(new Float32Array(2)))).toThrow(ShapeError);
    expect(() => nn.linear(2, 3, options(undefined))).toThrow(GradgpuError);
    expect(() => nn.lstm(2, 3, options("x"))).toThrow(GradgpuError);
  });

  test("an initialiser may return numbers of any kind", async () => {
    const layer = nn.linear(2, 1, { initialise: () => Int32Array.of(1, 2) as never, bias: false });
    expect(await values(add(layer(tensor([[1, 1]])), 0))).toEqual([3]);
    const plain = nn.linear(2, 1, { initialise: () => [1, 2] as never, bias: false });
    expect(await values(plain(tensor([[1, 1]])))).toEqual([3]);
  });

  test("the caller's shape may change afterwards", () => {
    const shape = [2, 2];
    const x = tensor([1, 2, 3, 4], shape);
    shape[0] = 7;
    expect(x.shape).toEqual([2, 2]);
  });
});
