/** Truncated back-propagation through a cell of one's own: a Trainer's windows over a module whose step is a scan. */
import { afterEach, describe, expect, it } from "vitest";
import type { Device } from "../../src/devices/device.ts";
import {
  add,
  compile,
  scan,
  slice,
  sqrt,
  stopGradient,
  sumOfSquares,
  type Tensor,
  tanh,
  tensor,
  valueAndGrad,
  zeros,
} from "../../src/functions.ts";
import { losses, nn, optim, Trainer } from "../../src/index.ts";
import { type DeviceName, devices, use } from "./open.ts";

/** h' = tanh(x·W + h·U + b); the state is h. */
function simple(inputs: number, units: number): nn.Module {
  const [fromInput, fromState] = [nn.linear(inputs, units), nn.linear(units, units)];
  return nn.module("simple", {
    children: { fromInput, fromState },
    stateShapes: (batchSize) => [[batchSize, units]],
    step(x, state) {
      const start = state?.[0] ?? zeros([x.shape[1] ?? 0, units]);
      const { carry, ys } = scan(
        (h: Tensor, at: Tensor) => {
          const next = tanh(add(at, fromState(h)));
          return { carry: next, y: next };
        },
        start,
        fromInput(x),
      );
      return { y: ys, state: [carry] };
    },
  });
}

const text = Int32Array.from({ length: 25 }, (_, i) => (i * i + 3 * i) % 7);
const make = () => nn.sequential(nn.embedding(7, 5), simple(5, 6), nn.linear(6, 7));
const still = () => ({ loss: losses.crossEntropy, optimizer: optim.sgd({ learningRate: 0 }) });

let device: Device | undefined;
afterEach(() => device?.close());

describe.each(Object.keys(devices) as DeviceName[])("windows of a scan, on %s", (name) => {
  it("carry the state across their borders, and no gradient", async () => {
    device = await devices[name]();
    use(device);
    const model = make();
    const trainer = new Trainer(model, { ...still(), window: 6 });
    const reports: { loss: number; gradientNorm: number }[] = [];
    for await (const report of trainer.fit(text, { batchSize: 1 })) reports.push(report);
    expect(reports.length).toBe(4);

    const [x, y] = [text.slice(0, -1), text.slice(1)].map((ids) => tensor(ids, [24, 1], "i32"));
    const byHand = compile((...[ids, targets]: Tensor[]) => {
      let state: readonly Tensor[] | undefined;
      const windows = [0, 6, 12, 18].map((from) => {
        const part = (of: Tensor | undefined) => slice(of as Tensor, [from, 0], [6, 1]);
        const [loss, gradients] = valueAndGrad(model.parameters(), () => {
          const done = model.step(part(ids), state?.map(stopGradient));
          state = done.state;
          return losses.crossEntropy(done.y, part(targets));
        });
        return { loss, norm: sqrt(sumOfSquares([...gradients.values()])) };
      });
      return windows;
    });
    const windows = await byHand(x as Tensor, y as Tensor);
    for (const [i, { loss, norm }] of windows.entries()) {
      expect(reports[i]?.loss).toBeCloseTo(await loss.item(), 5);
      expect(reports[i]?.gradientNorm).toBeCloseTo(await norm.item(), 5);
    }
  });

  it("learn", async () => {
    device = await devices[name]();
    use(device);
    const optimizer = optim.adam({ learningRate: 0.03 });
    const trainer = new Trainer(make(), { ...still(), optimizer, window: 6 });
    const seen: number[] = [];
    for await (const { loss } of trainer.fit(text, { batchSize: 1, epochs: 30 })) seen.push(loss);
    const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
    expect(mean(seen.slice(-4))).toBeLessThan(0.5 * mean(seen.slice(0, 4)));
  });
});
