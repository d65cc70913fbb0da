/** `new Array(2)` has nothing in it, and `every` of it is true. */
import { describe, expect, it } from "vitest";
import { GradgpuError } from "../../../src/errors.ts";
import { ones, pad, sum, valueAndGrad } from "../../../src/functions.ts";
import { data, nn, optim } from "../../../src/index.ts";

describe("a list with holes is refused where a list of something is expected", () => {
  const holes = new Array(2) as never;
  it.each<[string, () => unknown]>([
    ["valueAndGrad", () => valueAndGrad(holes, () => sum(ones([2])))],
    ["conv2d", () => nn.conv2d(1, 1, holes)],
    ["layerNorm", () => nn.layerNorm(holes)],
    ["upsample2d", () => nn.upsample2d(holes)],
    ["pad2d", () => nn.pad2d(holes)],
    ["pad", () => pad(ones([2]), [holes])],
    ["m", () => nn.module("m", { children: { a: holes }, forward: (x) => x })],
    ["adam", () => optim.adam({ learningRate: 1, groups: { head: { parameters: holes } } })],
    ["padSequences", () => data.padSequences(holes)],
  ])("%s", (caller, call) => {
    expect(call).toThrow(GradgpuError);
    expect(call).toThrow(caller);
  });
});
