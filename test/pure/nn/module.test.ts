import { describe, expect, it } from "vitest";
import { ArgumentError } from "../../../src/errors.ts";
import { add, arange, mul, ones, reshape, variable, zeros } from "../../../src/functions.ts";
import { losses, optim, Trainer } from "../../../src/index.ts";
import * as nn from "../../../src/nn/index.ts";
import { trace } from "../../../src/runtime/trace.ts";
import { evaluateTensor } from "../../support/evaluate-tensor.ts";

describe("nn.module", () => {
  const residual = (inner: nn.Module) =>
    nn.module("residual", { children: { inner }, forward: (x) => add(x, inner(x)) });

  it("makes a callable of a forward function and its children", () => {
    const model = residual(nn.linear(3, 3, { initialise: nn.initialise.zeros }));
    expect(model.kind).toBe("residual");
    expect(model(zeros([2, 3])).shape).toEqual([2, 3]);
    expect([...model.namedParameters().keys()]).toEqual(["inner.weight", "inner.bias"]);
  });

  it("takes children in lists and by names, with the paths of PyTorch's ModuleList and ModuleDict", () => {
    const layers = [nn.linear(3, 3), nn.relu()];
    const heads = { mean: nn.linear(3, 1), more: [nn.linear(3, 2)] };
    const model = nn.module("mine", {
      children: { layers, heads },
      forward: (x) => heads.mean(layers.reduce((h, layer) => layer(h), x)),
    });
    expect(model(zeros([2, 3])).shape).toEqual([2, 1]);
    expect([...model.namedParameters().keys()]).toEqual([
      "layers.0.weight",
      "layers.0.bias",
      "heads.mean.weight",
      "heads.mean.bias",
      "heads.more.0.weight",
      "heads.more.0.bias",
    ]);
    model.freeze("layers.*");
    expect(model.trainableParameters()).toHaveLength(4);
    model.eval();
    expect(layers[1]?.mode.isTraining).toBe(false);
    expect(model.summary([2, 3])).toContain("heads.more.0");
  });

  it("takes variables of a user's own as parameters", () => {
    const gain = variable([1, 2, 3]);
    const scale = nn.module("scale", { parameters: { gain }, forward: (x) => mul(x, gain) });
    expect(scale.parameters()).toEqual([gain]);
    expect(evaluateTensor(scale(ones([2, 3])))).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it("lists a shared parameter once, and under each of its paths", () => {
    const shared = nn.linear(4, 4);
    const model = nn.sequential(shared, nn.relu(), shared);
    expect(model.parameters()).toHaveLength(2);
    expect([...model.namedParameters().keys()]).toEqual([
      "0.weight",
      "0.bias",
      "2.weight",
      "2.bias",
    ]);
  });

  it("begins every sequence from zeros where forward calls a recurrent layer, as in PyTorch", () => {
    const lstm = nn.lstm(3, 3);
    const whole = nn.sequential(residual(lstm), nn.linear(3, 2));
    expect(whole.stateShapes(4)).toEqual([]);
    const x = reshape(arange(18, "f32"), [2, 3, 3]);
    const { y, state } = residual(lstm).step(x, undefined);
    expect(state).toEqual([]);
    expect(evaluateTensor(y)).toEqual(evaluateTensor(add(x, lstm(x))));
    expect(nn.sequential(lstm).stateShapes(4)).toEqual([
      [4, 3],
      [4, 3],
    ]);
  });

  it("refuses to go on with sequences where a forward function drops a layer's state", () => {
    const said = (caller: string, at: string) =>
      `${caller}: a model whose sequences go on must carry the state of its recurrent layers; got residual${at}, whose forward drops it. Give step(x, state) in its place, and call the layers' own step.`;
    const inner = residual(nn.gru(3, 3));
    expect(() => nn.stateful(inner)).toThrow(new ArgumentError(said("stateful", "")));
    const model = nn.sequential(nn.linear(3, 3), inner);
    const optimizer = optim.sgd({ learningRate: 1 });
    const options = { loss: losses.meanSquaredError, optimizer };
    expect(() => new Trainer(model, { ...options, window: 2 })).toThrow(
      new ArgumentError(said("Trainer", " at 1")),
    );
    expect(() => new Trainer(model, options)).not.toThrow();
  });

  it("refuses names that the paths of a state dict cannot hold", () => {
    const forward = (x: ReturnType<typeof zeros>) => x;
    expect(() => nn.module("m", { children: { "a.b": nn.relu() }, forward })).toThrow(
      'free of dots; got "a.b"',
    );
    const weight = variable([1]);
    expect(() =>
      nn.module("m", { children: { weight: nn.relu() }, parameters: { weight }, forward }),
    ).toThrow('different from each other, not empty and free of dots; got "weight"');
  });

  it("refuses parameters that are no f32", () => {
    const counts = variable(Int32Array.of(1, 2));
    expect(() => nn.module("m", { parameters: { counts }, forward: (x) => x })).toThrow(
      "m: a parameter must be f32, as all that a state dict holds; got counts i32[2]",
    );
  });

  it("switches all descendants between training and evaluation", () => {
    const model = nn.sequential(nn.linear(2, 2), residual(nn.dropout(0.5)));
    const inner = model.children[1]?.[1].children[0]?.[1];
    expect(inner?.mode.isTraining).toBe(true);
    model.eval();
    expect(inner?.mode.isTraining).toBe(false);
    model.train();
    expect(inner?.mode.isTraining).toBe(true);
  });

  it("gives the input's dtype of its first child", () => {
    expect(nn.sequential(nn.sequential(nn.embedding(5, 2)), nn.relu()).inputDType).toBe("i32");
    expect(nn.sequential(nn.relu(), nn.linear(1, 1)).inputDType).toBe("f32");
  });

  it("refuses a state of another length than its own", () => {
    const model = nn.sequential(nn.lstm(2, 3), nn.relu());
    expect(() => model.step(zeros([1, 1, 2]), [zeros([1, 3])])).toThrow(
      "sequential: the state must be what the step before returned, 2 tensors; got 1.",
    );
  });
});

describe("nn.dropout", () => {
  it("returns its very input in evaluation", () => {
    const layer = nn.dropout(0.5);
    layer.eval();
    const x = zeros([2, 3]);
    expect(layer(x)).toBe(x);
  });

  it("draws random numbers while training", () => {
    const layer = nn.dropout(0.5);
    const traced = trace((x) => layer(x), [{ dtype: "f32", shape: [2, 3] }]);
    expect(traced.key).toBeDefined();
    expect(traced.result.shape).toEqual([2, 3]);
  });

  it("refuses what is no probability", () => {
    for (const p of [-0.1, 1, 1.5, Number.NaN]) {
      expect(() => nn.dropout(p)).toThrow(
        "dropout: the probability must be at least 0 and less than 1",
      );
    }
  });
});

describe("nn.sequential", () => {
  it("without modules returns its input", () => {
    const x = zeros([2]);
    expect(nn.sequential()(x)).toBe(x);
  });

  it("names its children as they are given", () => {
    const model = nn.sequential({ embedding: nn.embedding(5, 2), linear: nn.linear(2, 5) });
    expect([...model.namedParameters().keys()]).toEqual([
      "embedding.weight",
      "linear.weight",
      "linear.bias",
    ]);
  });
});
