import { describe, expect, it } from "vitest";
import { DTypeError, ShapeError } from "../../../src/errors.ts";
import { castValue } from "../../../src/ops/casts.ts";
import { binary, unary } from "../../../src/ops/scalars.ts";
import { f32, infer, of } from "./infer.ts";

describe("shapes and dtypes", () => {
  it("broadcasts by NumPy's rule", () => {
    const shape = (a: number[], b: number[]) =>
      infer("binary", { a: f32(...a), b: f32(...b) }, { fn: "add" }).out.shape;
    expect(shape([5, 1, 7], [3, 1])).toEqual([5, 3, 7]);
    expect(shape([], [2, 3])).toEqual([2, 3]);
    expect(shape([0, 3], [1, 3])).toEqual([0, 3]);
  });

  it("comparisons give bool", () => {
    const ins = { a: of("i32", 3), b: of("i32", 3) };
    expect(infer("binary", ins, { fn: "less" }).out).toEqual(of("bool", 3));
    expect(infer("unary", { x: f32(3) }, { fn: "isFinite" }).out).toEqual(of("bool", 3));
  });

  it("shapes that do not broadcast are refused, with both shapes and a remedy", () => {
    const add = () => infer("binary", { a: f32(2, 3), b: f32(2, 4) }, { fn: "add" });
    expect(add).toThrow(ShapeError);
    expect(add).toThrow(
      /^add: shapes must broadcast.*; got a f32\[2, 3\], b f32\[2, 4\]\. \w+.*\.$/,
    );
  });

  it("two dtypes are refused, and the message says how to cast", () => {
    const mul = () => infer("binary", { a: f32(2), b: of("i32", 2) }, { fn: "mul" });
    expect(mul).toThrow(DTypeError);
    expect(mul).toThrow(
      'mul: a and b must have the same dtype; got a f32[2], b i32[2]. Cast one of them, for example cast(b, "f32").',
    );
  });

  it("a function refuses dtypes that it has no meaning for", () => {
    const tanh = () => infer("unary", { x: of("i32", 2) }, { fn: "tanh" });
    expect(tanh).toThrow(DTypeError);
    expect(tanh).toThrow('tanh: x must be f32; got i32[2]. Cast it first: cast(x, "f32").');
    const and = () => infer("binary", { a: f32(2), b: f32(2) }, { fn: "and" });
    expect(and).toThrow(/^and: a must be bool; got f32\[2\]/);
  });

  it("where asks for a bool condition, equal dtypes and shapes that fit", () => {
    const [a, condition] = [f32(2), of("bool", 2)];
    expect(() => infer("where", { condition: a, a, b: a }, {})).toThrow(
      /condition must be bool; got f32\[2\]\. Compare/,
    );
    expect(() => infer("where", { condition, a, b: of("i32", 2) }, {})).toThrow(DTypeError);
    expect(() => infer("where", { condition, a, b: f32(3) }, {})).toThrow(ShapeError);
  });
});

describe("scalar functions", () => {
  const at = (fn: keyof typeof unary, x: number) => unary[fn].evaluate(x, "f32");

  it("erf agrees with tabulated values to 1e-15", () => {
    // Abramowitz & Stegun, table 7.1, and mpmath.
    const table = [
      [0.1, 0.1124629160182849],
      [0.5, 0.5204998778130465],
      [1, 0.8427007929497149],
      [2, 0.9953222650189527],
      [3, 0.9999779095030014],
      [5, 0.9999999999984626],
    ] as const;
    for (const [x, y] of table) {
      expect(Math.abs(at("erf", x) - y)).toBeLessThan(1e-15);
      expect(at("erf", -x)).toBe(-at("erf", x));
    }
    expect(at("erf", 100)).toBe(1);
  });

  it("gelu is the exact form", () => {
    // torch.nn.functional.gelu(torch.tensor([1.0, -2.0], dtype=torch.float64))
    expect(at("gelu", 1)).toBeCloseTo(0.8413447460685429, 14);
    expect(at("gelu", -2)).toBeCloseTo(-0.04550026389635842, 14);
  });

  it("nothing overflows that has a finite value", () => {
    expect([at("sigmoid", -1000), at("sigmoid", 1000)]).toEqual([0, 1]);
    expect([at("softplus", -1000), at("softplus", 1000)]).toEqual([0, 1000]);
    expect([at("tanh", -1000), at("tanh", 1000)]).toEqual([-1, 1]);
  });

  it("whole numbers wrap, and divide as WGSL does", () => {
    const both = (fn: keyof typeof binary, a: number, b: number, dtype: "i32" | "u32") =>
      binary[fn].evaluate(a, b, dtype);
    expect(both("add", 2147483647, 1, "i32")).toBe(-2147483648);
    expect(both("sub", 0, 1, "u32")).toBe(4294967295);
    expect(both("mul", 65537, 65537, "u32")).toBe(131073);
    expect(both("div", -7, 2, "i32")).toBe(-3);
    expect(both("div", -7, 0, "i32")).toBe(-7);
    expect(both("div", -2147483648, -1, "i32")).toBe(-2147483648);
  });

  it("casts truncate, saturate and keep bits", () => {
    expect(castValue(-2.7, "f32", "i32")).toBe(-2);
    expect(castValue(1e20, "f32", "i32")).toBe(2147483520);
    expect(castValue(-1e20, "f32", "i32")).toBe(-2147483648);
    expect(castValue(-1, "f32", "u32")).toBe(0);
    expect(castValue(1e20, "f32", "u32")).toBe(4294967040);
    expect(castValue(Number.NaN, "f32", "i32")).toBe(0);
    expect(castValue(-1, "i32", "u32")).toBe(4294967295);
    expect(castValue(4294967295, "u32", "i32")).toBe(-1);
    expect(castValue(0.5, "f32", "bool")).toBe(1);
    expect(castValue(1, "bool", "f32")).toBe(1);
  });
});
