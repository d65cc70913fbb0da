/** Checkpoints that were written before stay readable: files of every version, as they were committed. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { Trainer } from "../../../src/index.ts";
import { file } from "../../../src/io/index.ts";
import { openCounting } from "../runtime/open.ts";
import { scheduled, text, watched } from "./trainings.ts";

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
});
