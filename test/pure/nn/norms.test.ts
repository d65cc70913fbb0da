/** What norms take and refuse, and that they keep their digits. */
import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../../src/errors.ts";
import { compile, grad, mul, sum, type Tensor, tensor, zeros } from "../../../src/functions.ts";
import * as nn from "../../../src/nn/index.ts";
import { relativeError } from "../../support/case-data.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

describe("norms refuse", () => {
  it.each([
    [() => nn.layerNorm(0), "layerNorm: the shape must be a size, or a list of sizes"],
    [() => nn.rmsNorm([]), "rmsNorm: the shape must be a size, or a list of sizes"],
    [
      () => nn.batchNorm2d(1e9),
      "batchNorm2d.running_mean: a parameter may start with at most 2^27 elements; got [1000000000]. Choose smaller sizes",
    ],
    [() => nn.linear(1e5, 1e4), "initialise: a parameter may start with at most 2^27 elements"],
    [
      () => nn.batchNorm2d(2.5),
      "batchNorm2d: channels must be a whole number of 1 or more; got 2.5",
    ],
    [() => nn.groupNorm(2, 3), "groupNorm: the groups must divide the channels; got 2 groups of 3"],
    [
      () => nn.batchNorm1d(2, { momentum: 1.5 }),
      "batchNorm1d: momentum must be a number from 0 to 1",
    ],
    [() => nn.layerNorm(2, { eps: 1e-3 } as never), "Did you mean epsilon?"],
    [() => nn.layerNorm(2, { epsilon: 0 }), "layerNorm: epsilon must be a number above 0; got 0"],
  ])("options that are none: %#", (make, message) => {
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(message);
  });

  it.each([
    [
      nn.layerNorm(3),
      [2, 4],
      "layerNorm: the input's last dimensions must be the layer's; got f32[2, 4]",
    ],
    [nn.layerNorm([2, 3]), [3], "layerNorm(2 × 3)"],
    [
      nn.batchNorm2d(3),
      [2, 4, 4, 2],
      "batchNorm2d: the input must be images [N, H, W, C] of C = 3",
    ],
    [nn.batchNorm1d(3), [2, 4, 4, 3], "rows [N, C] or sequences [N, L, C] of C = 3"],
    [nn.groupNorm(1, 3), [3], "groupNorm: the input must be [N, ..., C] of C = 3"],
    [nn.instanceNorm2d(3), [4, 4, 3], "instanceNorm2d: the input must be images"],
    [nn.batchNorm1d(3), [1, 3], "there must be more than one number a channel"],
    [nn.instanceNorm2d(3), [4, 1, 1, 3], "there must be more than one number a channel"],
  ])("inputs of another form: %#", (layer, shape, message) => {
    expect(() => layer(zeros(shape))).toThrow(ShapeError);
    expect(() => layer(zeros(shape))).toThrow(message);
  });
});

describe("norms", () => {
  const features = 512;
  /** Deviations of 1 around 4,096: of E[x²] − E[x]² nothing would be left in f32. */
  const far = Float32Array.from({ length: features }, (_, i) => 4096 + Math.sin(i * i));

  it("keep the digits of numbers that lie far from 0", async () => {
    const mean = far.reduce((total, v) => total + v, 0) / features;
    const variance = far.reduce((total, v) => total + (v - mean) ** 2, 0) / features;
    const exact = Array.from(far, (v) => (v - mean) / Math.sqrt(variance + 1e-5));
    const rows = await nn
      .layerNorm(features)(tensor(far, [1, features]))
      .data();
    const columns = await nn
      .batchNorm1d(1)(tensor(far, [features, 1]))
      .data();
    // The mean is rounded to 2⁻¹², 2.4e-4, and shifts every element by as much.
    expect(relativeError(rows, exact)).toBeLessThan(5e-4);
    expect(relativeError(columns, exact)).toBeLessThan(5e-4);
  });

  it("have gradients of gradients", async () => {
    // Of y = weight · x̂ the sum of squares is that of the weights whatever x is: its gradient is 0, and the gradient of that.
    const layer = nn.layerNorm(4, { affine: false, epsilon: 1e-12 });
    const energy = (x: Tensor) => sum(mul(layer(x), layer(x)));
    const along = tensor([[0.3, -0.2, 0.9, 0.1]]);
    const x = tensor([[1, 2, -1, 0.5]]);
    const slope = (at: Tensor) => sum(mul(grad(energy, at)[0] ?? at, along));
    const [second] = grad(slope, x);
    for (const v of (await second?.data()) ?? [Number.NaN]) expect(Math.abs(v)).toBeLessThan(1e-5);
  });

  it("use the batch in training, and what they remember in evaluation, also in compiled steps", async () => {
    const layer = nn.batchNorm1d(1, { momentum: 1 });
    const step = compile((x) => layer(x));
    const x = tensor([[1], [3]]);
    const trained = await (await step(x)).data();
    expect(Array.from(trained)).toEqual([expect.closeTo(-1, 4), expect.closeTo(1, 4)]);
    layer.eval();
    const evaluate = compile((x) => layer(x));
    // Mean 2, and of a sample of two the variance is 2.
    const evaluated = await (await evaluate(tensor([[2], [4]]))).data();
    expect(Array.from(evaluated)).toEqual([0, expect.closeTo(Math.SQRT2, 4)]);
    expect(await layer.buffers().at(-1)?.item()).toBe(1);
  });

  it("count on through state dicts", async () => {
    const [layer, other] = [nn.batchNorm1d(2), nn.batchNorm1d(2)];
    await layer(
      tensor([
        [1, 2],
        [3, 4],
      ]),
    ).data();
    other.loadStateDict(await layer.stateDict());
    expect(await other.stateDict()).toEqual(await layer.stateDict());
    expect((await other.stateDict()).num_batches_tracked?.data[0]).toBe(1);
  });
});
