/** Training that is saved to a file and goes on from it, on every device: the bits of training that was never stopped. */
import { describe, expect, it } from "vitest";
import { Trainer } from "../../src/index.ts";
import { memory } from "../../src/io/index.ts";
import { trainings } from "../pure/train/trainings.ts";
import { deviceNames, devices, use } from "./open.ts";

describe.each(deviceNames)("on %s", (name) => {
  it.each(trainings)("%s", async (_, make) => {
    const place = memory().place("saved");
    const whole = use(await devices[name](), 1);
    const { model, options, data, fit } = make();
    const trainer = new Trainer(model, options);
    const losses: number[] = [];
    for await (const { step, loss } of trainer.fit(data, fit)) {
      losses.push(loss);
      // In the middle of an epoch, with steps under way.
      if (step === 4) await trainer.save(place);
    }
    const end = await trainer.state();
    await whole.close();

    const runtime = use(await devices[name](), 1);
    const own = make();
    const again = await Trainer.resume(place, own.model, own.options);
    expect(again.step).toBeGreaterThanOrEqual(4);
    const rest: number[] = [];
    for await (const { loss } of again.fit(own.data, own.fit)) rest.push(loss);
    expect(rest).toEqual(losses.slice(-rest.length));
    expect(await again.state()).toEqual(end);
    await runtime.close();
  });
});
