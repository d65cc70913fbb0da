/**
 * Ten training steps by the float64 reference against PyTorch's: the meaning of the ops, of their gradients and of
 * the optimizers, apart from any device. Models are written out in ops; weights are turned into our layouts by hand.
 */
import { describe, expect, it } from "vitest";
import { bodyOfCell } from "../../../src/graph/cell-body.ts";
import { arithmetic } from "../../../src/ops/arithmetic.ts";
import { lstm } from "../../../src/ops/cells/lstm.ts";
import type { Value } from "../../../src/ops/op.ts";
import { after } from "../../../src/ops/tapes.ts";
import type { DType } from "../../../src/tensor/dtype.ts";
import type { Shape } from "../../../src/tensor/shape.ts";
import { softmaxCases } from "../../cases/softmax.ts";
import { runVerb } from "../../support/computation.ts";
import {
  type GoldenTraining,
  goldenLabel,
  goldenParameter,
  goldenPixel,
  goldens,
  goldenToken,
} from "../../support/goldens.ts";
import { Eager, gradients } from "../../support/gradient.ts";
import { adamUpdate, sgdUpdate } from "../../support/updates.ts";

/**
 * Both sides sum up to 1,568 products in float64, in different orders, over ten steps: √1568 · ε is 10⁻¹⁴; Adam
 * divides by the root of v and makes the error of small gradients larger. The file holds 12 digits.
 */
const TOLERANCE = 1e-9;

type Parameters = Record<string, { readonly shape: Shape; readonly data: Float64Array }>;

function tensor(dtype: DType, shape: Shape, data: ArrayLike<number>) {
  return { type: { dtype, shape }, data: Float64Array.from(data) };
}

function initialParameters({ parameters }: GoldenTraining<unknown>, gain: number): Parameters {
  return Object.fromEntries(
    parameters.map(({ name, shape, trained }, index) => {
      const data = goldenParameter(index, shape, gain);
      return [name, { shape, data: trained ? data : data.fill(0) }];
    }),
  );
}

function expectClose(title: string, actual: number, expected: number, scale = Math.abs(expected)) {
  expect(Math.abs(actual - expected), `${title}: ${actual}, PyTorch ${expected}`).toBeLessThan(
    TOLERANCE * Math.max(scale, 1e-3),
  );
}

const norm = (xs: ArrayLike<number>) =>
  Math.sqrt(Array.from(xs).reduce((sum, x) => sum + x * x, 0));

function expectStep(
  golden: GoldenTraining<unknown>,
  step: number,
  loss: number,
  found: ReadonlyMap<string, ArrayLike<number>>,
) {
  expectClose(`loss of step ${step}`, loss, golden.losses[step - 1] ?? Number.NaN);
  const expected = golden.gradients[String(step)] ?? {};
  for (const [name, { norm: size, at, values, all }] of Object.entries(expected)) {
    const g = found.get(name) ?? [];
    const title = `${name} in step ${step}`;
    expectClose(`norm of ${title}`, norm(g), size);
    at.forEach((i, k) => {
      expectClose(`${title} [${i}]`, g[i] ?? Number.NaN, values[k] ?? Number.NaN, size);
    });
    all?.forEach((value, i) => {
      expectClose(`${title} [${i}]`, g[i] ?? Number.NaN, value, size);
    });
  }
}

/** The parameters as leaves of a session, and the gradients of a loss for all of them, by name. */
function differentiate(session: Eager, leaves: Readonly<Record<string, Value>>, loss: Value) {
  const one = session.leaf(tensor("f32", [], [1]));
  const values = gradients(session, [[loss, one]], Object.values(leaves));
  return new Map(
    Object.keys(leaves).map((name, i) => {
      const g = values[i];
      if (g === undefined) throw new Error(`${name} has no gradient`);
      return [name, g] as const;
    }),
  );
}

function dataOf(session: Eager, values: ReadonlyMap<string, Value>) {
  return new Map([...values].map(([name, value]) => [name, session.tensor(value).data] as const));
}

const same = {
  groups: 1,
  stride: [1, 1],
  padding: [
    [1, 1],
    [1, 1],
  ],
} as const;
const halve = {
  window: [2, 2],
  stride: [2, 2],
  padding: [
    [0, 0],
    [0, 0],
  ],
} as const;

/** Convolution with PyTorch's [OC, IC, KH, KW] weights, bias, relu, maximum over 2 × 2. */
function convolutionBlock(session: Eager, x: Value, weight: Value, bias: Value): Value {
  const m = arithmetic(session.emit);
  const w = m.transpose(weight, [2, 3, 1, 0]);
  const convolved = m.add(session.emit("conv2d", { x, w }, same).out, bias);
  return session.emit("maxPool2d", { x: m.unary("relu", convolved) }, halve).out;
}

describe("ten steps of the float64 reference are PyTorch's", () => {
  it("for the CNN with Adam", () => {
    const { cnn } = goldens;
    const { batch, gain, learningRate, beta1, beta2, epsilon } = cnn.options;
    const parameters = initialParameters(cnn, gain);
    const names = Object.keys(parameters);
    const moments = Object.values(parameters).map(({ data }) => ({
      m: new Float64Array(data.length),
      v: new Float64Array(data.length),
    }));
    const pixels = Array.from({ length: batch * 784 }, (_, i) =>
      goldenPixel(Math.floor(i / 784), Math.floor(i / 28) % 28, i % 28),
    );
    for (let step = 1; step <= 10; step++) {
      const session = new Eager();
      const m = arithmetic(session.emit);
      const leaf = (name: string) => {
        const { shape = [], data = [] } = parameters[name] ?? {};
        return session.leaf(tensor("f32", shape, data));
      };
      const leaves = Object.fromEntries(names.map((name) => [name, leaf(name)]));
      const p = (name: string) => leaves[name] ?? leaf(name);
      const images = session.leaf(tensor("f32", [batch, 28, 28, 1], pixels));
      const first = convolutionBlock(session, images, p("0.weight"), p("0.bias"));
      const second = convolutionBlock(session, first, p("3.weight"), p("3.bias"));
      const flat = m.reshape(second, [batch, 1568]);
      const logits = m.add(linear(session, flat, p("7.weight")), p("7.bias"));
      const labels = Array.from({ length: batch }, (_, n) => goldenLabel(n));
      const loss = meanCrossEntropy(session, logits, labels);
      const found = differentiate(session, leaves, loss);
      expectStep(cnn, step, session.tensor(loss).data[0] ?? Number.NaN, dataOf(session, found));

      for (const [i, name] of names.entries()) {
        const own = parameterOf(parameters, name);
        const state = moments[i] ?? { m: own, v: own };
        const g = Float64Array.from(session.tensor(found.get(name) ?? loss).data);
        const settings = { learningRate, beta1, beta2, epsilon, weightDecay: 0 };
        adamUpdate({ p: own, g, ...state }, { ...settings, step, scale: 1 });
      }
    }
  }, 60_000);

  it.each(["lstm", "lstmTwoBiases"] as const)("for %s with momentum and clipping", (which) => {
    const golden = goldens[which];
    const { vocabulary, hidden, window, batch, gain } = golden.options;
    const { learningRate, momentum, clipNorm } = golden.options;
    const parameters = initialParameters(golden, gain);
    const names = golden.parameters.filter(({ trained }) => trained).map(({ name }) => name);
    const velocities = names.map((name) => new Float64Array(parameterOf(parameters, name).length));
    const zeros = () => ({
      h: new Float64Array(batch * hidden),
      c: new Float64Array(batch * hidden),
    });
    const states = [zeros(), zeros()];
    for (let step = 1; step <= 10; step++) {
      const session = new Eager();
      const m = arithmetic(session.emit);
      const all = Object.fromEntries(
        Object.entries(parameters).map(([name, { shape, data }]) => [
          name,
          session.leaf(tensor("f32", shape, data)),
        ]),
      );
      const p = (name: string) => all[name] ?? session.leaf(tensor("f32", [], [Number.NaN]));
      const start = (step - 1) * window;
      const tokens = (offset: number) =>
        Array.from({ length: window * batch }, (_, i) =>
          goldenToken(i % batch, start + offset + Math.floor(i / batch), vocabulary),
        );
      const ids = session.leaf(tensor("i32", [window, batch], tokens(0)));
      let x = session.emit("embedding", { table: p("embedding.weight"), ids }, {}).out;
      states.forEach((state, layer) => {
        const out = lstmLayer(session, x, p, layer, state, hidden);
        const last = (value: Value) =>
          session.tensor(m.slice(value, [window, 0, 0], [1, batch, hidden])).data;
        const [h = x, c = x] = out.states;
        state.h = Float64Array.from(last(h));
        state.c = Float64Array.from(last(c));
        x = after(session.emit, h, false);
      });
      const logits = m.add(linear(session, x, p("linear.weight")), p("linear.bias"));
      const rows = m.reshape(logits, [window * batch, vocabulary]);
      const loss = meanCrossEntropy(session, rows, tokens(1));
      const leaves = Object.fromEntries(names.map((name) => [name, p(name)]));
      const found = differentiate(session, leaves, loss);
      expectStep(golden, step, session.tensor(loss).data[0] ?? Number.NaN, dataOf(session, found));

      const grads = [...found.values()].map((g) => Float64Array.from(session.tensor(g).data));
      const total = Math.hypot(...grads.map(norm));
      expectClose(`norm of all gradients in step ${step}`, total, golden.norms[step - 1] ?? 0);
      const scale = Math.min(1, clipNorm / (total + 1e-6));
      for (const [i, name] of names.entries()) {
        const p = parameterOf(parameters, name);
        const own = { p, g: grads[i] ?? p, velocity: velocities[i] ?? p };
        const settings = { learningRate, momentum, nesterov: false, weightDecay: 0 };
        sgdUpdate(own, { ...settings, scale });
      }
    }
  });
});

/** x · Wᵀ with PyTorch's W [out, in]. */
function linear(session: Eager, x: Value, weight: Value): Value {
  return session.emit("matmul", { a: x, b: weight }, { transposeA: false, transposeB: true }).out;
}

function meanCrossEntropy(session: Eager, logits: Value, classes: readonly number[]): Value {
  const labels = session.leaf(tensor("i32", [classes.length], classes));
  const losses = runVerb(softmaxCases.crossEntropy[0].verb, session.emit, { logits, labels }).out;
  return arithmetic(session.emit).reduce("mean", losses, [0]);
}

/** One layer with PyTorch's weights [4H, in], the gates one behind the other: interleaved by a transpose. */
function lstmLayer(
  session: Eager,
  x: Value,
  p: (name: string) => Value,
  layer: number,
  state: { readonly h: Float64Array; readonly c: Float64Array },
  hidden: number,
) {
  const m = arithmetic(session.emit);
  const [steps = 0, batch = 0, features = 0] = x.type.shape;
  const interleaved = (weight: Value, inputs: number) =>
    m.transpose(m.reshape(weight, [4, hidden, inputs]), [2, 1, 0]);
  const w = m.reshape(interleaved(p(`lstm.weight_ih_l${layer}`), features), [features, 4 * hidden]);
  const biases = m.add(p(`lstm.bias_ih_l${layer}`), p(`lstm.bias_hh_l${layer}`));
  const bias = m.transpose(m.reshape(biases, [4, hidden]), [1, 0]);
  const product = session.emit("matmul", { a: x, b: w }, { transposeA: false, transposeB: false });
  const projected = m.add(m.reshape(product.out, [steps, batch, hidden, 4]), bias);
  const recurrent = interleaved(p(`lstm.weight_hh_l${layer}`), hidden);
  const h0 = session.leaf(tensor("f32", [batch, hidden], state.h));
  const c0 = session.leaf(tensor("f32", [batch, hidden], state.c));
  const ins = { projected, recurrent, vectors: [], initial: [h0, c0], lengths: undefined };
  return session.emit("recurrence", ins, { cell: bodyOfCell(lstm), reverse: false, flow: false });
}

function parameterOf(parameters: Parameters, name: string): Float64Array {
  const own = parameters[name];
  if (own === undefined) throw new Error(`${name} is missing`);
  return own.data;
}
