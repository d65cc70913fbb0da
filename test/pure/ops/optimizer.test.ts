import { describe, expect, it } from "vitest";
import type { ReferenceTensor } from "../../../src/devices/reference/kernel.ts";
import { ArgumentError, DTypeError, ShapeError } from "../../../src/errors.ts";
import { packedOffsets } from "../../../src/ops/packed.ts";
import type { TensorType } from "../../../src/tensor/shape.ts";
import { evaluate } from "../../support/case-data.ts";
import { f32, infer, of } from "./infer.ts";

const tensor = (...values: number[]): ReferenceTensor => ({
  type: f32(values.length),
  data: Float64Array.from(values),
});
const scalar = (value: number): ReferenceTensor => ({
  type: f32(),
  data: Float64Array.of(value),
});
const filled = (length: number, value: number) => tensor(...new Array<number>(length).fill(value));

const sgd = { momentum: 0.9, nesterov: false, weightDecay: 0 };
const sgdInputs = (p: number[], g: number[], velocity: ReferenceTensor) => ({
  parameters: [tensor(...p)],
  gradients: [tensor(...g)],
  velocity,
  learningRate: scalar(0.1),
  scale: scalar(1),
  apply: scalar(1),
});

describe("sgd", () => {
  it("follows torch.optim.SGD for two steps", () => {
    // p = 1, g = 0.5 then 0.25, lr 0.1, momentum 0.9, weight_decay 0.1, by hand from PyTorch's definition:
    // d1 = 0.6, v1 = 0.6, p1 = 0.94; d2 = 0.344, v2 = 0.884, p2 = 0.8516.
    const attrs = { ...sgd, weightDecay: 0.1 };
    const first = evaluate("sgd", sgdInputs([1], [0.5], filled(64, 0)), attrs);
    expect(first.parameters[0]?.data[0]).toBeCloseTo(0.94, 14);
    const second = evaluate("sgd", sgdInputs([0.94], [0.25], first.velocity), attrs);
    expect(second.velocity.data[0]).toBeCloseTo(0.884, 14);
    expect(second.parameters[0]?.data[0]).toBeCloseTo(0.8516, 14);
  });

  it("looks ahead with Nesterov's momentum", () => {
    const attrs = { ...sgd, nesterov: true };
    // v = 0.9 · 2 + 1 = 2.8, p = 0 − 0.1 · (1 + 0.9 · 2.8)
    const { parameters } = evaluate("sgd", sgdInputs([0], [1], filled(64, 2)), attrs);
    expect(parameters[0]?.data[0]).toBeCloseTo(-0.352, 14);
  });

  it("keeps each parameter's state at its packed offset and leaves the padding alone", () => {
    const shapes = [[3], [65], [2]];
    const { offsets, length } = packedOffsets(shapes);
    const parts = shapes.map(([n = 0]) => filled(n, 1));
    const ins = {
      parameters: parts,
      gradients: parts,
      velocity: filled(length, 7),
      learningRate: scalar(0.1),
      scale: scalar(2),
      apply: scalar(1),
    };
    const { velocity } = evaluate("sgd", ins, { ...sgd, momentum: 0 });
    const expected = new Float64Array(length).fill(7);
    shapes.forEach(([n = 0], i) => {
      expected.fill(2, offsets[i], (offsets[i] ?? 0) + n);
    });
    expect(velocity.data).toEqual(expected);
  });

  it("changes nothing where apply is 0", () => {
    const ins = { ...sgdInputs([1, 2], [5, 5], filled(64, 3)), apply: scalar(0) };
    const outs = evaluate("sgd", ins, sgd);
    expect(outs.parameters[0]?.data).toEqual(Float64Array.of(1, 2));
    expect(outs.velocity.data).toEqual(ins.velocity.data);
  });
});

describe("adam", () => {
  const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
  const inputs = (step: number, apply: number) => ({
    parameters: [tensor(1, -1)],
    gradients: [tensor(0.5, -3)],
    m: filled(64, 0),
    v: filled(64, 0),
    learningRate: scalar(0.01),
    step: scalar(step),
    scale: scalar(1),
    apply: scalar(apply),
  });

  it("takes a first step of the learning rate, whatever the gradient's size", () => {
    const { parameters } = evaluate("adam", inputs(1, 1), adam);
    expect(parameters[0]?.data[0]).toBeCloseTo(0.99, 9);
    expect(parameters[0]?.data[1]).toBeCloseTo(-0.99, 9);
  });

  it("decays weights apart from the gradient", () => {
    const { parameters, m } = evaluate("adam", inputs(1, 1), { ...adam, weightDecay: 0.5 });
    expect(parameters[0]?.data[0]).toBeCloseTo(1 - 0.01 * (1 + 0.5), 9);
    expect(m.data[0]).toBeCloseTo(0.05, 14);
  });

  it("changes nothing where apply is 0", () => {
    const { parameters, m, v } = evaluate("adam", inputs(1, 0), adam);
    expect(parameters[0]?.data).toEqual(Float64Array.of(1, -1));
    expect([...m.data, ...v.data].every((x) => x === 0)).toBe(true);
  });
});

describe("optimizers refuse what does not fit", () => {
  const types = (gradients: TensorType[], state: TensorType, scale = f32()) => ({
    parameters: [f32(3, 2)],
    gradients,
    velocity: state,
    learningRate: f32(),
    scale,
    apply: f32(),
  });
  const check =
    (...args: Parameters<typeof types>) =>
    () =>
      infer("sgd", types(...args), sgd);

  it("gradients, state and numbers of other shapes or dtypes", () => {
    expect(check([], f32(64))).toThrow(/^sgd: .*; got 1 parameters and 0 gradients\. /);
    expect(check([f32(2, 3)], f32(64))).toThrow(
      "sgd: gradient 0 must have shape [3, 2]; got f32[2, 3]. Parameter 0 is f32[3, 2].",
    );
    expect(check([of("i32", 3, 2)], f32(64))).toThrow(DTypeError);
    expect(check([f32(3, 2)], f32(6))).toThrow(ShapeError);
    expect(check([f32(3, 2)], f32(64), f32(1))).toThrow(/^sgd: scale must have shape \[\]/);
    expect(check([f32(3, 2)], f32(64))().velocity).toEqual(f32(64));
  });

  it("options outside their range", () => {
    const ins = types([f32(3, 2)], f32(64));
    expect(() => infer("sgd", ins, { ...sgd, momentum: -1 })).toThrow(ArgumentError);
    expect(() => infer("sgd", ins, { ...sgd, momentum: 0, nesterov: true })).toThrow(/nesterov/);
    expect(() => infer("sgd", ins, { ...sgd, weightDecay: Number.NaN })).toThrow(ArgumentError);
    const { velocity, ...rest } = ins;
    const moments = { ...rest, m: velocity, v: velocity, step: f32() };
    const adam = { beta1: 0.9, beta2: 1, epsilon: 1e-8, weightDecay: 0 };
    expect(() => infer("adam", moments, adam)).toThrow(/^adam: beta2 must be from 0 to below 1/);
    expect(() => infer("squareSums", { xs: [], watched: [] }, {})).toThrow(
      /^sumOfSquares: there must be/,
    );
  });
});
