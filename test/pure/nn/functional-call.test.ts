/** Models with other tensors in the place of parameters, and variables that are assigned to while they are differentiated. */
import { beforeEach, describe, expect, it } from "vitest";
import { ArgumentError, DTypeError, ShapeError } from "../../../src/errors.ts";
import {
  add,
  clip,
  compile,
  grad,
  gradientFlow,
  gradients,
  matmul,
  mul,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  tensor,
  valueAndGrad,
  variable,
  vjp,
  zeros,
} from "../../../src/functions.ts";
import { losses, nn } from "../../../src/index.ts";
import { evaluateTensors } from "../../support/evaluate-tensor.ts";
import { openCounting } from "../runtime/open.ts";

beforeEach(() => {
  openCounting({ seed: 1 });
});

const network = () =>
  nn.sequential(nn.linear(2, 3, { seed: 1 }), nn.tanh(), nn.linear(3, 1, { seed: 2 }));
const x = tensor([
  [0.1, -0.4],
  [0.7, 0.3],
]);
const y = tensor([[0.2], [-0.5]]);
const asked = tensor([[0.5, 0.9]]);
const wanted = tensor([[0.4]]);

describe("nn.functionalCall", () => {
  it("lets a gradient through a step of training, as the formulas do", () => {
    const model = network();
    const parameters = [...model.namedParameters()];
    const variables = model.parameters();
    const stepped = (call: (weights: readonly Tensor[], x: Tensor) => Tensor) => {
      const loss = losses.meanSquaredError(call(variables, x), y);
      const found = gradients(loss, variables);
      const weights = variables.map((w, i) => sub(w, mul(0.3, found[i] ?? 0)));
      return losses.meanSquaredError(call(weights, asked), wanted);
    };
    const called = (weights: readonly Tensor[], x: Tensor) => {
      const named = parameters.map(([name], i) => [name, weights[i] as Tensor] as const);
      return nn.functionalCall(model, Object.fromEntries(named), x);
    };
    const written = ([w, b, v, c]: readonly Tensor[], x: Tensor) =>
      add(matmul(tanh(add(matmul(x, w as Tensor), b as Tensor)), v as Tensor), c as Tensor);
    const of = (call: typeof called) => {
      const [loss, found] = valueAndGrad(variables, () => stepped(call));
      return evaluateTensors([loss, ...found.values()]);
    };
    const expected = of(written);
    expect(of(called)).toEqual(expected);
    expect(
      expected
        .slice(1)
        .flat()
        .every((g) => Math.abs(g) > 1e-6),
    ).toBe(true);
  });

  it("takes the model's own where nothing is named, and puts all back", () => {
    const model = network();
    const other = zeros([3, 1]);
    const [own, one, none, again] = evaluateTensors([
      model(x),
      nn.functionalCall(model, { "2.weight": other, "2.bias": tensor([7]) }, x),
      nn.functionalCall(model, {}, x),
      model(x),
    ]);
    expect(one).toEqual([7, 7]);
    expect([none, again]).toEqual([own, own]);
    const bad = nn.module("bad", {
      children: { model },
      forward: () => {
        throw new Error("within");
      },
    });
    expect(() => nn.functionalCall(bad, { "model.2.weight": other }, x)).toThrow("within");
    expect(evaluateTensors([model(x)])).toEqual([own]);
  });

  it("can be nested, and its buffers are the model's", async () => {
    const inner = nn.sequential(nn.linear(2, 2, { bias: false }), nn.batchNorm1d(2));
    const outer = nn.module("outer", {
      children: { inner },
      forward: (x) => nn.functionalCall(inner, { "1.bias": tensor([5, 6]) }, x),
    });
    const step = compile((x: Tensor) =>
      nn.functionalCall(
        outer,
        { "inner.0.weight": zeros([2, 2]), "inner.1.bias": tensor([1, 2]) },
        x,
      ),
    );
    expect([...(await (await step(x)).data())]).toEqual([5, 6, 5, 6]);
    expect([...((await inner.stateDict())["1.num_batches_tracked"]?.data ?? [])]).toEqual([1]);
  });

  it("says what does not fit", () => {
    const model = network();
    const call = (parameters: object) => () => nn.functionalCall(model, parameters as never, x);
    expect(call({ "2.wieght": zeros([3, 1]) })).toThrow(
      new ArgumentError(
        'functionalCall: names must be those of parameters; got "2.wieght" for 0.weight, 0.bias, 2.weight, 2.bias. Did you mean "2.weight"?',
      ),
    );
    expect(call({ "2.weight": zeros([1, 3]) })).toThrow(
      new ShapeError(
        "functionalCall: what stands in for a parameter must have its shape; got f32[1, 3] for 2.weight f32[3, 1]. Shapes are those of namedParameters(), not of a state dict.",
      ),
    );
    expect(call({ "2.weight": zeros([3, 1], "i32") })).toThrow(DTypeError);
    const clipped = nn.module("clipped", {
      parameters: { w: variable([1, 2]) },
      forward(x) {
        const { w } = clipped.own;
        w?.variable.assign(clip(w.variable, 0, 1));
        return x;
      },
    });
    expect(() => nn.functionalCall(clipped, { w: zeros([2]) }, x)).toThrow(
      new ArgumentError(
        "assign: a variable that a tensor stands in for cannot be assigned to; got variable. Leave it out of functionalCall's parameters.",
      ),
    );
  });
});

describe("a variable that is assigned to while it is differentiated", () => {
  const w = () => variable([0.5, 3], [2], "w");

  it.each<[string, (w: ReturnType<typeof variable>, fn: () => Tensor) => unknown]>([
    ["valueAndGrad", (w, fn) => valueAndGrad([w], fn)],
    ["gradientFlow", (w, fn) => gradientFlow([w], fn)],
    ["grad", (w, fn) => grad(fn, w)],
    ["vjp", (w, fn) => vjp(fn, w)],
  ])("is refused by %s behind where it was read", (caller, differentiate) => {
    const refused = new ArgumentError(
      `${caller}: a variable must not be assigned to behind where it is read, in what is differentiated by it; got w. Assign it before or afterwards; nn.functionalCall applies a model with other parameters.`,
    );
    const read = w();
    const afterwards = () => {
      const loss = sum(square(read));
      read.assign(clip(read, 0, 1));
      return loss;
    };
    expect(() => differentiate(read, afterwards)).toThrow(refused);
    const both = w();
    const twice = () => {
      const loss = sum(square(both));
      both.assign(clip(both, 0, 1));
      return add(loss, sum(both));
    };
    expect(() => differentiate(both, twice)).toThrow(refused);
  });

  it("has the gradient of its new value where only that is read", () => {
    const one = w();
    const [loss, found] = valueAndGrad([one], () => {
      one.assign(clip(one, 0, 1));
      return sum(square(one));
    });
    expect(evaluateTensors([loss, ...found.values()])).toEqual([[1.25], [1, 2]]);
  });

  it("has that of the value that was read where the pullback is called later", () => {
    const one = w();
    const [, pullback] = vjp((x) => square(x), one);
    one.assign(zeros([2]));
    expect(evaluateTensors(pullback(tensor([1, 1])))).toEqual([[1, 6]]);
  });
});
