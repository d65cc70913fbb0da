/** How many dispatches a GPU needs for what is composed of verbs and layers. */
import { describe, expect, it } from "vitest";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import {
  add,
  cells,
  div,
  exp,
  matmul,
  max,
  mean,
  mul,
  reshape,
  scan,
  sigmoid,
  slice,
  softmax,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  type Variable,
  valueAndGrad,
  variable,
  vjp,
  zeros,
} from "../../../src/functions.ts";
import { losses, nn, optim } from "../../../src/index.ts";
import { planStep } from "../../../src/runtime/compile.ts";
import { dispatchesOf } from "../../../src/scheduler/explain.ts";
import { schedule } from "../../../src/scheduler/schedule.ts";
import { trainingStep } from "../../../src/train/steps.ts";
import { input, wishOf } from "../../support/plans.ts";
import { requestOf } from "../../support/run-graph.ts";

const gpu = webgpuTraits();

const row = { axis: -1, keepDims: true };

function dispatches(...outputs: readonly Tensor[]): number {
  return dispatchesOf(schedule(requestOf(wishOf({ outputs })), gpu).steps);
}

function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor): Tensor {
  const centred = sub(x, mean(x, row));
  const deviation = sqrt(add(mean(square(centred), row), 1e-5));
  return add(mul(div(centred, deviation), gamma), beta);
}

function composedSoftmax(x: Tensor): Tensor {
  const terms = exp(sub(x, max(x, row)));
  return div(terms, sum(terms, row));
}

describe("on a GPU", () => {
  const [x, w] = [input("x", [2048, 256]), input("w", [2048, 256])];
  const [gamma, beta] = [input("gamma", [256]), input("beta", [256])];

  it("a layer norm is one dispatch, and three with all its gradients", () => {
    expect(dispatches(layerNorm(x, gamma, beta))).toBe(1);
    const [out, pull] = vjp(layerNorm, x, gamma, beta);
    expect(dispatches(out, ...pull(w))).toBeLessThanOrEqual(3);
  });

  it("a softmax is one dispatch, and two with its gradient, composed or not", () => {
    const [scores, weights] = [input("scores", [8, 64, 64]), input("weights", [8, 64, 64])];
    for (const fn of [composedSoftmax, (of: Tensor) => softmax(of)]) {
      expect(dispatches(fn(scores))).toBe(1);
      const [out, pull] = vjp(fn, scores);
      expect(dispatches(out, ...pull(weights))).toBeLessThanOrEqual(2);
    }
  });

  it("attention with its three gradients is at most eight", () => {
    const [q, k, v, g] = ["q", "k", "v", "g"].map((name) => input(name, [8, 64, 32])) as [
      Tensor,
      Tensor,
      Tensor,
      Tensor,
    ];
    const attention = (q: Tensor, k: Tensor, v: Tensor) =>
      matmul(composedSoftmax(mul(matmul(q, k, { transposeB: true }), 1 / Math.sqrt(32))), v);
    const [out, pull] = vjp(attention, q, k, v);
    expect(dispatches(out, ...pull(g))).toBeLessThanOrEqual(8);
  });

  it("a step of two linear layers with a layer norm between them, with Adam, is 12", () => {
    const [first, last] = [nn.linear(32, 64), nn.linear(64, 10)];
    const own = [variable(new Float32Array(64), [64]), variable(new Float32Array(64), [64])];
    const [scale, shift] = own as [(typeof own)[0], (typeof own)[0]];
    const optimizer = optim.adam({ learningRate: 1e-3 });
    const step = (images: Tensor, labels: Tensor) => {
      const parameters = [...first.parameters(), ...own, ...last.parameters()];
      const [loss, gradients] = valueAndGrad(parameters, () =>
        losses.crossEntropy(last(layerNorm(first(images), scale, shift)), labels),
      );
      optimizer.update(gradients);
      return loss;
    };
    const types = [
      { dtype: "f32", shape: [64, 32] },
      { dtype: "i32", shape: [64] },
    ] as const;
    const plan = planStep(step as Parameters<typeof planStep>[0], types, gpu);
    expect(dispatchesOf(plan.steps)).toBeLessThanOrEqual(12);
  });

  it("a guarded step of a CNN with two batch norms is 40", () => {
    const model = nn.sequential(
      nn.conv2d(1, 16, 3, { padding: "same" }),
      nn.batchNorm2d(16),
      nn.relu(),
      nn.maxPool2d(2),
      nn.conv2d(16, 32, 3, { padding: "same" }),
      nn.batchNorm2d(32),
      nn.relu(),
      nn.maxPool2d(2),
      nn.flatten(),
      nn.linear(32 * 7 * 7, 10),
    );
    const options = {
      loss: losses.crossEntropy,
      optimizer: optim.adam({ learningRate: 1e-3 }),
      metrics: { accuracy: losses.accuracy },
      isGuarded: true,
    };
    const step = (x: Tensor, y: Tensor, keep: Tensor) =>
      trainingStep(model, options, x, y, keep, []);
    const types = [
      { dtype: "f32", shape: [64, 28, 28, 1] },
      { dtype: "i32", shape: [64] },
      { dtype: "f32", shape: [] },
    ] as const;
    const plan = planStep(step as Parameters<typeof planStep>[0], types, gpu);
    expect(dispatchesOf(plan.steps)).toBeLessThanOrEqual(40);
  });

  it("a guarded step of a cell with a second product is 27, of a GRU 19", () => {
    const cellOf = (layer: nn.RecurrentModule) => {
      const model = nn.sequential(layer, nn.linear(128, 10));
      const options = {
        loss: losses.crossEntropy,
        optimizer: optim.adam({ learningRate: 1e-3 }),
        metrics: {},
        isGuarded: true,
      };
      const step = (x: Tensor, y: Tensor, keep: Tensor) =>
        trainingStep(model, options, x, y, keep, []);
      const types = [
        { dtype: "f32", shape: [64, 32, 64] },
        { dtype: "i32", shape: [64, 32] },
        { dtype: "f32", shape: [] },
      ] as const;
      return dispatchesOf(planStep(step as Parameters<typeof planStep>[0], types, gpu).steps);
    };
    expect(cellOf(nn.gru(64, 128))).toBeLessThanOrEqual(19);
    for (const of of [cells.resetBeforeGru, cells.minimalGatedUnit])
      expect(cellOf(nn.recurrent(of, 64, 128))).toBeLessThanOrEqual(27);
  });

  it("a step of an LSTM written with scan is 17, with x·W + 2b before it 19, of a cell that nobody has 22", () => {
    const [T, B, I, H] = [64, 32, 64, 128];
    const step = (isLstm: boolean, isBefore: boolean) => {
      const [w, r, b] = [[I, 4 * H], [H, 4 * H], [4 * H]].map((shape) =>
        variable(new Float32Array(shape.reduce((a, n) => a * n, 1)), shape),
      ) as [Variable, Variable, Variable];
      const optimizer = optim.adam({ learningRate: 1e-3 });
      return (x: Tensor) => {
        const [loss, gradients] = valueAndGrad([w, r, b], () => {
          const start = { h: zeros([B, H]), c: zeros([B, H]) };
          const before = reshape(add(matmul(reshape(x, [T * B, I]), w), mul(b, 2)), [T, B, 4 * H]);
          const { ys } = scan(
            ({ h, c }, at) => {
              const input = isBefore ? at : matmul(at, w);
              const sums = add(add(input, matmul(h, r)), b);
              const gate = (k: number) => slice(sums, [0, k * H], [B, H]);
              const open = sigmoid(gate(1));
              const seen = isLstm
                ? mul(sigmoid(gate(0)), tanh(gate(2)))
                : mul(sub(1, open), tanh(add(gate(2), mul(c, 0.5))));
              const next = add(mul(open, c), seen);
              const y = mul(sigmoid(gate(3)), tanh(next));
              return { carry: { h: y, c: next }, y };
            },
            start,
            isBefore ? before : x,
          );
          return mean(square(ys));
        });
        optimizer.update(gradients);
        return loss;
      };
    };
    const planned = (isLstm: boolean, isBefore: boolean) =>
      planStep(
        step(isLstm, isBefore) as Parameters<typeof planStep>[0],
        [{ dtype: "f32", shape: [T, B, I] }],
        gpu,
      );
    expect(dispatchesOf(planned(true, false).steps)).toBeLessThanOrEqual(17);
    expect(dispatchesOf(planned(true, true).steps)).toBeLessThanOrEqual(19);
    expect(dispatchesOf(planned(false, false).steps)).toBeLessThanOrEqual(22);
  });
});
