/** Checkpoints that were written before stay readable: files of every version, as they were committed. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Trainer } from "../../../src/index.ts";
import { file } from "../../../src/io/index.ts";
import { openCounting } from "../runtime/open.ts";
import { measured, scheduled, text, watched } from "./trainings.ts";

const fixture = (name: string) =>
  file(fileURLToPath(new URL(`../../fixtures/checkpoints/${name}.safetensors`, import.meta.url)));

describe("a checkpoint of version 1", () => {
  it.each([
    ["scheduled.v1", scheduled, { step: 6, epoch: 2, batch: 3, loss: 0.9418407082557678 }],
    ["watched.v1", watched, { step: 9, epoch: 3, batch: 3, loss: 1.280002474784851 }],
    [
      "windows.v1",
      text({ every: 3, back: 7 }),
      { step: 4, epoch: 1, batch: 4, loss: 1.8681422472000122 },
    ],
    ["measured.v1", measured, { step: 9, epoch: 2, batch: 4, loss: 0.713688313961029 }],
  ])("%s is read, and its training goes on to its end", async (name, make, expected) => {
    openCounting();
    const { model, options, data, fit } = make();
    const trainer = await Trainer.resume(fixture(name), model, options);
    const { step, epoch, fit: progress, sequences } = await trainer.state();
    expect({ step, epoch, batch: progress?.batch, loss: progress?.last?.loss }).toEqual(expected);
    expect(sequences.length).toBe(name === "windows.v1" ? 1 : 0);
    const { epochs, best } = await trainer.fit(data, fit);
    expect(epochs.map((report) => report.epoch)).toEqual(epochs.map((_, i) => i + 1));
    expect(epochs.length).toBeGreaterThan(1);
    expect(epochs.every(({ loss }) => Number.isFinite(loss))).toBe(true);
    expect(best === undefined).toBe(name !== "watched.v1");
  });

  it("that has what the steps of its epoch have come to reports the whole of it", async () => {
    openCounting();
    const { model, options, data, fit } = measured();
    const whole = await new Trainer(model, options).fit(data, fit);
    openCounting();
    const again = measured();
    const trainer = await Trainer.resume(fixture("measured.v1"), again.model, again.options);
    const { epochs } = await trainer.fit(again.data, again.fit);
    for (const [i, { loss, metrics }] of epochs.entries()) {
      expect(loss).toBeCloseTo(whole.epochs[i]?.loss ?? 0, 5);
      for (const [name, value] of Object.entries(whole.epochs[i]?.metrics ?? {}))
        expect(Object(metrics)[name]).toBeCloseTo(value, 4);
    }
  });

  it("that lacks it reports what is left of its epoch", async () => {
    openCounting();
    const { model, options, data, fit } = scheduled();
    const trainer = await Trainer.resume(fixture("scheduled.v1"), model, options);
    const last = (await trainer.state()).fit?.last;
    // Epoch 2 has but its end to come.
    const { epochs } = await trainer.fit(data, { ...fit, untilEpoch: 2 });
    expect(epochs[1]?.loss).toBe(last?.loss);
    expect(epochs[1]?.metrics).toEqual(last?.metrics);
  });
});
