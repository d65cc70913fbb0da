import { describe, expect, it } from "vitest";
import { ArgumentError, DTypeError, ShapeError } from "../../../src/errors.ts";
import { arithmetic } from "../../../src/ops/arithmetic.ts";
import type { ReduceName } from "../../../src/ops/vocabulary.ts";
import { Eager, gradients } from "../../support/gradient.ts";
import { f32, infer, of } from "./infer.ts";

const reduce = (x: ReturnType<typeof f32>, fn: ReduceName, axes: number[], keepDims = false) =>
  infer("reduce", { x }, { fn, axes, keepDims }).out;

describe("reductions", () => {
  it("leave their axes out, or keep them with size 1", () => {
    expect(reduce(f32(2, 3, 4), "sum", [0, 2]).shape).toEqual([3]);
    expect(reduce(f32(2, 3, 4), "sum", [2, 0], true).shape).toEqual([1, 3, 1]);
    expect(reduce(of("i32", 2, 3), "max", [1])).toEqual(of("i32", 2));
  });

  it("refuse axes that x has not, or that are named twice", () => {
    expect(() => reduce(f32(2, 3), "sum", [2])).toThrow(
      "sum: an axis must be one of the input's dimensions; got axis 2 for f32[2, 3]. Choose an axis from 0 to 1.",
    );
    expect(() => reduce(f32(2, 3), "sum", [-1])).toThrow(ArgumentError);
    expect(() => reduce(f32(2, 3), "sum", [0.5])).toThrow(ArgumentError);
    expect(() => reduce(f32(2, 3), "max", [1, 1])).toThrow(/^max: every axis may be named once/);
  });

  it("of nothing are refused, except the sum", () => {
    expect(reduce(f32(3, 0), "sum", [1]).shape).toEqual([3]);
    for (const fn of ["mean", "max", "min"] as const) {
      expect(() => reduce(f32(3, 0), fn, [1])).toThrow(ShapeError);
      expect(() => reduce(f32(3, 0), fn, [1])).toThrow(/must be an element.*f32\[3, 0\]\. Only/);
    }
    const argmax = () => infer("argmax", { x: f32(3, 0) }, { axis: 1 });
    expect(argmax).toThrow(/^argmax: there must be an element; got axis 1 of f32\[3, 0\]\. /);
  });

  it("take numbers only, and a mean f32 only", () => {
    expect(() => reduce(of("bool", 3), "sum", [0])).toThrow(DTypeError);
    expect(() => reduce(of("i32", 3), "mean", [0])).toThrow(/^mean: x must be f32; got i32\[3\]/);
    expect(() => infer("argmax", { x: of("bool", 3) }, { axis: 0 })).toThrow(DTypeError);
  });

  it("a maximum shares its gradient equally between ties", () => {
    const session = new Eager();
    const m = arithmetic(session.emit);
    const x = session.leaf({ type: f32(5), data: Float64Array.of(3, 7, 7, 1, 7) });
    const [gradient] = gradients(session, [[m.reduce("max", x, [0]), m.literal(6)]], [x]);
    if (gradient === undefined) throw new Error("no gradient");
    expect([...session.tensor(gradient).data]).toEqual([0, 2, 2, 0, 2]);
  });
});
