/** State of optimizers on its way to nothing, and what lies between packed parameters, on every device. */
import { describe, expect, it } from "vitest";
import { compile, tensor, variable } from "../../src/functions.ts";
import { packedOffsets } from "../../src/ops/packed.ts";
import * as optim from "../../src/optim/index.ts";
import { adamUpdate, LEAST_MOMENT, LEAST_SQUARE, sgdUpdate } from "../support/updates.ts";
import { deviceNames, devices, use } from "../training/open.ts";

/** 1, 1e-1, …, 1e-44, with numbers that are subnormal, and 0 and NaN at the end. */
const decades = [...Array.from({ length: 45 }, (_, k) => 10 ** -k), 0, Number.NaN];
/** Every pair of a gradient and a state, the sign of the gradient alternating. */
const pairs = decades.flatMap((gradient, i) =>
  decades.map((state, k) => ({ gradient: (i + k) % 2 === 0 ? gradient : -gradient, state })),
);
const gradients = Float32Array.from(pairs, ({ gradient }) => gradient);
const states = Float32Array.from(pairs, ({ state }) => state);
const { length } = packedOffsets([[pairs.length]]);

/** Relative, of every element: a few roundings, and as few more where 0.9 s − 0.1 · 10 s is small. */
const TOLERANCE = 1e-5;
/** A GPU may read a subnormal number as 0. */
const SUBNORMAL = 2 ** -126;

function expectSame(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  const wrong = Array.from(expected).flatMap((value, i) => {
    const got = actual[i] ?? Number.POSITIVE_INFINITY;
    const isSame =
      Number.isNaN(value) || value === 0
        ? Object.is(Math.abs(got), Math.abs(value))
        : Math.abs(got - value) <= TOLERANCE * Math.abs(value) + SUBNORMAL;
    return isSame ? [] : [{ ...pairs[i], value, got }];
  });
  expect(wrong).toEqual([]);
}

/** What a parameter of zeros, and the state of these names, are after a step from `states`. */
async function updated(optimizer: optim.Optimizer, names: readonly string[], step: number) {
  const parameter = variable(new Float32Array(pairs.length), [pairs.length], "p");
  const padded = new Float32Array(length);
  padded.set(states);
  const one = (value: number) => ({ shape: [], data: Float32Array.of(value) });
  optimizer.loadState(
    {
      learningRate: one(1),
      step: one(step - 1),
      ...Object.fromEntries(names.map((name) => [name, { shape: [length], data: padded }])),
    },
    { allowNonFinite: true },
  );
  await compile((gradient) => optimizer.update(new Map([[parameter, gradient]])))(
    tensor(gradients, [pairs.length]),
  );
  const state = optimizer.state();
  const held = names.map(async (name) => (await state.get(name)?.data()) ?? []);
  return [await parameter.data(), ...(await Promise.all(held))].map((data) => [...data]);
}

const doubles = (xs: ArrayLike<number>) => Float64Array.from(xs);
const least = (xs: readonly number[]) => Math.min(...xs.map(Math.abs).filter((x) => x > 0));

describe.each(deviceNames)("what is too small to matter is 0 on %s", (name) => {
  it("in sgd's velocity", async () => {
    const runtime = use(await devices[name]());
    const settings = { learningRate: 1, momentum: 0.9 };
    const [p = [], velocity = []] = await updated(optim.sgd(settings), ["velocity"], 1);
    const expected = {
      p: new Float64Array(pairs.length),
      g: doubles(gradients),
      velocity: doubles(states),
    };
    sgdUpdate(expected, { ...settings, scale: 1, nesterov: false, weightDecay: 0 });
    expectSame(velocity, expected.velocity);
    expectSame(p, expected.p);
    expect(least(velocity)).toBeGreaterThanOrEqual(LEAST_MOMENT);
    expect(velocity.slice(pairs.length)).toEqual(new Array(length - pairs.length).fill(0));
    await runtime.close();
  });

  it("in adam's moments", async () => {
    const runtime = use(await devices[name]());
    const [p = [], m = [], v = []] = await updated(optim.adam({ learningRate: 1 }), ["m", "v"], 7);
    const expected = {
      p: new Float64Array(pairs.length),
      g: doubles(gradients),
      m: doubles(states),
      v: doubles(states),
    };
    const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };
    adamUpdate(expected, { ...settings, learningRate: 1, step: 7, scale: 1 });
    expectSame(m, expected.m);
    expectSame(v, expected.v);
    expectSame(p, expected.p);
    expect(least(m)).toBeGreaterThanOrEqual(LEAST_MOMENT);
    expect(least(v)).toBeGreaterThanOrEqual(LEAST_SQUARE);
    for (const held of [m, v])
      expect(held.slice(pairs.length)).toEqual(new Array(length - pairs.length).fill(0));
    await runtime.close();
  });
});
