import { describe, expect, it } from "vitest";
import type { Device } from "../../src/devices/device.ts";
import { compile, drawUniform, keyOf, tensor } from "../../src/functions.ts";
import { losses, nn, optim } from "../../src/index.ts";
import { trainingStep } from "../../src/train/steps.ts";
import { charLstm } from "../support/small-models.ts";
import { type DeviceName, deviceNames, devices, use } from "./open.ts";

const STEPS = 20;

const draw = (length: number, seed: number) => drawUniform(keyOf(seed), 0, length);
const whole = (length: number, below: number, seed: number) =>
  Int32Array.from(draw(length, seed), (x) => Math.floor(x * below));

/** A CNN with dropout on noise: everything random is at work. */
function trainCnn(model: nn.Module) {
  const options = {
    loss: losses.crossEntropy,
    optimizer: optim.adam({ learningRate: 1e-2, clipNorm: 1 }),
    metrics: {},
    isGuarded: true,
  };
  const step = compile((x, y, keep) => trainingStep(model, options, x, y, keep, []));
  return (n: number) =>
    step(tensor(Float32Array.from(draw(6 * 100, n)), [6, 10, 10, 1]), tensor(whole(6, 5, n)), 1);
}

function smallCnn(): nn.Module {
  return nn.sequential(
    ...[nn.conv2d(1, 5, 3, { padding: "same" }), nn.relu(), nn.maxPool2d(2)],
    ...[nn.conv2d(5, 7, 3), nn.tanh(), nn.dropout(0.3), nn.flatten(), nn.linear(7 * 9, 5)],
  );
}

const networks = {
  cnn() {
    const model = smallCnn();
    return { model, run: trainCnn(model) };
  },
  lstm() {
    const { model, step } = charLstm({ steps: 7, hidden: 11, batch: 3, vocabulary: 13, layers: 2 });
    const train = compile(step);
    const ids = (n: number) => tensor(whole(21, 13, n), [7, 3]);
    return { model, run: (n: number) => train(ids(n), ids(n + 1), n === 1 ? 0 : 1) };
  },
};

type NetworkName = keyof typeof networks;

/** The bits of all parameters after 20 steps, and the last loss. */
async function bitsAfterTraining(device: Device, network: NetworkName, seed: number) {
  use(device, seed);
  const { model, run } = networks[network]();
  let loss = Number.NaN;
  for (let n = 1; n <= STEPS; n++) loss = await (await run(n)).loss.item();
  const state = await model.stateDict();
  const bits = Object.entries(state).map(([name, { data }]) => [
    name,
    [...new Uint32Array(data.buffer)],
  ]);
  expect(Number.isFinite(loss)).toBe(true);
  return JSON.stringify(bits);
}

describe.each(Object.keys(networks) as NetworkName[])(
  "the same seed gives the same bits: %s",
  (network) => {
    const trained = new Map<DeviceName, string>();

    it.each(deviceNames)("twice on %s, and others with another seed", async (name) => {
      const device = await devices[name]();
      const [first, again, other] = [
        await bitsAfterTraining(device, network, 3),
        await bitsAfterTraining(device, network, 3),
        await bitsAfterTraining(device, network, 4),
      ];
      expect(again).toBe(first);
      expect(other).not.toBe(first);
      trained.set(name, first);
      await device.close();
    });

    it("with one thread as with two", () => {
      expect(trained.get("cpu, two threads")).toBe(trained.get("cpu, one thread"));
    });
  },
);
