/** An LSTM that learns a text character by character. */
import { losses, optim, Trainer } from "gradgpu";
import { textModel } from "../../../examples/quickstart/models.ts";
import { loadText } from "../../sources.ts";
import type { OpenTraining } from "../../worker/training.ts";
import type { TextPictures } from "./pictures.ts";
import type { textSettings } from "./settings.ts";

const BATCH_SIZE = 16;

export const open: OpenTraining<typeof textSettings, TextPictures> = async (
  { learningRate, seed },
  load,
) => {
  const { vocabulary, training, heldOut } = await loadText(load);
  const model = textModel({ characters: vocabulary.size, embedding: 32, hidden: 128 });
  const trainer = new Trainer(model, {
    loss: losses.crossEntropy,
    optimizer: optim.adam({ learningRate, clipNorm: 1 }),
    window: 48,
    metrics: {},
  });
  const measured = heldOut.subarray(0, 8 * BATCH_SIZE * 48 + 1);
  return {
    networks: [
      {
        name: "lstm",
        trainer,
        fit: (hooks) =>
          trainer.fit(training, { untilEpoch: 1e9, batchSize: BATCH_SIZE, seed, ...hooks }),
        values: ({ loss }) => ({ bits: loss / Math.LN2 }),
      },
    ],
    pictures: {},
    async between(step) {
      if (step % 100 !== 0) return undefined;
      const { loss } = await trainer.evaluate(measured, { batchSize: BATCH_SIZE });
      return { heldOut: loss / Math.LN2 };
    },
    dispose: () => trainer.dispose(),
  };
};
