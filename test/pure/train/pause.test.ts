import { beforeEach, describe, expect, it } from "vitest";
import { compile, type Tensor, tensor } from "../../../src/functions.ts";
import { losses, nn, optim, type StepReport, Trainer } from "../../../src/index.ts";
import { type CountingDevice, openCounting } from "../runtime/open.ts";

let device: CountingDevice;
beforeEach(() => {
  ({ device } = openCounting());
});

const numbers = (size: number, phase: number) =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(i * i + phase));
const batches = Array.from({ length: 6 }, (_, i) => ({
  x: { data: numbers(8, i), shape: [4, 2] },
  y: { data: numbers(4, i + 9), shape: [4, 1] },
}));
const trainerOf = () => {
  const model = nn.linear(2, 1, { seed: 1 });
  const optimizer = optim.adam({ learningRate: 0.1 });
  const loss = losses.meanSquaredError;
  return { model, trainer: new Trainer(model, { loss, optimizer }) };
};
const later = () => new Promise((resolve) => setTimeout(resolve, 30));

async function lossesOf(fit: Pick<AsyncIterator<StepReport>, "next">) {
  const found: [number, number, number][] = [];
  for (;;) {
    const { done, value } = await fit.next();
    if (done === true) return found;
    found.push([value.step, value.epoch, value.loss]);
  }
}

describe("a fit whose next() nobody calls", () => {
  it("pauses: nothing runs but what is asked for, with the weights of the moment", async () => {
    const { model, trainer } = trainerOf();
    const look = compile((x: Tensor) => model(x));
    const fit = trainer.fit(batches, { epochs: 3 });
    const first = await fit.next();
    expect(first.value?.step).toBe(1);
    expect(trainer.step).toBe(1 + (first.value?.ahead ?? Number.NaN));
    await later();
    const [runs, step] = [device.runs, trainer.step];
    await later();
    expect([device.runs, trainer.step]).toEqual([runs, step]);
    // A look between two steps, and an evaluation, leave the training alone.
    const seen = await (await look(tensor(batches[0]?.x.data ?? [], [4, 2]))).data();
    const { loss } = await trainer.evaluate(batches);
    expect(trainer.step).toBe(step);
    const rest = await lossesOf(fit);
    const { trainer: alone, model: other } = trainerOf();
    const expected = await lossesOf(alone.fit(batches, { epochs: 3 }));
    expect([[1, 1, first.value?.loss], ...rest]).toEqual(expected);
    expect(await model.stateDict()).toEqual(await other.stateDict());
    expect(seen).not.toEqual(await (await look(tensor(batches[0]?.x.data ?? [], [4, 2]))).data());
    expect(loss).toBeGreaterThan(0);
  });
});

describe("a fit with ahead: 0", () => {
  it("takes exactly one step with each next(), across epochs, with the same numbers", async () => {
    const { trainer } = trainerOf();
    const { trainer: plain } = trainerOf();
    const expected = await lossesOf(plain.fit(batches, { epochs: 2 }));
    const fit = trainer.fit(batches, { epochs: 2, ahead: 0 });
    const found: (number | undefined)[][] = [];
    for (let step = 1; step <= 12; step++) {
      const before = device.runs;
      const { value } = await fit.next();
      expect([trainer.step, value?.step, value?.ahead]).toEqual([step, step, 0]);
      const taken = device.runs;
      expect(taken).toBeGreaterThan(before);
      await later();
      expect([device.runs, trainer.step]).toEqual([taken, step]);
      found.push([value?.step, value?.epoch, value?.loss]);
    }
    expect(await fit.next()).toEqual({ done: true, value: undefined });
    expect(found).toEqual(expected);
    expect((await fit).epochs.map(({ step }) => step)).toEqual([6, 12]);
  });

  it("tells of the validation with an epoch's last step, and takes none behind an abort", async () => {
    const { trainer } = trainerOf();
    const controller = new AbortController();
    const { signal } = controller;
    const fit = trainer.fit(batches, { ahead: 0, validation: batches, epochs: 2, signal });
    for (let step = 1; step < 6; step++)
      expect((await fit.next()).value?.validation).toBeUndefined();
    expect((await fit.next()).value?.validation?.loss).toBeGreaterThan(0);
    await fit.next();
    controller.abort();
    await expect(fit.next()).rejects.toBe(signal.reason);
    expect(trainer.step).toBe(7);
  });

  it("goes on where it was aborted or left, with the bits of a training that never stopped", async () => {
    const { trainer: plain } = trainerOf();
    const expected = await lossesOf(plain.fit(batches, { untilEpoch: 2 }));
    const { trainer } = trainerOf();
    const found: [number, number, number][] = [];
    const controller = new AbortController();
    const first = trainer.fit(batches, { untilEpoch: 2, ahead: 0, signal: controller.signal });
    for (let i = 0; i < 4; i++) {
      const { value } = await first.next();
      if (value !== undefined) found.push([value.step, value.epoch, value.loss]);
    }
    controller.abort();
    await expect(first.next()).rejects.toBe(controller.signal.reason);
    for await (const { step, epoch, loss } of trainer.fit(batches, { untilEpoch: 2, ahead: 0 })) {
      found.push([step, epoch, loss]);
      if (step === 8) break;
    }
    found.push(...(await lossesOf(trainer.fit(batches, { untilEpoch: 2 }))));
    expect(found).toEqual(expected);
  });

  it("refuses what is no number of steps", async () => {
    const { trainer } = trainerOf();
    await expect(trainer.fit(batches, { ahead: -1 }).next()).rejects.toThrow("ahead");
    await expect(trainer.fit(batches, { ahead: 0.5 }).next()).rejects.toThrow("ahead");
  });
});
