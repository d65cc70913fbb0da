/** Names and layouts against PyTorch: its parameters loaded, its loss and gradients of the first step compared. */
import { describe, expect, it } from "vitest";
import { type Tensor, tensor, valueAndGrad } from "../../../src/functions.ts";
import { crossEntropy } from "../../../src/losses/index.ts";
import * as nn from "../../../src/nn/index.ts";
import { layoutOf, toEntries } from "../../../src/nn/state-layout.ts";
import { join, pathsOf } from "../../../src/nn/tree.ts";
import golden from "../../goldens/training.json" with { type: "json" };
import { relativeError } from "../../support/case-data.ts";
import { evaluateTensors } from "../../support/evaluate-tensor.ts";
import { goldenCnn, goldenGroupedCnn } from "../../support/golden-models.ts";

interface GoldenGradient {
  readonly norm: number;
  readonly at: readonly number[];
  readonly values: readonly number[];
}

/** `parameter` of make_goldens.py. */
function parameter(index: number, shape: readonly number[], gain: number): Float32Array {
  const fanIn = shape.slice(1).reduce((product, n) => product * n, 1);
  const scale = shape.length === 1 ? 0.1 : gain * Math.sqrt(2 / fanIn);
  const length = shape.reduce((product, n) => product * n, 1);
  return Float32Array.from(
    { length },
    (_, i) => scale * Math.sin(0.7 * i + 1.3 * index + 0.013 * ((i * i) % 1009)),
  );
}

function goldenState(
  from: typeof golden.cnn | typeof golden.groupedCnn | typeof golden.lstm,
): nn.StateDict {
  const { parameters, options } = from;
  return Object.fromEntries(
    parameters.map(({ name, shape, trained }, index) => {
      const data = parameter(index, shape, options.gain);
      return [name, { shape, data: trained ? data : new Float32Array(data.length) }];
    }),
  );
}

/** The loss, and the gradients by PyTorch's names and in its layouts. */
function lossAndGradients(model: nn.Module, x: Tensor, y: Tensor) {
  const parameters = model.parameters();
  const [loss, gradients] = valueAndGrad(parameters, () => crossEntropy(model(x), y));
  const [[value = Number.NaN] = [], ...elements] = evaluateTensors([loss, ...gradients.values()]);
  const byName = pathsOf(model).map(({ prefix, name, parameter }, i) => {
    const layout = layoutOf(name, parameter);
    const [entry] = toEntries(
      Float32Array.from(elements[i] ?? []),
      parameter.variable.shape,
      layout,
    );
    return [join(prefix, layout.names[0] ?? ""), [...(entry?.data ?? [])]] as const;
  });
  return { loss: value, gradients: new Map(byName) };
}

function expectGradients(
  ours: ReadonlyMap<string, readonly number[]>,
  theirs: Readonly<Record<string, GoldenGradient>>,
): void {
  expect([...ours.keys()]).toEqual(Object.keys(theirs));
  for (const [name, { norm, at, values }] of Object.entries(theirs)) {
    const own = ours.get(name) ?? [];
    // Parameters and inputs are rounded to f32 here, 6e-8 each; hundreds of them meet in a gradient.
    expect(Math.hypot(...own) / norm - 1, name).toBeCloseTo(0, 5);
    expect(
      relativeError(
        at.map((i) => own[i] ?? Number.NaN),
        values,
      ),
      name,
    ).toBeLessThan(1e-5);
  }
}

describe("a model with PyTorch's parameters", () => {
  it.each([
    ["a CNN", golden.cnn, goldenCnn],
    ["a CNN with groups of channels", golden.groupedCnn, goldenGroupedCnn],
  ] as const)("has PyTorch's loss and gradients, as %s", (_, from, build) => {
    const { batch } = from.options;
    const pixels = Float32Array.from({ length: batch * 784 }, (_, i) => {
      const [n, row, column] = [Math.floor(i / 784), Math.floor(i / 28) % 28, i % 28];
      const across = 0.25 * Math.cos(0.33 * column * (1 + 0.15 * n));
      return 0.5 + 0.25 * Math.sin(0.45 * row + 0.8 * n) + across;
    });
    const labels = Int32Array.from({ length: batch }, (_, n) => (3 * n + 1) % 10);
    const model = build();
    model.loadStateDict(goldenState(from));
    const found = lossAndGradients(model, tensor(pixels, [batch, 28, 28, 1]), tensor(labels));
    expect(found.loss).toBeCloseTo(from.losses[0] ?? Number.NaN, 6);
    expectGradients(found.gradients, from.gradients["1"]);
  });

  it("has PyTorch's loss and gradients, as two layers of LSTM", () => {
    const { vocabulary, features, hidden, layers, window, batch } = golden.lstm.options;
    const token = (b: number, t: number) => (7 * b + 3 * t + Math.floor(t / 5)) % vocabulary;
    const ids = (shift: number) =>
      tensor(
        Int32Array.from({ length: window * batch }, (_, i) =>
          token(i % batch, Math.floor(i / batch) + shift),
        ),
        [window, batch],
      );
    const model = nn.sequential({
      embedding: nn.embedding(vocabulary, features),
      lstm: nn.lstm(features, hidden, { layers }),
      linear: nn.linear(hidden, vocabulary),
    });
    model.loadStateDict(goldenState(golden.lstm));
    const found = lossAndGradients(model, ids(0), ids(1));
    expect(found.loss).toBeCloseTo(golden.lstm.losses[0] ?? Number.NaN, 6);
    expectGradients(found.gradients, golden.lstm.gradients["1"]);
  });

  it("adds up PyTorch's two biases", () => {
    const { vocabulary, features, hidden, layers, window, batch } = golden.lstmTwoBiases.options;
    const model = nn.sequential({
      embedding: nn.embedding(vocabulary, features),
      lstm: nn.lstm(features, hidden, { layers }),
      linear: nn.linear(hidden, vocabulary),
    });
    model.loadStateDict(goldenState(golden.lstmTwoBiases));
    const token = (i: number, shift: number) => {
      const t = Math.floor(i / batch) + shift;
      return (7 * (i % batch) + 3 * t + Math.floor(t / 5)) % vocabulary;
    };
    const ids = (shift: number) =>
      tensor(
        Int32Array.from({ length: window * batch }, (_, i) => token(i, shift)),
        [window, batch],
      );
    const { loss } = lossAndGradients(model, ids(0), ids(1));
    expect(loss).toBeCloseTo(golden.lstmTwoBiases.losses[0] ?? Number.NaN, 6);
  });
});
