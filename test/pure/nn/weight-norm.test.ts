/** Weights that are made of other parameters: how they start, and what is refused. */
import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/errors.ts";
import { tensor } from "../../../src/functions.ts";
import * as nn from "../../../src/nn/index.ts";
import { evaluateTensor } from "../../support/evaluate-tensor.ts";

const rows = tensor([1, -2, 3, 0.5, 0, -1], [2, 3]);
const image = tensor(
  Array.from({ length: 2 * 4 * 4 * 2 }, (_, i) => Math.sin(i * i)),
  [2, 4, 4, 2],
);

const close = (own: readonly number[], expected: readonly number[]) => {
  expect(own.length).toBe(expected.length);
  own.forEach((x, i) => {
    expect(x).toBeCloseTo(expected[i] ?? 0, 5);
  });
};

describe("weightNorm", () => {
  it("changes nothing that a layer gives before it is trained", () => {
    close(
      [...evaluateTensor(nn.weightNorm(nn.linear(3, 4, { seed: 1 }))(rows))],
      [...evaluateTensor(nn.linear(3, 4, { seed: 1 })(rows))],
    );
    close(
      [...evaluateTensor(nn.weightNorm(nn.conv2d(2, 3, 3, { seed: 1 }), { dim: "all" })(image))],
      [...evaluateTensor(nn.conv2d(2, 3, 3, { seed: 1 })(image))],
    );
  });

  it("has the names of PyTorch, and counts as many parameters as it trains", () => {
    const model = nn.sequential(nn.weightNorm(nn.conv2d(2, 3, [3, 2])), nn.relu());
    const shapes = [...model.namedParameters()].map(([name, { shape }]) => [name, shape]);
    expect(shapes).toEqual([
      ["0.bias", [3]],
      ["0.weight_g", [1, 1, 1, 3]],
      ["0.weight_v", [3, 2, 2, 3]],
    ]);
    expect(model.summary([1, 8, 8, 2])).toContain("weightNorm(conv2d(2, 3, 3 × 2))");
  });
});

describe("spectralNorm", () => {
  it("divides by the singular value that its vectors belong to, and moves none of them in evaluation", () => {
    const model = nn.spectralNorm(nn.linear(2, 2, { bias: false }));
    model.loadStateDict({
      weight_orig: { shape: [2, 2], data: [3, 0, 0, 1] },
      weight_u: { shape: [2], data: [1, 0] },
      weight_v: { shape: [2], data: [1, 0] },
    });
    model.eval();
    const x = tensor([1, 1], [1, 2]);
    for (const _ of [0, 1]) close([...evaluateTensor(model(x))], [1, 1 / 3]);
  });

  it("has the names of PyTorch", () => {
    const model = nn.spectralNorm(nn.conv1dTranspose(4, 2, 3));
    expect([...model.namedParameters().keys()]).toEqual(["bias", "weight_orig"]);
    expect([...model.namedBuffers()].map(([name, { shape }]) => [name, shape])).toEqual([
      ["weight_u", [2]],
      ["weight_v", [12]],
    ]);
  });
});

it.each([
  [
    () => nn.weightNorm(nn.relu()),
    "weightNorm: the layer must be a linear layer, a convolution or a transposed one",
  ],
  [() => nn.spectralNorm(nn.lstm(2, 3)), "spectralNorm: the layer must be a linear layer"],
  [
    () => nn.weightNorm(nn.weightNorm(nn.linear(2, 3))),
    "weightNorm: the layer must be a linear layer",
  ],
  [
    () => nn.weightNorm(nn.linear(2, 3), { dim: 2 }),
    'dim must be a dimension of PyTorch\'s weight [3, 2], or "all"; got 2',
  ],
  [() => nn.spectralNorm(nn.linear(2, 3), { powerIterations: 0.5 }), "powerIterations must be"],
])("refuses %s", (call, message) => {
  expect(call).toThrow(ArgumentError);
  expect(call).toThrow(message);
});
