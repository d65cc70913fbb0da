/** What of a module is trained, what is frozen, and what is state without being a parameter. */
import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError, ShapeError } from "../../../src/errors.ts";
import { add, mul, sum, tensor, valueAndGrad, variable, zeros } from "../../../src/functions.ts";
import { reachable } from "../../../src/graph/graph.ts";
import * as nn from "../../../src/nn/index.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting();
});

/** Adds up what it has seen while training. */
const meter = () => {
  const seen = variable(Float32Array.of(0), [1], "seen");
  const calls = variable(0, [], "calls");
  return nn.module("meter", {
    buffers: { seen, calls },
    forward(x, { isTraining }) {
      if (isTraining) {
        seen.assign(add(seen, sum(x)));
        calls.assign(add(calls, 1));
      }
      return x;
    },
  });
};

const build = () =>
  nn.sequential(nn.linear(2, 3, { seed: 1 }), meter(), nn.linear(3, 1, { seed: 2 }));

describe("buffers", () => {
  it("are no parameters, and have paths like them", () => {
    const model = build();
    expect([...model.namedBuffers().keys()]).toEqual(["1.seen", "1.calls"]);
    expect(model.buffers().map(({ name }) => name)).toEqual(["seen", "calls"]);
    expect([...model.namedParameters().keys()]).not.toContain("1.seen");
    expect(model.parameters()).toHaveLength(4);
  });

  it("stand in the state dict where PyTorch has them, behind their module's parameters", async () => {
    const model = build();
    const state = await model.stateDict();
    const names = ["0.weight", "0.bias", "1.seen", "1.calls", "2.weight", "2.bias"];
    expect(Object.keys(state)).toEqual(names);
    expect(state["1.calls"]).toEqual({ shape: [], data: Float32Array.of(0) });
  });

  it("change in training only, also outside of compiled steps", async () => {
    const model = nn.sequential(meter());
    const [seen, calls] = model.buffers();
    await model(tensor([1, 2])).data();
    model.eval();
    await model(tensor([5])).data();
    expect([await seen?.item(), await calls?.item()]).toEqual([3, 1]);
  });

  it("are loaded with the state dict, all or nothing", async () => {
    const [model, other] = [build(), build()];
    const saved = await model.stateDict();
    // As an int64 counter of PyTorch comes.
    const calls = { shape: [], data: BigInt64Array.of(7n) };
    other.loadStateDict({ ...saved, "1.calls": calls });
    expect(await other.buffers()[1]?.item()).toBe(7);
    const { "1.seen": _, ...without } = saved;
    expect(() => other.loadStateDict(without)).toThrow("missing: 1.seen");
    const wrong = { ...saved, "1.seen": { shape: [2], data: [1, 2] } };
    expect(() => other.loadStateDict(wrong)).toThrow(ShapeError);
    expect(await other.buffers()[1]?.item()).toBe(7);
  });

  it("must be f32 variables, with names of their own", () => {
    const forward = (x: ReturnType<typeof zeros>) => x;
    const count = variable(Int32Array.of(0));
    expect(() => nn.module("m", { buffers: { count }, forward })).toThrow(
      "m: a buffer must be f32, as all that a state dict holds; got count i32[1]",
    );
    const twice = { parameters: { a: variable([1]) }, buffers: { a: variable([1]) }, forward };
    expect(() => nn.module("m", twice)).toThrow(
      'different from each other, not empty and free of dots; got "a"',
    );
    expect(() => nn.module("m", { buffers: { a: zeros([1]) as never }, forward })).toThrow(
      "m: a buffer must be a variable",
    );
  });
});

describe("freeze", () => {
  const trained = (model: nn.Module) => {
    const all = [...model.namedParameters()];
    const kept = new Set(model.trainableParameters());
    return all.filter(([, parameter]) => kept.has(parameter)).map(([path]) => path);
  };

  it("takes parameters by their paths, and unfreeze gives them back", () => {
    const model = build();
    model.freeze("0.*");
    expect(trained(model)).toEqual(["2.weight", "2.bias"]);
    model.freeze("*.bias");
    expect(trained(model)).toEqual(["2.weight"]);
    model.unfreeze("0.weight");
    expect(trained(model)).toEqual(["0.weight", "2.weight"]);
    model.freeze();
    expect(trained(model)).toEqual([]);
    model.unfreeze();
    expect(trained(model)).toHaveLength(4);
  });

  it("is the parameter's: a module frozen by itself is frozen in the model around it", () => {
    const body = nn.linear(2, 2);
    const model = nn.sequential(body, nn.linear(2, 1));
    body.freeze();
    expect(trained(model)).toEqual(["1.weight", "1.bias"]);
  });

  it("refuses a pattern that matches nothing, and takes dots as dots", () => {
    const model = build();
    expect(() => model.freeze("1.*")).toThrow(ArgumentError);
    expect(() => model.freeze("0?weight")).toThrow(
      'freeze: the pattern must match the path of a parameter; got "0?weight" for 0.weight, 0.bias, 2.weight, 2.bias. Did you mean "0.weight"?',
    );
    expect(() => model.freeze("1.*")).toThrow('2.weight, 2.bias. Did you mean "0.*"?');
    expect(() => model.unfreeze("encoder.layers")).toThrow('"0.*" stands for all below "0".');
    expect(() => model.unfreeze(3 as never)).toThrow("unfreeze: the pattern must be a text; got 3");
    expect(() => nn.relu().freeze()).not.toThrow();
  });

  it("costs no gradient work: nothing is computed for what is frozen", () => {
    const model = nn.sequential(nn.linear(4, 4), nn.tanh(), nn.linear(4, 1));
    const x = zeros([8, 4]);
    const products = () => {
      const [loss, gradients] = valueAndGrad(model.trainableParameters(), () =>
        sum(mul(model(x), 2)),
      );
      const roots = [loss, ...gradients.values()].map(({ value }) => value);
      return reachable(roots).filter(({ op }) => op === "matmul").length;
    };
    expect(products()).toBe(5);
    model.freeze("0.*");
    // The two of the forward pass, and the gradient of one weight.
    expect(products()).toBe(3);
  });

  it("is seen in the summary", () => {
    const model = build();
    model.freeze("0.*");
    expect(model.summary([1, 2])).toMatch(/parameters {2}frozen.*\n.*\n.*in all +13 +9 /s);
  });
});
