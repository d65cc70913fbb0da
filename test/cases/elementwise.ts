import type { BinaryName, UnaryName } from "../../src/ops/scalars.ts";
import type { DType } from "../../src/tensor/dtype.ts";
import type { Case, CaseTable } from "./case.ts";

type Range = readonly [low: number, high: number];

/** Where each function is drawn from: within its domain, away from where its gradient grows without bound. */
const unaryRanges: { readonly [K in UnaryName]: Range } = {
  neg: [-3, 3],
  abs: [-3, 3],
  sign: [-3, 3],
  exp: [-4, 4],
  log: [0.1, 4],
  sqrt: [0.1, 4],
  reciprocal: [0.2, 4],
  square: [-3, 3],
  sin: [-3, 3],
  cos: [-3, 3],
  tanh: [-4, 4],
  sigmoid: [-6, 6],
  relu: [-3, 3],
  gelu: [-5, 5],
  erf: [-3, 3],
  softplus: [-6, 6],
  floor: [-9, 9],
  ceil: [-9, 9],
  not: [0, 2],
  isFinite: [-3, 3],
};

const { POSITIVE_INFINITY: INF, NaN: NAN } = Number;

/** What is not finite, zeros of both signs, and a few numbers for company. */
const SPECIAL = [NAN, INF, -INF, 0, -0, 1, -1, 0.5, -2];

/** 259 is a prime, and more than one workgroup of 256. */
const everyUnary = Object.entries(unaryRanges).map(([name, range]): Case<"unary"> => {
  const fn = name as UnaryName; // Object.entries forgets the names of the keys
  const dtype: DType = fn === "not" ? "bool" : "f32";
  return {
    name: `${fn} of 259 elements`,
    ins: { x: { shape: [7, 37], dtype, range } },
    attrs: { fn },
  };
});

const specialUnary = (Object.keys(unaryRanges) as UnaryName[])
  .filter((fn) => fn !== "not")
  .map(
    (fn): Case<"unary"> => ({
      name: `${fn} of NaN, infinities and zeros`,
      ins: { x: { shape: [SPECIAL.length], values: SPECIAL } },
      attrs: { fn },
      checkGradient: false,
    }),
  );

const unaryOf = (name: string, fn: UnaryName, values: readonly number[], dtype: DType = "f32") =>
  ({
    name,
    ins: { x: { shape: [values.length], values, dtype } },
    attrs: { fn },
    checkGradient: false,
  }) satisfies Case<"unary">;

const unaryCases: readonly [Case<"unary">, ...Case<"unary">[]] = [
  { name: "unary of a scalar", ins: { x: { shape: [] } }, attrs: { fn: "tanh" } },
  ...everyUnary,
  ...specialUnary,
  { name: "unary of nothing", ins: { x: { shape: [0, 3] } }, attrs: { fn: "exp" } },
  {
    name: "tanh is accurate near 0, where tanh(x) is almost x",
    ins: { x: { shape: [33], range: [-0.01, 0.01] } },
    attrs: { fn: "tanh" },
  },
  {
    name: "sin of large angles keeps its digits",
    ins: { x: { shape: [259], range: [-1000, 1000] } },
    attrs: { fn: "sin" },
  },
  {
    name: "cos of large angles keeps its digits",
    ins: { x: { shape: [259], range: [-1000, 1000] } },
    attrs: { fn: "cos" },
  },
  unaryOf("tanh of large numbers is ±1, never NaN", "tanh", [-1000, -50, -20, 20, 50, 88, 1000]),
  unaryOf("sigmoid of large numbers is 0 or 1, never NaN", "sigmoid", [-1000, -88, 0, 88, 1000]),
  unaryOf("softplus of large numbers does not overflow", "softplus", [-80, -20, 0, 20, 89, 1000]),
  unaryOf("erf of large numbers is ±1", "erf", [-100, -6, -4, 4, 6, 100]),
  unaryOf("relu of 0 is 0", "relu", [-2, -0, 0, 2]),
  unaryOf("sign of 0 is 0", "sign", [-2, 0, 2]),
  unaryOf("isFinite finds NaN and both infinities", "isFinite", [0, NAN, INF, -INF, 3.4e38, 1]),
  unaryOf("neg of i32", "neg", [-7, 0, 7, 2147483647], "i32"),
  unaryOf("abs of i32", "abs", [-7, 0, 7, -2147483647], "i32"),
  unaryOf("sign of i32", "sign", [-7, 0, 7], "i32"),
  unaryOf("square of i32 wraps", "square", [-7, 0, 65536, 46341], "i32"),
  unaryOf("square of u32 wraps", "square", [7, 0, 65535, 65537], "u32"),
];

const binaryRanges: { readonly [K in BinaryName]: { readonly a: Range; readonly b: Range } } = {
  add: { a: [-3, 3], b: [-3, 3] },
  sub: { a: [-3, 3], b: [-3, 3] },
  mul: { a: [-3, 3], b: [-3, 3] },
  div: { a: [-3, 3], b: [0.3, 3] },
  pow: { a: [0.2, 2], b: [-2, 3] },
  max: { a: [-3, 3], b: [-3, 3] },
  min: { a: [-3, 3], b: [-3, 3] },
  less: { a: [-3, 3], b: [-3, 3] },
  lessEqual: { a: [-3, 3], b: [-3, 3] },
  greater: { a: [-3, 3], b: [-3, 3] },
  greaterEqual: { a: [-3, 3], b: [-3, 3] },
  equal: { a: [-3, 3], b: [-3, 3] },
  notEqual: { a: [-3, 3], b: [-3, 3] },
  and: { a: [0, 2], b: [0, 2] },
  or: { a: [0, 2], b: [0, 2] },
};
const isLogic = (fn: BinaryName) => fn === "and" || fn === "or";

const everyBinary = Object.entries(binaryRanges).map(([name, { a, b }]): Case<"binary"> => {
  const fn = name as BinaryName; // Object.entries forgets the names of the keys
  const dtype: DType = isLogic(fn) ? "bool" : "f32";
  const shape = [7, 37];
  return {
    name: `${fn} of 259 pairs`,
    ins: { a: { shape, dtype, range: a }, b: { shape, dtype, range: b } },
    attrs: { fn },
  };
});

/** Whole numbers from −3 to 3 meet each other often, so that equality is true at times. */
const wholeBinary = (Object.keys(binaryRanges) as BinaryName[])
  .filter((fn) => fn !== "pow" && !isLogic(fn))
  .flatMap((fn) =>
    (["i32", "u32"] as const).map((dtype): Case<"binary"> => {
      const range: Range = dtype === "i32" ? [-3, 4] : [0, 7];
      return {
        name: `${fn} of ${dtype}, division by 0 included`,
        ins: { a: { shape: [65], dtype, range }, b: { shape: [65], dtype, range } },
        attrs: { fn },
      };
    }),
  );

/** Each of SPECIAL with each. */
const specialBinary = (Object.keys(binaryRanges) as BinaryName[])
  .filter((fn) => !isLogic(fn))
  .map(
    (fn): Case<"binary"> => ({
      name: `${fn} of all pairs of NaN, infinities and zeros`,
      ins: {
        a: { shape: [SPECIAL.length, 1], values: SPECIAL },
        b: { shape: [SPECIAL.length], values: SPECIAL },
      },
      attrs: { fn },
      checkGradient: false,
    }),
  );

const broadcast = (name: string, a: readonly number[], b: readonly number[]): Case<"binary"> => ({
  name,
  ins: { a: { shape: a }, b: { shape: b, range: [0.5, 2] } },
  attrs: { fn: "div" },
});

const pairs = (
  name: string,
  fn: BinaryName,
  a: readonly number[],
  b: readonly number[],
  dtype: DType = "f32",
): Case<"binary"> => ({
  name,
  ins: { a: { shape: [a.length], values: a, dtype }, b: { shape: [b.length], values: b, dtype } },
  attrs: { fn },
  checkGradient: false,
});

const binaryCases: readonly [Case<"binary">, ...Case<"binary">[]] = [
  broadcast("two scalars", [], []),
  ...everyBinary,
  ...specialBinary,
  ...wholeBinary,
  broadcast("a scalar on the right is used for every element", [5, 13], []),
  broadcast("a scalar on the left is used for every element", [], [5, 13]),
  broadcast("a row is added to every row", [17, 33], [33]),
  broadcast("a column is stretched over the columns", [17, 33], [17, 1]),
  broadcast("both sides are stretched", [5, 1, 7], [3, 1]),
  broadcast("the middle dimension is stretched", [3, 5, 7], [3, 1, 7]),
  broadcast("four dimensions, stretched crosswise", [2, 1, 3, 1], [1, 5, 1, 7]),
  broadcast("a dimension of size 0 swallows one of size 1", [0, 3], [1, 3]),
  pairs("add of i32 wraps", "add", [2147483647, -2147483648, 1], [1, -1, 2], "i32"),
  pairs(
    "mul of i32 keeps the low bits",
    "mul",
    [123456789, -5, 65536],
    [987654321, 7, 65536],
    "i32",
  ),
  pairs("mul of u32 keeps the low bits", "mul", [4000000000, 65537], [3000000001, 65537], "u32"),
  pairs("sub of u32 wraps", "sub", [0, 5], [1, 2], "u32"),
  pairs("div of i32 truncates towards zero", "div", [-7, 7, -7, 7], [2, 2, -2, -2], "i32"),
  pairs("less of large u32 is unsigned", "less", [4294967295, 0], [1, 4294967295], "u32"),
  pairs("less of i32 is signed", "less", [-1, 0], [1, -5], "i32"),
  pairs("equal of bools", "equal", [0, 0, 1, 1], [0, 1, 0, 1], "bool"),
  pairs("notEqual of bools", "notEqual", [0, 0, 1, 1], [0, 1, 0, 1], "bool"),
  pairs("comparisons of equal floats", "lessEqual", [1, 1, -0], [1, 2, 0]),
  {
    name: "pow of negative bases takes whole exponents",
    ins: {
      a: { shape: [6], values: [-2, -2, -2, -3, -0.5, -1] },
      b: { shape: [6], values: [2, 3, 0, -2, 5, -3] },
    },
    attrs: { fn: "pow" },
    checkGradient: false,
  },
  pairs("pow of 0 is 0, and 0 to the power of 0 is 1", "pow", [0, 0, 0, 5], [2, 0.5, 0, 0]),
  pairs("pow of a negative base and a broken exponent is NaN", "pow", [-2, -8], [0.5, 1 / 3]),
];

export const elementwiseCases = {
  unary: unaryCases,
  binary: binaryCases,
  where: [
    {
      name: "where picks by element",
      ins: {
        condition: { shape: [7, 37], dtype: "bool" },
        a: { shape: [7, 37] },
        b: { shape: [7, 37] },
      },
      attrs: {},
    },
    {
      name: "where broadcasts all three",
      ins: {
        condition: { shape: [5, 1], dtype: "bool" },
        a: { shape: [] },
        b: { shape: [3, 1, 17] },
      },
      attrs: {},
    },
    {
      name: "where of i32",
      ins: {
        condition: { shape: [33], dtype: "bool" },
        a: { shape: [33], dtype: "i32", range: [-9, 9] },
        b: { shape: [], dtype: "i32", values: [7] },
      },
      attrs: {},
    },
    {
      name: "where of nothing",
      ins: { condition: { shape: [0], dtype: "bool" }, a: { shape: [0] }, b: { shape: [] } },
      attrs: {},
    },
    {
      name: "where keeps out what it does not pick, even an infinity",
      ins: {
        condition: { shape: [2], dtype: "bool", values: [1, 0] },
        a: { shape: [2], values: [1, INF] },
        b: { shape: [2], values: [-INF, 2] },
      },
      attrs: {},
      checkGradient: false,
    },
  ],
  cast: [
    { name: "cast of f32 to f32", ins: { x: { shape: [5] } }, attrs: { dtype: "f32" } },
    {
      name: "cast of f32 to i32 truncates and saturates",
      ins: { x: { shape: [8], values: [-2.7, -0.5, 0, 0.5, 2.7, 3e9, -3e9, 16777215] } },
      attrs: { dtype: "i32" },
    },
    {
      name: "cast of f32 to u32 truncates and saturates",
      ins: { x: { shape: [6], values: [-2.7, 0, 0.99, 2.7, 5e9, 3e9] } },
      attrs: { dtype: "u32" },
    },
    {
      name: "cast of f32 to bool is true for everything but 0",
      ins: { x: { shape: [5], values: [0, -0, 1e-30, -1, 2] } },
      attrs: { dtype: "bool" },
    },
    {
      name: "cast of NaN and infinities to bool is true",
      ins: { x: { shape: [3], values: [NAN, INF, -INF] } },
      attrs: { dtype: "bool" },
    },
    {
      name: "cast of infinities to i32 saturates",
      ins: { x: { shape: [2], values: [INF, -INF] } },
      attrs: { dtype: "i32" },
    },
    {
      name: "cast of i32 to f32",
      ins: { x: { shape: [259], dtype: "i32", range: [-9, 9] } },
      attrs: { dtype: "f32" },
    },
    {
      name: "cast of i32 to u32 keeps the bits",
      ins: { x: { shape: [3], dtype: "i32", values: [-1, 0, 7] } },
      attrs: { dtype: "u32" },
    },
    {
      name: "cast of i32 to bool",
      ins: { x: { shape: [3], dtype: "i32", values: [-1, 0, 7] } },
      attrs: { dtype: "bool" },
    },
    {
      name: "cast of u32 to f32",
      ins: { x: { shape: [3], dtype: "u32", values: [4294967295, 0, 7] } },
      attrs: { dtype: "f32" },
    },
    {
      name: "cast of u32 to i32 keeps the bits",
      ins: { x: { shape: [3], dtype: "u32", values: [4294967295, 0, 7] } },
      attrs: { dtype: "i32" },
    },
    {
      name: "cast of u32 to bool",
      ins: { x: { shape: [3], dtype: "u32", values: [4294967295, 0, 7] } },
      attrs: { dtype: "bool" },
    },
    ...(["f32", "i32", "u32", "bool"] as const).map((dtype) => ({
      name: `cast of bool to ${dtype}`,
      ins: { x: { shape: [33], dtype: "bool" as const } },
      attrs: { dtype },
    })),
    { name: "cast of nothing", ins: { x: { shape: [0] } }, attrs: { dtype: "i32" } },
  ],
} satisfies Pick<CaseTable, "unary" | "binary" | "where" | "cast">;
