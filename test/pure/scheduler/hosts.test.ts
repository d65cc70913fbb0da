import { describe, expect, it } from "vitest";
import { cpuTraits } from "../../../src/devices/cpu/traits.ts";
import { webgpuTraits } from "../../../src/devices/webgpu/traits.ts";
import {
  add,
  conv2d,
  cumsum,
  div,
  exp,
  gelu,
  grad,
  greater,
  logSoftmax,
  matmul,
  maxPool2d,
  mean,
  mul,
  relu,
  reshape,
  sigmoid,
  slice,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
  transpose,
  where,
} from "../../../src/functions.ts";
import { planStep } from "../../../src/runtime/compile.ts";
import type { DeviceTraits } from "../../../src/scheduler/lowering.ts";
import { callsOf } from "../../../src/scheduler/plan.ts";
import type { Shape } from "../../../src/tensor/shape.ts";

const webgpu = webgpuTraits();
const devices = [webgpu, cpuTraits];

function labelsOn(traits: DeviceTraits, step: (...all: Tensor[]) => unknown, shapes: Shape[]) {
  const types = shapes.map((shape) => ({ dtype: "f32", shape }) as const);
  const plan = planStep(step as (...all: Tensor[]) => Tensor, types, traits);
  return [...callsOf(plan.steps)].map(({ label }) => label);
}

/** The steps of a function of x [6, 8], w [8, 12], a row [12] and a tensor of the product's shape. */
function steps(step: (...all: [Tensor, Tensor, Tensor, Tensor]) => unknown): string[] {
  const shapes = [[6, 8], [8, 12], [12], [6, 12]];
  const [one, other] = devices.map((traits) =>
    labelsOn(traits, step as (...all: Tensor[]) => unknown, shapes),
  );
  expect(other).toEqual(one);
  return one ?? [];
}

/** The gradients of all arguments. */
function gradient(loss: (...all: [Tensor, Tensor, Tensor]) => Tensor) {
  return (...all: Tensor[]) => grad((...own) => loss(...(own as [Tensor, Tensor, Tensor])), ...all);
}

describe("a product", () => {
  it("hosts what it alone is read by: activations, residuals, masks, any chain of them", () => {
    expect(steps((x, w, b) => relu(add(matmul(x, w), b)))).toEqual(["matmul + add + relu"]);
    expect(steps((x, w, _, y) => add(y, matmul(x, w)))).toEqual(["matmul + add"]);
    expect(steps((x, w, b, y) => where(greater(y, 0), mul(matmul(x, w), b), 0))).toEqual([
      "matmul + greater + mul + where",
    ]);
    expect(steps((x, w, b, y) => sub(gelu(add(matmul(x, w), b)), mul(y, 0.5)))).toEqual([
      "matmul + add + gelu + mul + sub",
    ]);
  });

  it("hosts what branches and comes together again", () => {
    const gated = (u: Tensor) => mul(u, tanh(add(square(u), 1)));
    expect(steps((x, w) => gated(matmul(x, w)))).toEqual(["matmul + square + add + tanh + mul"]);
  });

  it("hosts through another shape of its result", () => {
    const step = (x: Tensor, w: Tensor, _: Tensor, y: Tensor) =>
      add(reshape(matmul(x, w), [3, 24]), reshape(y, [3, 24]));
    expect(steps(step)).toEqual(["matmul + add"]);
  });

  it("hosts the gradient of what stands in front of it", () => {
    const loss = (x: Tensor, w: Tensor, y: Tensor) =>
      sum(square(matmul(relu(matmul(x, w)), transpose(y))));
    const labels = labelsOn(webgpu, gradient(loss), [
      [6, 8],
      [8, 12],
      [6, 12],
    ]);
    expect(labels.filter((label) => label === "matmul + greater + where")).toHaveLength(1);
  });
});

describe("a product stores besides its result", () => {
  const shapes = [
    [6, 8],
    [8, 12],
    [12, 5],
  ];
  const labels = (activation: (x: Tensor) => Tensor, traits: DeviceTraits) =>
    labelsOn(
      traits,
      gradient((x, w, v) => sum(square(matmul(activation(matmul(x, w)), v)))),
      shapes,
    );

  it("on a GPU what an activation was given, and what of it the gradient reads", () => {
    const silu = (x: Tensor) => mul(x, sigmoid(x));
    expect(labels(gelu, webgpu)[0]).toBe("matmul + gelu");
    expect(labels(silu, webgpu)[0]).toBe("matmul + sigmoid + mul");
    expect(labels(silu, cpuTraits)[0]).toBe("matmul");
  });

  it("nothing that the next kernel's groups take over", () => {
    const step = (x: Tensor, w: Tensor) => {
      const product = matmul(x, w);
      return [sum(gelu(product)), mean(tanh(product))];
    };
    expect(steps(step)[0]).toBe("matmul");
  });
});

describe("a product hosts nothing", () => {
  it("of which it is wanted itself", () => {
    expect(
      steps((x, w) => {
        const product = matmul(x, w);
        return [product, relu(product)];
      }),
    ).toEqual(["matmul", "relu"]);
  });

  it("that reads what waits for the product", () => {
    const shifted = (x: Tensor, w: Tensor) => {
      const product = matmul(x, w);
      return div(sub(product, mean(product, { axis: 1, keepDims: true })), 2);
    };
    expect(steps(shifted)[0]).toBe("matmul");
    const far = (x: Tensor, w: Tensor) => {
      const product = matmul(x, w);
      return add(product, cumsum(exp(product), { axis: 1 }));
    };
    expect(steps(far)[0]).toBe("matmul");
    expect(steps((x, w) => logSoftmax(matmul(x, w)))[0]).toBe("matmul");
  });

  it("that reads more tensors than a kernel can bind", () => {
    const labels = labelsOn(
      webgpu,
      (x, w, ...more) => more.reduce((all, one) => mul(all, one), matmul(x as Tensor, w as Tensor)),
      [[6, 8], [8, 12], ...Array.from({ length: 6 }, () => [6, 12])],
    );
    expect(labels[0]).toBe("matmul + mul + mul + mul + mul");
    expect(labels).toHaveLength(2);
  });

  it("that is of another size, or reads a part of the product", () => {
    expect(steps((x, w) => relu(slice(matmul(x, w), [0, 0], [6, 5])))[0]).toBe("matmul");
    expect(steps((x, w, b) => mul(sum(matmul(x, w), { axis: 0 }), b))[0]).toBe("matmul");
  });
});

describe("pools and convolutions", () => {
  it("host, forwards and backwards", () => {
    const shapes = [
      [2, 8, 8, 4],
      [3, 3, 4, 4],
      [3, 3, 4, 8],
    ];
    const loss = (x: Tensor, one: Tensor, two: Tensor) => {
      const first = maxPool2d(relu(conv2d(x, one, { padding: "same" })), 2);
      return sum(square(relu(conv2d(first, two, { padding: "same" }))));
    };
    for (const traits of devices) {
      const labels = labelsOn(traits, gradient(loss), shapes);
      expect(labels).toContain("maxPool2dGrad + greater + where");
      expect(labels).toContain("conv2d + relu");
      const scaled = labelsOn(traits, (x) => mul(maxPool2d(x as Tensor, 2), 3), shapes.slice(0, 1));
      expect(scaled).toEqual(["maxPool2d + mul"]);
    }
  });
});
