/** State of optimizers on its way to nothing, on every device, number by number. */
import { describe, expect, it } from "vitest";
import { packedOffsets } from "../../src/ops/packed.ts";
import { ops } from "../../src/ops/table.ts";
import { evaluate } from "../support/case-data.ts";
import { type HostTensor, runOp } from "../support/run-case.ts";
import { deviceNames, devices } from "../training/open.ts";

/** 1, 1e-1, …, 1e-44, with numbers that are subnormal, and 0 and NaN at the end. */
const decades = [...Array.from({ length: 45 }, (_, k) => 10 ** -k), 0, Number.NaN];
/** Every pair of a gradient and a state, the sign of the gradient alternating. */
const pairs = decades.flatMap((gradient, i) =>
  decades.map((state, k) => ({ gradient: (i + k) % 2 === 0 ? gradient : -gradient, state })),
);

const shape = [pairs.length];
const { length } = packedOffsets([shape]);
const tensor = (size: number, values: readonly number[]): HostTensor => {
  const data = new Float32Array(size);
  data.set(values);
  return { type: { dtype: "f32", shape: [size] }, data };
};
const scalar = (value: number): HostTensor => ({
  type: { dtype: "f32", shape: [] },
  data: Float32Array.of(value),
});
const state = (of: (x: number) => number) =>
  tensor(
    length,
    pairs.map((pair) => of(pair.state)),
  );

/** Parameters start at 0, so that they are what was added to them. */
const common = {
  parameters: [tensor(pairs.length, [])],
  gradients: [
    tensor(
      pairs.length,
      pairs.map(({ gradient }) => gradient),
    ),
  ],
  learningRate: scalar(1),
  scale: scalar(1),
  apply: scalar(1),
};
const sgdIns = { ...common, velocity: state((x) => x) };
const adamIns = { ...common, m: state((x) => x), v: state((x) => x), step: scalar(7) };
const sgd = { momentum: 0.9, nesterov: false, weightDecay: 0 };
const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

/** Relative, of every element: a few roundings, and as few more where 0.9 s − 0.1 · 10 s is small. */
const TOLERANCE = 1e-5;
/** A GPU may read a subnormal number as 0. */
const SUBNORMAL = 2 ** -126;

function expectSame(actual: HostTensor | undefined, expected: ArrayLike<number>): void {
  const wrong = Array.from(expected).flatMap((value, i) => {
    const got = actual?.data[i] ?? Number.POSITIVE_INFINITY;
    const isSame =
      Number.isNaN(value) || value === 0
        ? Object.is(Math.abs(got), Math.abs(value))
        : Math.abs(got - value) <= TOLERANCE * Math.abs(value) + SUBNORMAL;
    return isSame ? [] : [{ ...pairs[i], value, got }];
  });
  expect(wrong).toEqual([]);
}

describe.each(deviceNames)("what is too small to matter is 0 on %s", (name) => {
  it("in sgd's velocity", async () => {
    const device = await devices[name]();
    const actual = await runOp(device, "sgd", ops.sgd, sgdIns, sgd);
    const expected = evaluate("sgd", sgdIns, sgd);
    expectSame(actual.velocity, expected.velocity.data);
    expectSame(actual.parameters[0], expected.parameters[0]?.data ?? []);
    const sizes = [...actual.velocity.data].map(Math.abs).filter((x) => x > 0);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(2 ** -96);
    await device.close();
  });

  it("in adam's moments", async () => {
    const device = await devices[name]();
    const actual = await runOp(device, "adam", ops.adam, adamIns, adam);
    const expected = evaluate("adam", adamIns, adam);
    expectSame(actual.m, expected.m.data);
    expectSame(actual.v, expected.v.data);
    expectSame(actual.parameters[0], expected.parameters[0]?.data ?? []);
    const least = (x: HostTensor) => Math.min(...[...x.data].map(Math.abs).filter((x) => x > 0));
    expect(least(actual.m)).toBeGreaterThanOrEqual(2 ** -96);
    expect(least(actual.v)).toBeGreaterThanOrEqual(2 ** -120);
    await device.close();
  });
});
