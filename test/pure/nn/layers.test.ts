import { describe, expect, it } from "vitest";
import { ArgumentError, DTypeError, ShapeError } from "../../../src/errors.ts";
import {
  arange,
  full,
  reshape,
  square,
  sum,
  tensor,
  valueAndGrad,
  zeros,
} from "../../../src/functions.ts";
import * as nn from "../../../src/nn/index.ts";
import { evaluateTensor } from "../../support/evaluate-tensor.ts";
import { openCounting } from "../runtime/open.ts";

const { initialise } = nn;

describe("nn.linear", () => {
  it("computes x · W + b with W as [inputs, outputs]", () => {
    const layer = nn.linear(2, 3, { initialiseBias: initialise.constant(1) });
    layer.own.weight?.variable.load(Float32Array.of(1, 2, 3, 4, 5, 6));
    expect(evaluateTensor(layer(tensor([[1, 10]])))).toEqual([42, 53, 64]);
  });

  it.each([[[2]], [[4, 2]], [[3, 4, 2]], [[0, 2]], [[3, 0, 2]]])(
    "keeps the leading dimensions of an input %j",
    (shape) => {
      expect(nn.linear(2, 5)(zeros(shape)).shape).toEqual([...shape.slice(0, -1), 5]);
    },
  );

  it("has no bias where none is wanted", () => {
    const layer = nn.linear(2, 3, { bias: false });
    expect([...layer.namedParameters().keys()]).toEqual(["weight"]);
    expect(layer(zeros([1, 2])).shape).toEqual([1, 3]);
  });

  it("refuses rows of another length", () => {
    expect(() => nn.linear(4, 2)(zeros([8, 5]))).toThrow(ShapeError);
    expect(() => nn.linear(4, 2)(zeros([8, 5]))).toThrow(
      "linear: the input's last dimension must be the layer's inputs; got input f32[8, 5] for linear(4, 2).",
    );
  });

  it("refuses sizes that are no counts", () => {
    expect(() => nn.linear(0, 2)).toThrow(ArgumentError);
    expect(() => nn.linear(2, 1.5)).toThrow(
      "linear: outputs must be a whole number of 1 or more; got 1.5",
    );
  });
});

describe("nn.conv2d", () => {
  it("adds the bias of each channel to the cross-correlation", () => {
    const ones = initialise.constant(1);
    const layer = nn.conv2d(1, 2, 2, { initialise: ones, initialiseBias: ones });
    layer.own.bias?.variable.load(Float32Array.of(0, 100));
    const x = tensor(Float32Array.of(1, 2, 3, 4), [1, 2, 2, 1]);
    expect(evaluateTensor(layer(x))).toEqual([10, 110]);
  });

  it.each([
    [{}, [2, 6, 5, 4]],
    [{ padding: "same" as const }, [2, 8, 7, 4]],
    [{ padding: "same" as const, stride: 2 }, [2, 4, 4, 4]],
    [{ padding: 1, stride: 2 }, [2, 4, 4, 4]],
  ])("with %j gives images of shape %j", (options, shape) => {
    expect(nn.conv2d(3, 4, 3, options)(zeros([2, 8, 7, 3])).shape).toEqual(shape);
  });

  it("takes a kernel that is no square", () => {
    const layer = nn.conv2d(3, 4, [1, 5]);
    expect(layer.own.weight?.variable.shape).toEqual([1, 5, 3, 4]);
    expect(layer(zeros([1, 5, 5, 3])).shape).toEqual([1, 5, 1, 4]);
    expect(() => nn.conv2d(3, 4, 0)).toThrow("conv2d: the kernel must be a whole number");
  });

  it("convolves groups of channels apart", () => {
    const layer = nn.conv2d(2, 4, 1, { groups: 2, bias: false });
    expect(layer.own.weight?.variable.shape).toEqual([1, 1, 1, 4]);
    layer.own.weight?.variable.load(Float32Array.of(1, 2, 3, 4));
    const x = tensor(Float32Array.of(10, 100), [1, 1, 1, 2]);
    expect(evaluateTensor(layer(x))).toEqual([10, 20, 300, 400]);
    expect(layer.description).toBe("conv2d(2, 4, 1 × 1, 2 groups)");
  });

  it("refuses groups that do not divide its channels", () => {
    expect(() => nn.conv2d(3, 4, 3, { groups: 2 })).toThrow(ArgumentError);
    expect(() => nn.conv2d(4, 3, 3, { groups: 2 })).toThrow(
      "conv2d: groups must divide the layer's inputs and outputs; got 4 inputs, 3 outputs, groups 2.",
    );
    expect(() => nn.conv2d(4, 4, 3, { groups: 0 })).toThrow(
      "conv2d: groups must be a whole number",
    );
  });

  it("refuses images with other channels", () => {
    expect(() => nn.conv2d(3, 4, 3)(zeros([1, 8, 8, 1]))).toThrow(ShapeError);
  });
});

describe("layers without parameters", () => {
  it("pools in windows that touch unless told otherwise", () => {
    const x = reshape(tensor(Float32Array.from({ length: 16 }, (_, i) => i)), [1, 4, 4, 1]);
    expect(evaluateTensor(nn.maxPool2d(2)(x))).toEqual([5, 7, 13, 15]);
    expect(evaluateTensor(nn.avgPool2d(2)(x))).toEqual([2.5, 4.5, 10.5, 12.5]);
    expect(nn.maxPool2d(2, { stride: 1 })(x).shape).toEqual([1, 3, 3, 1]);
    expect(nn.avgPool2d([1, 4])(x).shape).toEqual([1, 4, 1, 1]);
  });

  it("flattens all but the batch", () => {
    expect(nn.flatten()(zeros([2, 3, 4, 5])).shape).toEqual([2, 60]);
    expect(nn.flatten()(zeros([0, 3])).shape).toEqual([0, 3]);
    expect(() => nn.flatten()(zeros([]))).toThrow(ShapeError);
  });

  it("applies activations element by element", () => {
    const x = tensor([-1, 0, 2]);
    expect(evaluateTensor(nn.relu()(x))).toEqual([0, 0, 2]);
    expect(evaluateTensor(nn.tanh()(x))).toEqual([Math.tanh(-1), 0, Math.tanh(2)]);
    expect(evaluateTensor(nn.sigmoid()(x))[1]).toBe(0.5);
    expect(evaluateTensor(nn.gelu()(x))[1]).toBe(0);
    const total = evaluateTensor(nn.softmax()(x)).reduce((a, b) => a + b);
    expect(total).toBeCloseTo(1, 12);
  });
});

describe("nn.embedding", () => {
  it("gives the rows of the ids, whatever their shape", () => {
    const layer = nn.embedding(4, 2);
    layer.own.weight?.variable.load(Float32Array.of(0, 1, 10, 11, 20, 21, 30, 31));
    expect(evaluateTensor(layer(tensor(Int32Array.of(3, 0))))).toEqual([30, 31, 0, 1]);
    expect(layer(reshape(arange(4), [2, 2])).shape).toEqual([2, 2, 2]);
  });

  it("begins with zeros for padding, and trains the other rows only, as PyTorch's padding_idx", () => {
    const layer = nn.embedding(4, 2, { paddingIndex: 1 });
    const ids = tensor(Int32Array.of(1, 3, 1, 0));
    const [, , a, b] = evaluateTensor(layer(ids));
    expect(evaluateTensor(layer(ids))).toEqual([
      0,
      0,
      a,
      b,
      0,
      0,
      expect.anything(),
      expect.anything(),
    ]);
    // What is loaded is read, as it is in PyTorch.
    layer.own.weight?.variable.load(Float32Array.of(0, 1, 10, 11, 20, 21, 30, 31));
    expect(evaluateTensor(layer(ids))).toEqual([10, 11, 30, 31, 10, 11, 0, 1]);
    const [, gradients] = valueAndGrad(layer.parameters(), () => sum(square(layer(ids))));
    const [gradient] = gradients.values();
    expect(gradient && evaluateTensor(gradient)).toEqual([0, 2, 0, 0, 0, 0, 60, 62]);
    expect(layer.description).toBe("embedding(4, 2, padding 1)");
    expect(() => nn.embedding(4, 2, { paddingIndex: 4 })).toThrow(
      new ArgumentError(
        "embedding: paddingIndex must be a row of the table, from 0 to 3; got 4. Give another paddingIndex.",
      ),
    );
  });
});

describe("initialisers", () => {
  it("remember opens the gate that keeps the state, and no other", () => {
    const options = { initialiseBias: initialise.remember(2) };
    const start = (layer: nn.Module, name: string) => [...elements(layer, name)];
    expect(start(nn.lstm(1, 2, options), "bias_l0")).toEqual([0, 2, 0, 0, 0, 2, 0, 0]);
    expect(start(nn.gru(1, 2, options), "bias_l0")).toEqual([0, 2, 0, 0, 2, 0]);
    expect(start(nn.gru(1, 2, options), "candidate_bias_l0")).toEqual([0, 0]);
    expect(start(nn.rnn(1, 2, options), "bias_l0")).toEqual([0, 0]);
  });

  const elements = (layer: nn.Module, name: string) => layer.own[name]?.variable.cell.host ?? [];
  const spread = (values: ArrayLike<number>) =>
    Math.sqrt(Array.from(values).reduce((total, x) => total + x * x, 0) / values.length);

  it("start from the seed and from nothing else", () => {
    const first = nn.linear(20, 30, { seed: 5 });
    expect(elements(nn.linear(20, 30, { seed: 5 }), "weight")).toEqual(elements(first, "weight"));
    expect(elements(nn.linear(20, 30, { seed: 6 }), "weight")).not.toEqual(
      elements(first, "weight"),
    );
  });

  it("without a seed give each layer numbers of its own", () => {
    expect(elements(nn.linear(2, 3), "weight")).not.toEqual(elements(nn.linear(2, 3), "weight"));
  });

  it.each([
    ["nn.linear", nn.linear(400, 100, { seed: 1 }), "weight", 1 / Math.sqrt(400)],
    ["nn.conv2d", nn.conv2d(16, 32, 5, { seed: 1 }), "weight", 1 / Math.sqrt(400)],
    [
      "nn.conv2d in groups",
      nn.conv2d(64, 32, 5, { groups: 4, seed: 1 }),
      "weight",
      1 / Math.sqrt(400),
    ],
    ["the input of nn.lstm", nn.lstm(40, 64, { seed: 1 }), "weight_ih_l0", 1 / Math.sqrt(64)],
    ["the recurrence of nn.lstm", nn.lstm(40, 64, { seed: 1 }), "weight_hh_l0", 1 / Math.sqrt(64)],
  ])(
    "by default spread the weights of %s evenly up to PyTorch's bound",
    (_, layer, name, bound) => {
      const values = elements(layer, name);
      const largest = Math.max(...Array.from(values, Math.abs));
      // The largest of 10,000 and more even draws is within 0.1 % of the bound; their deviation is bound / √3 ± 2 %.
      expect(largest).toBeLessThanOrEqual(bound);
      expect(largest).toBeGreaterThan(0.999 * bound);
      expect(spread(values) / (bound / Math.sqrt(3))).toBeCloseTo(1, 1.4);
    },
  );

  // torch.nn.init.xavier_uniform_ of the same layers' weights.
  it.each([
    [
      "a convolution in groups",
      nn.conv2d(16, 24, 5, { groups: 4, seed: 1, initialise: initialise.xavierUniform }),
      "weight",
      Math.sqrt(6 / (4 * 25 + 24 * 25)),
    ],
    [
      "a transposed one",
      nn.conv2dTranspose(16, 24, 5, { groups: 4, seed: 1, initialise: initialise.xavierUniform }),
      "weight",
      Math.sqrt(6 / (6 * 25 + 16 * 25)),
    ],
    [
      "the input of nn.lstm",
      nn.lstm(40, 64, { seed: 1, initialise: initialise.xavierUniform }),
      "weight_ih_l0",
      Math.sqrt(6 / (40 + 4 * 64)),
    ],
    [
      "the recurrence of nn.gru",
      nn.gru(40, 64, { seed: 1, initialise: initialise.xavierUniform }),
      "weight_hh_l0",
      Math.sqrt(6 / (64 + 3 * 64)),
    ],
  ])("by xavierUniform count the fans of %s as PyTorch does", (_, layer, name, bound) => {
    const largest = Math.max(...Array.from(elements(layer, name), Math.abs));
    expect(largest).toBeLessThanOrEqual(bound);
    expect(largest).toBeGreaterThan(0.998 * bound);
  });

  it("orthogonal for all gates of a recurrence together", () => {
    const units = 7;
    const layer = nn.lstm(3, units, { seed: 1, initialise: initialise.orthogonal() });
    const matrix = Array.from(elements(layer, "weight_hh_l0"));
    const row = (i: number) => matrix.slice(4 * units * i, 4 * units * (i + 1));
    for (let a = 0; a < units; a++)
      for (let b = 0; b < units; b++) {
        const dot = row(a).reduce((total, x, i) => total + x * (row(b)[i] ?? 0), 0);
        expect(dot).toBeCloseTo(a === b ? 1 : 0, 5);
      }
  });

  it("of the user's choice have the deviation of their papers", () => {
    const deviation = (start: nn.InitialiseOptions["initialise"] & object) =>
      spread(elements(nn.linear(400, 100, { seed: 2, initialise: start }), "weight"));
    // 40,000 draws: the deviation is exact to 1 / √80,000 = 0.35 %; 2 % is more than five times that.
    expect(deviation(initialise.heNormal) / Math.sqrt(2 / 400)).toBeCloseTo(1, 1.4);
    expect(deviation(initialise.xavierUniform) / Math.sqrt(2 / 500)).toBeCloseTo(1, 1.4);
    expect(deviation(initialise.normal(3)) / 3).toBeCloseTo(1, 1.4);
    expect(deviation(initialise.zeros)).toBe(0);
    expect(deviation(initialise.constant(2))).toBe(2);
  });
});

describe("dropout of channels", () => {
  it.each([
    [nn.dropout2d, [40, 3, 2, 50]],
    [nn.dropout1d, [40, 6, 50]],
  ] as const)("drops a channel of an example everywhere or nowhere", async (layer, shape) => {
    openCounting({ seed: 3 });
    const dropped = layer(0.3);
    const y = evaluateTensor(dropped(full(shape, 2)));
    const [examples, channels] = [shape[0], shape.at(-1) ?? 0];
    const pixels = y.length / (examples * channels);
    const of = (n: number, c: number) =>
      Array.from({ length: pixels }, (_, i) => y[(n * pixels + i) * channels + c]);
    const kinds = Array.from({ length: examples * channels }, (_, i) => {
      const [first, ...rest] = of(Math.floor(i / channels), i % channels);
      expect(rest.every((v) => v === first)).toBe(true);
      return first;
    });
    expect(kinds.every((v) => v === 0 || Math.abs((v ?? 0) - 2 / 0.7) < 1e-6)).toBe(true);
    // Four standard deviations of a share of so many draws.
    const share = kinds.filter((v) => v === 0).length / kinds.length;
    expect(Math.abs(share - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / kinds.length));
    dropped.eval();
    expect(evaluateTensor(dropped(full(shape, 2))).every((v) => v === 2)).toBe(true);
  });

  it("says what it takes", () => {
    expect(() => nn.dropout2d(0.5)(zeros([2, 4]))).toThrow(
      "dropout2d: the input must be images [N, H, W, C]; got f32[2, 4]. dropout takes any shape, and single elements.",
    );
    expect(() => nn.dropout1d(0.5)(zeros([2, 4]))).toThrow(
      "dropout1d: the input must be [N, L, C]; got f32[2, 4]. dropout takes any shape, and single elements.",
    );
    expect(() => nn.pixelShuffle(0)).toThrow(
      "pixelShuffle: size must be a whole number of 1 or more; got 0.",
    );
  });
});

describe("padding layers", () => {
  const image = arange(6, "f32");

  it("put around images what PyTorch's put there", () => {
    const x = reshape(image, [1, 2, 3, 1]);
    // torch.nn.ReflectionPad2d((1, 2, 1, 0))
    const reflected = nn.pad2d(
      [
        [1, 0],
        [1, 2],
      ],
      { mode: "reflect" },
    )(x);
    expect(reflected.shape).toEqual([1, 3, 6, 1]);
    expect(evaluateTensor(reflected)).toEqual([
      4, 3, 4, 5, 4, 3, 1, 0, 1, 2, 1, 0, 4, 3, 4, 5, 4, 3,
    ]);
    expect(evaluateTensor(nn.pad2d(1, { value: 7 })(x)).slice(0, 7)).toEqual([7, 7, 7, 7, 7, 7, 0]);
    expect(nn.pad2d(1, { mode: "replicate" }).description).toBe("pad2d(1, replicate)");
  });

  it("put around lines what PyTorch's put there", () => {
    const x = reshape(image, [1, 3, 2]);
    expect(evaluateTensor(nn.pad1d([0, 2], { mode: "replicate" })(x))).toEqual([
      0, 1, 2, 3, 4, 5, 4, 5, 4, 5,
    ]);
    expect(nn.pad1d(2)(x).shape).toEqual([1, 7, 2]);
  });

  it("refuse what they cannot be", () => {
    expect(() => nn.pad1d(-1)).toThrow(
      "pad1d: the padding must be a whole number of 0 or more, or [before, behind]; got -1.",
    );
    expect(() => nn.pad2d([1, 2] as never)).toThrow(
      "pad2d: the padding must be a whole number of 0 or more, or [[top, bottom], [left, right]]; got [1, 2].",
    );
    expect(() => nn.pad2d(1, { mode: "mirror" as never })).toThrow(
      'pad2d: mode must be "constant" or "reflect" or "symmetric" or "replicate" or "circular"; got "mirror".',
    );
    expect(() => nn.pad2d(1)(zeros([2, 4, 4]))).toThrow(
      "pad2d: the input must be images [N, H, W, C]; got f32[2, 4, 4]. Reshape it, or use padAs.",
    );
  });
});

describe("layers of numbers", () => {
  it.each<[string, nn.Module, number[]]>([
    ["linear", nn.linear(4, 2), [2, 4]],
    ["linear", nn.weightNorm(nn.linear(4, 2)), [2, 4]],
    ["batchNorm1d", nn.batchNorm1d(3), [2, 3]],
    ["instanceNorm2d", nn.instanceNorm2d(3), [2, 2, 2, 3]],
    ["layerNorm", nn.layerNorm(3), [2, 3]],
    ["rmsNorm", nn.rmsNorm(3), [2, 3]],
    ["groupNorm", nn.groupNorm(1, 3), [2, 2, 3]],
    ["lstm", nn.lstm(3, 4), [5, 2, 3]],
    ["multiHeadAttention", nn.multiHeadAttention(4, 2), [5, 2, 4]],
    ["positionalEncoding", nn.positionalEncoding(9, 4), [5, 2, 4]],
    ["normalisation", nn.normalisation(3), [2, 3]],
    ["gaussianNoise", nn.gaussianNoise(1), [2, 3]],
    ["dropout2d", nn.dropout2d(), [2, 3, 3, 2]],
  ])("%s refuses whole numbers by its own name", (kind, layer, shape) => {
    const call = () => layer(zeros(shape, "i32"));
    expect(call).toThrow(DTypeError);
    expect(call).toThrow(
      `${kind}: the input must be f32; got i32[${shape.join(", ")}]. Cast it first: cast(x, "f32").`,
    );
  });

  it.each<[string, nn.Module, number[]]>([
    ["conv1d", nn.conv1d(3, 4, 3), [1, 5, 3]],
    ["conv1dTranspose", nn.conv1dTranspose(3, 4, 3), [1, 5, 3]],
    ["conv2dTranspose", nn.conv2dTranspose(3, 4, 3), [1, 5, 5, 3]],
    ["maxPool1d", nn.maxPool1d(2), [1, 4, 1]],
    ["globalMaxPool2d", nn.globalMaxPool2d(), [1, 4, 4, 1]],
    ["adaptiveMaxPool2d", nn.adaptiveMaxPool2d(3), [1, 4, 4, 1]],
  ])("%s says which tensor is to be f32, as it was given", (kind, layer, shape) => {
    expect(() => layer(zeros(shape, "i32"))).toThrow(
      `${kind}: x must be f32; got i32[${shape.join(", ")}]. Cast it first: cast(x, "f32").`,
    );
  });

  it("say what does not fit where slopes or sums do not", () => {
    expect(() => nn.prelu(3)(zeros([2, 4]))).toThrow(
      "prelu: the input's last dimension must be the layer's features; got f32[2, 4] for prelu(3). One slope, nn.prelu(), serves all.",
    );
    expect(() => nn.residual(nn.linear(4, 5))(zeros([2, 4]))).toThrow(
      "residual: inner and shortcut must give one shape; got f32[2, 5] of inner, f32[2, 4] of the shortcut. Give a shortcut that changes the shape as inner does, such as nn.linear or nn.conv2d of a 1 × 1 window.",
    );
  });
});
