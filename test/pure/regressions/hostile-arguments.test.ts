/** What is handed over may be code, or of a size that no device ends with: neither gets as far as a graph. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  add,
  arange,
  avgPool2d,
  broadcastTo,
  cast,
  concat,
  conv2d,
  DTypeError,
  embedding,
  full,
  GradgpuError,
  less,
  matmul,
  maxPool2d,
  nn,
  normal,
  ones,
  pad,
  reshape,
  ShapeError,
  slice,
  tensor,
  uniform,
  unsqueeze,
  variable,
  where,
  zeros,
} from "../../../src/index.ts";
import { openCounting } from "../runtime/open.ts";

let loads = () => 0;
beforeAll(() => {
  const { device } = openCounting();
  loads = () => device.loads;
});

const loose = (fn: unknown) => fn as (...args: unknown[]) => unknown;
const dtypes = [
  "f32; fn evil() { loop {} }",
  "i32>()); /* ",
  "f32 ",
  "F32",
  "f64",
  "",
  "toString",
  "__proto__",
  "constructor",
  null,
  5,
  {},
  ["f32"],
  Symbol("f32"),
  { toString: () => "f32" },
];

describe("a dtype that there is not", () => {
  test.each(dtypes)("%o never reaches a graph", (dtype) => {
    const x = tensor([1, 2]);
    const calls: Readonly<Record<string, () => unknown>> = {
      arange: () => loose(arange)(3, dtype),
      zeros: () => loose(zeros)([2], dtype),
      ones: () => loose(ones)([2], dtype),
      full: () => loose(full)([2], 1, dtype),
      cast: () => loose(cast)(x, dtype),
      tensor: () => loose(tensor)([1], [1], dtype),
      "tensor of a typed array": () => loose(tensor)(Float32Array.of(1), [1], dtype),
      variable: () => loose(variable)([1], [1], "v", dtype),
    };
    for (const [name, call] of Object.entries(calls)) {
      expect(call, name).toThrow(DTypeError);
      expect(call, name).toThrow(/the dtype must be one of f32, i32, u32, bool/);
    }
  });

  test("says so at the call, before anything is compiled", async () => {
    const before = loads();
    for (const dtype of dtypes) expect(() => loose(arange)(3, dtype)).toThrow(DTypeError);
    expect(loads()).toBe(before);
    expect([...(await arange(3).data())]).toEqual([0, 1, 2]);
  });

  test("undefined is the default", () => {
    expect(arange(3, undefined).dtype).toBe("i32");
    expect(zeros([2], undefined).dtype).toBe("f32");
    expect(tensor([1], [1], undefined).dtype).toBe("f32");
    expect(() => loose(cast)(tensor([1]), undefined)).toThrow(GradgpuError);
  });
});

describe("windows", () => {
  const images = () => zeros([1, 4, 4, 1]);
  const vast = [1e9, 2 ** 20, 2 ** 31, 2 ** 53, Number.MAX_VALUE, Number.POSITIVE_INFINITY, 69];
  const wrong = [0, -1, 1.5, Number.NaN, "2", null, {}, [], [2], [2, 2, 2], [2, 0], [2, "2"]];
  const pools = { maxPool2d, avgPool2d };

  test.each(Object.entries(pools))("%s of a window far beyond the images is refused", (_, pool) => {
    for (const window of vast) {
      for (const given of [window, [window, 1], [1, window]]) {
        for (const padding of ["same", "valid", 3, 34, 1e6]) {
          expect(() => loose(pool)(images(), given, { padding })).toThrow(GradgpuError);
        }
      }
    }
    for (const window of wrong) expect(() => loose(pool)(images(), window)).toThrow(GradgpuError);
  });

  test.each(Object.entries(pools))("%s takes windows of the images' size", async (_, pool) => {
    expect((await pool(ones([1, 4, 4, 1]), 4).data())[0]).toBe(1);
    expect(pool(images(), 5, { padding: "same" }).shape).toEqual([1, 1, 1, 1]);
    expect(pool(images(), 2, { stride: 2 ** 20 }).shape).toEqual([1, 1, 1, 1]);
  });

  test("layers refuse them when they are made, as far as they can", () => {
    for (const layer of [nn.maxPool2d, nn.avgPool2d]) {
      for (const window of [...wrong, 1e9, 2 ** 31, Number.MAX_VALUE])
        expect(() => loose(layer)(window)).toThrow(GradgpuError);
      expect(() => layer(2 ** 20)(images())).toThrow(GradgpuError);
    }
    for (const kernel of [...wrong, Number.POSITIVE_INFINITY])
      expect(() => loose(nn.conv2d)(1, 1, kernel)).toThrow(GradgpuError);
  });

  test("strides and padding of any size are refused, or mean what they say", () => {
    const w = () => zeros([3, 3, 1, 1]);
    for (const n of [2 ** 20 + 1, 1e9, 2 ** 53, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) {
      expect(() => conv2d(images(), w(), { stride: n })).toThrow(GradgpuError);
      expect(() => conv2d(images(), w(), { padding: n })).toThrow(GradgpuError);
      expect(() => conv2d(images(), w(), { padding: [[0, n], 0] as never })).toThrow(GradgpuError);
      expect(() => maxPool2d(images(), 2, { stride: [1, n] })).toThrow(GradgpuError);
    }
    expect(conv2d(images(), w(), { stride: 2 ** 20 }).shape).toEqual([1, 1, 1, 1]);
  });
});

describe("shapes", () => {
  const refused = [
    [2 ** 53],
    [2 ** 30, 2 ** 30],
    [2 ** 40, 2 ** 40, 0],
    [Number.MAX_VALUE],
    [Number.POSITIVE_INFINITY],
    [Number.NaN],
    [-1],
    [0.5],
    ["2"],
    [null],
    [undefined],
    new Array(2),
    [[2]],
    [Symbol("2")],
    [2n],
    "2",
    2,
    null,
    undefined,
    {},
    { length: 1, 0: 2 },
    Int32Array.of(2),
  ];
  test.each(refused.map((shape, i) => [i, shape] as const))("%i: %o is none", (_, shape) => {
    const calls = {
      zeros: () => loose(zeros)(shape),
      ones: () => loose(ones)(shape),
      full: () => loose(full)(shape, 1),
      uniform: () => loose(uniform)(shape),
      normal: () => loose(normal)(shape, 1),
      broadcastTo: () => loose(broadcastTo)(tensor(1), shape),
      summary: () => loose(nn.linear(1, 1).summary)(shape),
    };
    for (const [name, call] of Object.entries(calls)) expect(call, name).toThrow(GradgpuError);
    // One −1 is what the others leave.
    if (!(Array.isArray(shape) && shape[0] === -1))
      expect(() => loose(reshape)(tensor([1, 2]), shape)).toThrow(GradgpuError);
    if (shape !== undefined) expect(() => loose(tensor)([1, 2], shape)).toThrow(GradgpuError);
  });

  test("that are vast but can be counted cost nothing before they are computed", async () => {
    expect(zeros([2 ** 20, 2 ** 20]).size).toBe(2 ** 40);
    await expect(zeros([2 ** 20, 2 ** 20]).data()).rejects.toThrow(GradgpuError);
    expect([...(await zeros([2]).data())]).toEqual([0, 0]);
  });

  test("lengths, starts and margins are counted too", () => {
    const x = tensor([1, 2, 3]);
    for (const n of [-1, 0.5, 2 ** 53, Number.NaN, "3", null, undefined, 3n, Symbol("3"), {}])
      expect(() => loose(arange)(n)).toThrow(GradgpuError);
    for (const starts of [
      [-1],
      [4],
      [0.5],
      ["0"],
      [null],
      [Symbol("0")],
      [0, 0],
      [],
      0,
      "0",
      null,
    ]) {
      for (const sizes of [[1], [-1], [4], ["1"], [Symbol("1")], new Array(1), 1, null]) {
        if (Object.is(starts, sizes)) continue;
        expect(() => loose(slice)(x, starts, sizes)).toThrow(GradgpuError);
      }
    }
    for (const padding of [
      [[2 ** 53, 0]],
      [[2 ** 52, 2 ** 52]],
      [[-1, 0]],
      [[0.5, 0]],
      [[1]],
      [["1", 1]],
      [1],
      [],
      1,
      null,
    ])
      expect(() => loose(pad)(x, padding)).toThrow(GradgpuError);
  });

  test("results are counted as well", () => {
    const [column, row] = [zeros([2 ** 30, 1]), zeros([1, 2 ** 30])];
    const half = () => zeros([2 ** 52]);
    const calls = [
      () => add(column, row),
      () => where(less(column, row), column, row),
      () => matmul(column, row),
      () => concat([half(), half()]),
      () => pad(half(), [[1, 2 ** 52]]),
      () => unsqueeze(embedding(zeros([3, 2 ** 40]), zeros([2 ** 20], "i32")), 0),
      () => nn.linear(1, 2 ** 10, { initialise: nn.initialise.zeros })(zeros([2 ** 45, 1])),
    ];
    for (const call of calls) {
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(/less than 2\^53 elements/);
    }
  });

  test("normal numbers are drawn on the host only as far as it holds them", () => {
    expect(() => normal([2 ** 40], 1)).toThrow(GradgpuError);
  });
});
