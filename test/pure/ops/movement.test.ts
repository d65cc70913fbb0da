import { describe, expect, it } from "vitest";
import { ArgumentError, DTypeError, ShapeError } from "../../../src/errors.ts";
import { f32, infer, of } from "./infer.ts";

describe("movement ops refuse what does not fit", () => {
  it("reshape to another number of elements", () => {
    const reshape = () => infer("reshape", { x: f32(2, 3) }, { shape: [4] });
    expect(reshape).toThrow(ShapeError);
    expect(reshape).toThrow(/^reshape: .*; got f32\[2, 3\], 6 elements, and \[4\], 4 elements\. /);
    expect(() => infer("reshape", { x: f32(2) }, { shape: [-1] })).toThrow(/whole numbers/);
    expect(() => infer("reshape", { x: f32(2) }, { shape: [0.5, 4] })).toThrow(ShapeError);
  });

  it("broadcastTo where a size is neither 1 nor the new one", () => {
    const grow = (to: number[]) => () => infer("broadcastTo", { x: f32(2, 3) }, { shape: to });
    expect(grow([4, 3])).toThrow(/^broadcastTo: .*; got f32\[2, 3\] to \[4, 3\]\. Reshape/);
    expect(grow([3])).toThrow(ShapeError);
    expect(grow([1, 3])).toThrow(ShapeError);
    expect(grow([5, 2, 3])().out.shape).toEqual([5, 2, 3]);
  });

  it("transpose by something that is no permutation", () => {
    const transpose = (permutation: number[]) => () =>
      infer("transpose", { x: f32(2, 3, 4) }, { permutation });
    expect(transpose([0, 1])).toThrow(/^transpose: .* an entry for every dimension; got 2 for/);
    expect(transpose([0, 1, 1])).toThrow(ArgumentError);
    expect(transpose([0, 1, 3])).toThrow(/must name every dimension once; got \[0, 1, 3\]/);
    expect(transpose([2, 0, 1])().out.shape).toEqual([4, 2, 3]);
  });

  it("slice outside x", () => {
    const slice = (starts: number[], sizes: number[]) => () =>
      infer("slice", { x: f32(5) }, { starts, sizes });
    expect(slice([3], [3])).toThrow(/^slice: the block must lie inside x; got starts \[3\], sizes/);
    expect(slice([-1], [1])).toThrow(ArgumentError);
    expect(slice([0], [-1])).toThrow(ShapeError);
    expect(slice([0, 0], [1])).toThrow(ArgumentError);
    expect(slice([5], [0])().out.shape).toEqual([0]);
  });

  it("pad by less than nothing", () => {
    const pad = () => infer("pad", { x: f32(5) }, { padding: [[-1, 0]] });
    expect(pad).toThrow(ArgumentError);
    expect(pad).toThrow(/^pad: padding must be whole numbers.*; got \[\[-1,0\]\]\. /);
    expect(() => infer("pad", { x: f32(5, 2) }, { padding: [[1, 1]] })).toThrow(ArgumentError);
  });

  it("concat of nothing, of other sizes, of other dtypes, along no axis", () => {
    const concat = (xs: ReturnType<typeof f32>[], axis: number) => () =>
      infer("concat", { xs }, { axis });
    expect(concat([], 0)).toThrow(ArgumentError);
    expect(concat([f32(2, 3), f32(2, 4)], 0)).toThrow(ShapeError);
    expect(concat([f32(2, 3), f32(2)], 0)).toThrow(/got f32\[2, 3\], f32\[2\]\. /);
    expect(concat([f32(2), of("i32", 2)], 0)).toThrow(DTypeError);
    expect(concat([f32(2)], 1)).toThrow(/^concat: .*; got axis 1 for f32\[2\]\. Choose an axis/);
    expect(concat([f32()], 0)).toThrow(/A scalar has no axis/);
    expect(concat([f32(2, 3), f32(2, 4)], 1)().out.shape).toEqual([2, 7]);
  });
});
