import { describe, expect, it } from "vitest";
import { ArgumentError, DTypeError, ShapeError } from "../../../src/errors.ts";
import { f32, infer, of } from "./infer.ts";

describe("sources refuse what they cannot make", () => {
  it("uniform without a key of two u32 words, or with a stream that is no word", () => {
    const attrs = { shape: [3], stream: 0 };
    expect(() => infer("uniform", { key: f32(2) }, attrs)).toThrow(DTypeError);
    expect(() => infer("uniform", { key: of("u32", 3) }, attrs)).toThrow(
      "uniform: key must have shape [2]; got u32[3]. A key is two random words.",
    );
    const uniform = (shape: number[], stream: number) => () =>
      infer("uniform", { key: of("u32", 2) }, { shape, stream });
    expect(uniform([3], -1)).toThrow(ArgumentError);
    expect(uniform([-3], 0)).toThrow(ShapeError);
  });

  it("a literal that its dtype cannot hold", () => {
    const literal = (value: number, dtype: "f32" | "i32" | "u32" | "bool") => () =>
      infer("literal", {}, { value, dtype });
    expect(literal(Number.NaN, "i32")).toThrow(/^literal: .* i32 can hold; got NaN\. /);
    expect(literal(1e39, "f32")).toThrow(ArgumentError);
    expect(literal(Number.NEGATIVE_INFINITY, "f32")().out).toEqual(of("f32"));
    expect(literal(0.5, "i32")).toThrow(ArgumentError);
    expect(literal(-1, "u32")).toThrow(ArgumentError);
    expect(literal(2, "bool")).toThrow(ArgumentError);
    expect(literal(-2147483648, "i32")().out).toEqual(of("i32"));
  });

  it("an iota that cannot count", () => {
    const iota = (length: number, dtype: "f32" | "i32" | "bool") => () =>
      infer("iota", {}, { length, dtype });
    expect(iota(-1, "i32")).toThrow(ArgumentError);
    expect(iota(3, "bool")).toThrow(/^iota: the dtype must be a number; got bool\. /);
    expect(iota(2 ** 24 + 1, "f32")).toThrow(/at most 2\^24/);
  });
});
