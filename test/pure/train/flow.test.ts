import { beforeEach, describe, expect, it } from "vitest";
import { gradientFlow } from "../../../src/functions.ts";
import { losses, optim, Trainer } from "../../../src/index.ts";
import type { StepReport, Window } from "../../../src/train/index.ts";
import { openCounting } from "../runtime/open.ts";
import { block, blocks, idsOf, idsTensor, languageModel } from "./sequences.ts";

beforeEach(() => {
  openCounting();
});

async function reportsOf(window: Window | undefined, data: ReturnType<typeof blocks>) {
  const model = languageModel();
  const trainer = new Trainer(model, {
    loss: losses.crossEntropy,
    optimizer: optim.sgd({ learningRate: 0 }),
    gradientFlow: true,
    metrics: {},
    ...(window === undefined ? {} : { window }),
  });
  const reports: StepReport[] = [];
  for await (const report of trainer.fit(() => data, { batchSize: 1 })) reports.push(report);
  return reports;
}

/** f32 sums of up to 24 steps in another order. */
const TOLERANCE = 1e-5;

describe("a Trainer with gradientFlow", () => {
  it("reports what gradientFlow says of the same step", async () => {
    const ids = idsOf(13);
    const [report] = await reportsOf(12, [block([ids], 0, 12, true)]);
    const model = languageModel();
    const { flow } = gradientFlow(model.parameters(), () =>
      losses.crossEntropy(model(idsTensor(ids.slice(0, 12))), idsTensor(ids.slice(1))),
    );
    expect(report?.flow?.map(({ name }) => name)).toEqual(["lstm l0", "lstm l1"]);
    for (const [i, { h, c, gates }] of flow.entries()) {
      const own = report?.flow?.[i];
      const [theirH, theirC, mean] = [await h.data(), await c?.data(), await gates?.mean.data()];
      expect(own?.h).toHaveLength(12);
      own?.h.forEach((value, t) => {
        expect(Math.abs(value / (theirH[t] ?? 0) - 1)).toBeLessThan(TOLERANCE);
        expect(Math.abs((own.c?.[t] ?? 0) / (theirC?.[t] ?? 0) - 1)).toBeLessThan(TOLERANCE);
      });
      expect(own?.gates.forget?.mean).toBeCloseTo(mean?.[1] ?? Number.NaN, 5);
      expect(own?.gates.forget?.saturated).toBe(0);
    }
  });

  it("reaches back over as many steps as the window does, and no further", async () => {
    const data = blocks([idsOf(25)], 4);
    const plain = await reportsOf(4, data);
    expect(plain.map(({ flow }) => flow?.[0]?.h.length)).toEqual([4, 4, 4, 4, 4, 4]);
    const further = await reportsOf({ every: 4, back: 10 }, data);
    expect(further.at(-1)?.flow?.map(({ h }) => h.length)).toEqual([10, 10]);
    // Steps before the block have no loss of their own: what is there comes back through time.
    expect(Math.min(...(further.at(-1)?.flow?.[0]?.h ?? []))).toBeGreaterThan(0);
  });

  it("says nothing where it was not asked for", async () => {
    const model = languageModel();
    const optimizer = optim.sgd({ learningRate: 0.1 });
    const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer, window: 4 });
    for await (const { flow } of trainer.fit(() => blocks([idsOf(9)], 4), { batchSize: 1 })) {
      expect(flow).toBeUndefined();
    }
  });
});
