import { beforeEach, describe, expect, it } from "vitest";
import * as data from "../../../src/data/index.ts";
import { ArgumentError, ShapeError } from "../../../src/errors.ts";
import { sum, tensor, valueAndGrad, variable } from "../../../src/functions.ts";
import { meanSquaredError } from "../../../src/losses/index.ts";
import * as nn from "../../../src/nn/index.ts";
import { sgd } from "../../../src/optim/index.ts";
import { Trainer } from "../../../src/train/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

const X = [
  [1, 300, 7],
  [3, 100, 7],
  [8, 200, 7],
];
/** By numpy: (X − X.mean(0)) / X.std(0), the last column centred only. */
const NORMALISED = [
  [-1.0190493, 1.2247449, 0],
  [-0.3396831, -1.2247449, 0],
  [1.3587324, 0, 0],
];

function expectRows(got: ArrayLike<number>, wanted: readonly (readonly number[])[]) {
  // Three roundings of f32.
  Array.from(got).forEach((x, i) => {
    expect(x).toBeCloseTo(wanted.flat()[i] ?? Number.NaN, 6);
  });
}

describe("normalisation", () => {
  it("gives every feature mean 0 and variance 1, and leaves one that never varied centred", async () => {
    const layer = nn.normalisation(await data.statistics(X));
    expectRows(await layer(tensor(X)).data(), NORMALISED);
    expect(layer.parameters()).toEqual([]);
    expect([...layer.namedBuffers().keys()]).toEqual(["mean", "variance"]);
  });

  it("is saved with the model and loaded into a fresh one, with the way back of the targets", async () => {
    const targets = nn.normalisation(await data.statistics([10, 20, 60]));
    const build = (inputs: nn.Module, outputs: nn.Module, seed: number) =>
      nn.sequential(inputs, nn.linear(3, 1, { seed }), outputs);
    const model = build(nn.normalisation(await data.statistics(X)), targets.inverse, 1);
    const fresh = build(nn.normalisation(3), nn.normalisation(1).inverse, 2);
    fresh.loadStateDict(JSON.parse(JSON.stringify(await plain(model))));
    const wanted = await model(tensor(X)).data();
    expect(await fresh(tensor(X)).data()).toEqual(wanted);
    expect(Object.keys(await model.stateDict())).toContain("2.variance");
  });

  it("changes nothing before statistics are loaded", async () => {
    expectRows(await nn.normalisation(3)(tensor(X)).data(), X);
  });

  it("and its inverse cancel each other, of rows and of one number a row", async () => {
    const layer = nn.normalisation(await data.statistics(X));
    expectRows(await layer.inverse(layer(tensor(X))).data(), X);
    const one = nn.normalisation(await data.statistics([10, 20, 60]));
    expectRows(await one(tensor([10, 20, 60])).data(), [[-0.9258201, -0.4629101, 1.3887301]]);
    expectRows(await one.inverse(one(tensor([10, 20, 60]))).data(), [[10, 20, 60]]);
  });

  it("takes features of another axis", async () => {
    const turned = [0, 1, 2].map((f) => X.map((row) => row[f] ?? 0));
    const layer = nn.normalisation(await data.statistics(turned, { axis: 0 }), { axis: 0 });
    const wanted = [0, 1, 2].map((f) => NORMALISED.map((row) => row[f] ?? 0));
    expectRows(await layer(tensor(turned)).data(), wanted);
  });

  it("passes the gradient of x, divided by the deviation", async () => {
    const layer = nn.normalisation({ mean: [1, 2], variance: [4, 0] });
    const x = variable([[5, 6]]);
    const [, gradients] = valueAndGrad([x], () => sum(layer(x)));
    expect([...((await gradients.get(x)?.data()) ?? [])]).toEqual([0.5, 1]);
  });

  it("is not changed by training, which sees it as any layer", async () => {
    const layer = nn.normalisation(await data.statistics(X));
    const model = nn.sequential(layer, nn.linear(3, 1, { seed: 1 }));
    const before = await layer.stateDict();
    const trainer = new Trainer(model, {
      loss: meanSquaredError,
      optimizer: sgd({ learningRate: 0.1 }),
    });
    const examples = data.dataset({ x: X, y: [[1], [2], [3]] });
    const history = await trainer.fit(examples, { batchSize: 3, epochs: 60 });
    expect(history.epochs.at(-1)?.loss).toBeLessThan(0.01);
    expect(await layer.stateDict()).toEqual(before);
  });
});

async function plain(model: nn.Module) {
  const dict = await model.stateDict();
  return Object.fromEntries(
    Object.entries(dict).map(([name, { shape, data }]) => [name, { shape, data: [...data] }]),
  );
}

describe("normalisation refuses", () => {
  it.each([
    [
      () => nn.normalisation(0),
      ArgumentError,
      "normalisation: features must be a whole number of 1 or more; got 0. It is the size of a dimension.",
    ],
    [
      () => nn.normalisation({ mean: [1] } as never),
      ArgumentError,
      "normalisation: variance must be a list; got undefined. Give how many features there are, or what data.statistics counted.",
    ],
    [
      () => nn.normalisation({ mean: [1], variance: [1, 2] }),
      ArgumentError,
      "normalisation: there must be a mean and a variance for every feature; got 1 and 2. Give how many features there are, or what data.statistics counted.",
    ],
    [
      () => nn.normalisation({ mean: [1], variance: [-1] }),
      ArgumentError,
      "normalisation: means must be finite in f32, and variances 0 or more as well; got mean 1, variance -1 of feature 0.",
    ],
    [() => nn.normalisation({ mean: [1e39], variance: [1] }), ArgumentError, "got mean 1e+39"],
    [
      () => nn.normalisation(3)(tensor([[1, 2]])),
      ShapeError,
      "normalisation: dimension -1 of the input must be the 3 features; got f32[1, 2]. Statistics are those of the same features, and { axis } says where they are.",
    ],
    [
      () => nn.normalisation(3).inverse(tensor(1)),
      ShapeError,
      "inverseNormalisation: dimension -1 of the input must be the 3 features; got f32[].",
    ],
  ])("%#", (call, error, message) => {
    expect(call).toThrow(error);
    expect(call).toThrow(message);
  });
});
