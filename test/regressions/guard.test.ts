/** What a training step's guard sees: the loss, the gradient, and the parameters themselves. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { NonFiniteError } from "../../src/errors.ts";
import { losses, nn, optim } from "../../src/index.ts";
import { Trainer } from "../../src/train/index.ts";
import { use } from "../training/open.ts";
import { everyDevice, type OpenedDevice } from "./open.ts";

describe.each(everyDevice.slice(1))("%s", (_, open) => {
  let opened: OpenedDevice;
  beforeAll(async () => {
    opened = await open();
    use(opened.device);
  });
  afterAll(() => opened.close());

  test.each([Number.NaN, Number.POSITIVE_INFINITY])(
    "a weight that is %s ends training though no loss and no gradient shows it",
    async (value) => {
      // Word 3 never occurs: its row is read by nobody.
      const model = nn.sequential(nn.embedding(4, 8), nn.linear(8, 2));
      const [table] = model.parameters();
      const before = Float32Array.from({ length: 32 }, (_, i) => (i === 30 ? value : i / 32));
      table?.load(before);
      const trainer = new Trainer(model, {
        loss: losses.crossEntropy,
        optimizer: optim.adam({ learningRate: 0.1 }),
      });
      const batch = { x: Int32Array.of(0, 1, 2, 1), y: Int32Array.of(0, 1, 0, 1) };
      const data = {
        x: { data: batch.x, shape: [4], dtype: "i32" as const },
        y: { data: batch.y, shape: [4], dtype: "i32" as const },
      };
      await expect(trainer.fit(data, { epochs: 3, batchSize: 4 })).rejects.toThrow(NonFiniteError);
      // Nothing was changed.
      expect(Array.from((await table?.data()) ?? [])).toEqual(Array.from(before));
    },
  );
});
