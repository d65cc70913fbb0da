/** A step that is not finite is refused as a whole: nothing that it assigns is changed by a bit. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NonFiniteError } from "../../src/errors.ts";
import { losses, nn, optim, Trainer } from "../../src/index.ts";
import type { TrainingBatch } from "../../src/train/index.ts";
import { everyDevice, type OpenedDevice } from "../regressions/open.ts";
import { use } from "./open.ts";

const [T, B] = [3, 4];

/** Sequences of two features, a window of them. */
function windowOf(n: number, scale = 1): TrainingBatch {
  const values = (features: number, of: (i: number) => number) => ({
    data: Float32Array.from({ length: T * B * features }, (_, i) => of(i + 100 * n)),
    shape: [T, B, features],
    dtype: "f32" as const,
  });
  const x = values(2, (i) => scale * Math.sin(i * i));
  return { x, y: values(1, Math.cos), start: n === 0 };
}

const optimizers = {
  adam: () => optim.adam({ learningRate: 0.05, clipNorm: 1 }),
  sgd: () => optim.sgd({ learningRate: 0.05, momentum: 0.9 }),
  rmsprop: () => optim.rmsprop({ learningRate: 0.01, momentum: 0.9, centred: true, clipNorm: 1 }),
  lion: () => optim.lion({ learningRate: 0.01, weightDecay: 0.1 }),
};

const trainerOf = (optimizer: optim.Optimizer, whenNotFinite: "throw" | "skip") =>
  new Trainer(
    nn.sequential(
      nn.batchNorm1d(2),
      nn.lstm(2, 3, { seed: 1 }),
      nn.batchNorm1d(3),
      nn.linear(3, 1, { seed: 2 }),
    ),
    { loss: losses.meanSquaredError, optimizer, window: T, whenNotFinite },
  );

/** What training goes on from, in which -0 and NaN are what they are. */
async function bitsOf(trainer: Trainer): Promise<Record<string, readonly number[]>> {
  const { parameters, optimizer, sequences } = await trainer.state();
  const words = (data: ArrayLike<number>) => [
    ...new Uint32Array(Float32Array.from(Array.from(data)).buffer),
  ];
  return {
    ...Object.fromEntries(Object.entries(parameters).map(([k, { data }]) => [k, words(data)])),
    ...Object.fromEntries(
      Object.entries(optimizer).map(([k, { data }]) => [`optimizer ${k}`, words(data as number[])]),
    ),
    ...Object.fromEntries(
      (sequences[0]?.state ?? []).map(({ data }, i) => [`state ${i}`, words(data)]),
    ),
  };
}

async function fitAll(trainer: Trainer, batches: readonly TrainingBatch[]): Promise<void> {
  await trainer.fit(() => batches);
}

describe.each(everyDevice)("%s", (_, open) => {
  let opened: OpenedDevice;
  beforeAll(async () => {
    opened = await open();
    use(opened.device);
  });
  afterAll(() => opened.close());

  describe.each(Object.entries(optimizers))("with %s", (_, make) => {
    // 1e25: its square is infinite, its variance too, and what is divided by the root of that is 0: loss and gradient are
    // finite, and only the running variance shows it.
    it.each([
      ["a NaN", Number.NaN],
      ["an infinity", Number.POSITIVE_INFINITY],
      ["a variance that overflows", 1e25],
    ])("a step with %s changes nothing, and training goes on from there", async (_, scale) => {
      const [trainer, smooth] = [trainerOf(make(), "throw"), trainerOf(make(), "throw")];
      await fitAll(trainer, [windowOf(0), windowOf(1)]);
      const before = await bitsOf(trainer);
      // The state of the lstm, three variables of each norm, weights, moments, the number of the step.
      expect(Object.keys(before).length).toBeGreaterThan(18);
      const refused = fitAll(trainer, [windowOf(2, scale), windowOf(3), windowOf(4)]);
      await expect(refused).rejects.toThrow(NonFiniteError);
      expect(await bitsOf(trainer)).toEqual(before);
      await fitAll(trainer, [windowOf(2)]);
      await fitAll(smooth, [windowOf(0), windowOf(1)]);
      await fitAll(smooth, [windowOf(2)]);
      expect(await bitsOf(trainer)).toEqual(await bitsOf(smooth));
      expect(await bitsOf(trainer)).not.toEqual(before);
      for (const one of [trainer, smooth]) one.dispose();
    });

    it("a step that is skipped changes nothing, and the next one does", async () => {
      const [trainer, smooth] = [trainerOf(make(), "skip"), trainerOf(make(), "skip")];
      await fitAll(trainer, [windowOf(0), windowOf(1)]);
      const before = await bitsOf(trainer);
      await fitAll(trainer, [windowOf(2, Number.NaN)]);
      expect(await bitsOf(trainer)).toEqual(before);
      await fitAll(trainer, [windowOf(2)]);
      await fitAll(smooth, [windowOf(0), windowOf(1), windowOf(2)]);
      expect(await bitsOf(trainer)).toEqual(await bitsOf(smooth));
      for (const one of [trainer, smooth]) one.dispose();
    });
  });
});
