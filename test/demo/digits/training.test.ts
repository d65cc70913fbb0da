/** The digits' panel on the worker's side: what it trains, and what its pictures show. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { inkOf } from "../../../demo/panels/digits/ink.ts";
import { type DigitsPictures, PIXELS, SIDE } from "../../../demo/panels/digits/pictures.ts";
import type { Training } from "../../../demo/worker/training.ts";
import { openCpuDevice } from "../../../src/devices/cpu/index.ts";
import type { Runtime } from "../../../src/runtime/runtime.ts";
import { use } from "../../training/open.ts";
import { drawn } from "./drawn.ts";
import { openDigits, stepper } from "./open-digits.ts";
import { convolved, pooled, type Volume } from "./plain-convolution.ts";

/** Enough for 95 % of the test digits. */
const STEPS = 600;

describe("the digits' panel, trained on the cpu", () => {
  let runtime: Runtime;
  let training: Training<DigitsPictures>;
  let steps: ReturnType<typeof stepper>;
  let startMs: number;
  beforeAll(async () => {
    runtime = use(await openCpuDevice({ threads: 2 }), 1);
    startMs = performance.now();
    training = await openDigits();
    steps = stepper(training);
    await steps.take(STEPS);
  });
  afterAll(async () => {
    await steps.end();
    training.dispose();
    await runtime.close();
  });

  test("recognises 95 % of the test digits", () => {
    const ms = performance.now() - startMs;
    console.log(`digits: ${JSON.stringify(steps.last)} after ${STEPS} steps, ${ms.toFixed(0)} ms`);
    expect(steps.last["cnn.test"]).toBeGreaterThan(0.95);
    expect(steps.last["dense.test"]).toBeGreaterThan(0.8);
    expect(steps.last["cnn.loss"]).toBeLessThan(0.3);
  });

  test.each(Object.keys(drawn).map(Number))("recognises a %i that is drawn", async (digit) => {
    const ink = inkOf(drawn[digit] ?? []);
    const { cnn } = await training.pictures.probabilities({ ink });
    expect(cnn.indexOf(Math.max(...cnn))).toBe(digit);
  });

  test("gives both networks as many weights", () => {
    const [cnn = 0, dense = 0] = training.networks.map(({ trainer }) =>
      trainer.model.parameters().reduce((sum, { size }) => sum + size, 0),
    );
    expect(cnn).toBe(11_274);
    // To the half of what a hidden unit has.
    expect(Math.abs(cnn - dense)).toBeLessThanOrEqual(795 / 2);
  });

  test("shows layers that a convolution written by hand comes to", async () => {
    const { ink } = await training.pictures.digit({ index: 7 });
    const { conv1, conv2 } = await training.pictures.filters({});
    const layers = await training.pictures.layers({ ink });
    let volume: Volume = {
      count: 1,
      rows: SIDE,
      columns: SIDE,
      values: Float32Array.from(ink, (byte) => byte / 255),
    };
    const compare = (name: keyof typeof layers) => {
      const { values, ...shape } = layers[name];
      expect(shape).toEqual({ count: volume.count, rows: volume.rows, columns: volume.columns });
      // Sums of at most 200 products of numbers below 10, in another order.
      values.forEach((value, i) => {
        expect(value).toBeCloseTo(volume.values[i] ?? Number.NaN, 3);
      });
    };
    volume = convolved(volume, conv1);
    compare("conv1");
    const slid = await training.pictures.slid({ ink, filter: 5 });
    expect([...slid.map]).toEqual([...layers.conv1.values.subarray(5 * PIXELS, 6 * PIXELS)]);
    expect([...slid.weights]).toEqual([...conv1.weights.subarray(5 * 25, 6 * 25)]);
    expect(slid.bias).toBe(conv1.bias[5]);
    volume = pooled(volume);
    compare("pool1");
    volume = convolved(volume, conv2);
    compare("conv2");
    volume = pooled(volume);
    compare("pool2");

    const { probabilities } = training.pictures;
    const { cnn } = await probabilities({ ink });
    const logits: number[] = [];
    for (let digit = 0; digit < 10; digit++) {
      const flat = await training.pictures.flat({ ink, digit });
      expect([...flat.features]).toEqual([...layers.pool2.values]);
      const logit = flat.features.reduce(
        (total, feature, i) => total + feature * (flat.weights[i] ?? Number.NaN),
        flat.bias,
      );
      expect(flat.logit).toBeCloseTo(logit, 3);
      logits.push(logit);
    }
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    logits.forEach((logit, digit) => {
      expect(cnn[digit]).toBeCloseTo(Math.exp(logit) / total, 3);
    });
  });

  test("shows as saliency how the logit moves with a pixel", async () => {
    const { ink, label: digit } = await training.pictures.digit({ index: 11 });
    const { gradient } = await training.pictures.saliency({ ink, digit });
    const pixel = gradient.reduce((best, value, i) => {
      return Math.abs(value) > Math.abs(gradient[best] ?? 0) ? i : best;
    }, 0);
    const logitWith = async (byte: number) => {
      const other = ink.slice();
      other[pixel] = byte;
      return (await training.pictures.flat({ ink: other, digit })).logit;
    };
    const byte = ink[pixel] ?? 0;
    const next = byte < 255 ? byte + 1 : byte - 1;
    const slope = (255 * ((await logitWith(next)) - (await logitWith(byte)))) / (next - byte);
    // Linear but where a ReLU or a pool changes its mind within 1/255 of ink.
    expect(slope / (gradient[pixel] ?? Number.NaN)).toBeGreaterThan(0.8);
    expect(slope / (gradient[pixel] ?? Number.NaN)).toBeLessThan(1.2);
  });

  test("shifts a digit, and has in the middle what it has of it where it is", async () => {
    const { ink, label: digit } = await training.pictures.digit({ index: 3 });
    const shifted = await training.pictures.shifted({ ink, digit });
    const { cnn, dense } = await training.pictures.probabilities({ ink });
    expect(shifted.cnn[6 * 13 + 6]).toBeCloseTo(cnn[digit] ?? Number.NaN, 4);
    expect(shifted.dense[6 * 13 + 6]).toBeCloseTo(dense[digit] ?? Number.NaN, 4);
    const moved = new Uint8Array(PIXELS);
    for (let row = 0; row < SIDE - 2; row++)
      for (let column = 3; column < SIDE; column++)
        moved[row * SIDE + column] = ink[(row + 2) * SIDE + column - 3] ?? 0;
    const at = await training.pictures.probabilities({ ink: moved });
    // dx 3, dy −2.
    expect(shifted.cnn[4 * 13 + 9]).toBeCloseTo(at.cnn[digit] ?? Number.NaN, 4);
  });

  test("measures the test digits, and finds those that were taken for others", async () => {
    const { count, labels, cnn } = await training.pictures.test({});
    expect([labels.length, cnn.length]).toEqual([count, count]);
    const right = labels.filter((label, i) => cnn[i] === label).length / count;
    expect(right).toBeCloseTo(steps.last["cnn.test"] ?? Number.NaN, 6);
    const first = labels.findIndex((label, i) => cnn[i] !== label);
    const [label = 0, taken = 0] = [labels[first], cnn[first]];
    const { indices, ink } = await training.pictures.examples({ label, taken, most: 4 });
    expect(indices[0]).toBe(first);
    const own = await training.pictures.digit({ index: first });
    expect([...ink.subarray(0, PIXELS)]).toEqual([...own.ink]);
    expect(own.label).toBe(label);
  });

  test("loses less by a shift with filters than without", async () => {
    let scores = await training.pictures.shiftScores({});
    while (scores.cnn.length === 0) scores = await training.pictures.shiftScores({});
    console.log(`digits: by distance, CNN ${scores.cnn}, dense ${scores.dense}`);
    for (const distance of [0, 1, 2, 3])
      expect(scores.cnn[distance]).toBeGreaterThan(scores.dense[distance] ?? 1);
    expect(scores.cnn[2]).toBeGreaterThan(0.7);
    expect(scores.dense[4]).toBeLessThan(0.5);
  });
});

test("the digits' panel has the same numbers for the same seed, and where it goes on from a state", async () => {
  const runtime = use(await openCpuDevice({ threads: 1 }), 1);
  const run = async (count: number, seed: number) => {
    const training = await openDigits({ seed, filters: 2, size: "3", digits: 1000 });
    const steps = stepper(training);
    await steps.take(count);
    return { training, steps, loss: steps.last["cnn.loss"] };
  };
  // An epoch has 31 steps.
  const whole = await run(40, 5);
  const again = await run(40, 5);
  const other = await run(40, 6);
  expect(again.loss).toBe(whole.loss);
  expect(other.loss).not.toBe(whole.loss);

  const begun = await run(33, 5);
  await begun.steps.end();
  const states = await Promise.all(begun.training.networks.map(({ trainer }) => trainer.state()));
  const resumed = await openDigits({ seed: 5, filters: 2, size: "3", digits: 1000 });
  resumed.networks.forEach(({ trainer }, i) => {
    const state = states[i];
    if (state !== undefined) trainer.loadState(state);
  });
  const [trainer] = resumed.networks.map((network) => network.trainer);
  const rest = stepper(resumed);
  await rest.take(40 - (trainer?.step ?? 0));
  expect(rest.last["cnn.loss"]).toBe(whole.loss);

  for (const { steps, training } of [whole, again, other, begun]) {
    await steps.end();
    training.dispose();
  }
  await rest.end();
  resumed.dispose();
  await runtime.close();
});
