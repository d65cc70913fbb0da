/** A convolutional network that learns MNIST's digits. */
import { losses, optim, Trainer } from "gradgpu";
import { digitsModel } from "../../../examples/quickstart/models.ts";
import { loadDigits } from "../../sources.ts";
import type { OpenTraining } from "../../worker/training.ts";
import type { DigitsPictures } from "./pictures.ts";
import type { digitsSettings } from "./settings.ts";

export const open: OpenTraining<typeof digitsSettings, DigitsPictures> = async (
  { learningRate, seed },
  load,
) => {
  const { training, heldOut } = await loadDigits(load);
  const model = digitsModel();
  const trainer = new Trainer(model, {
    loss: losses.crossEntropy,
    optimizer: optim.adam({ learningRate }),
  });
  const [filters] = model.parameters();
  return {
    networks: [
      {
        name: "cnn",
        trainer,
        fit: (hooks) => trainer.fit(training, { untilEpoch: 1e9, batchSize: 32, seed, ...hooks }),
        values: ({ loss }) => ({ loss }),
      },
    ],
    pictures: {
      async filters() {
        const [size = 0, , , count = 0] = filters?.shape ?? [];
        const values = filters === undefined ? new Float32Array() : await filters.data();
        return { size, count, values: Float32Array.from(values) };
      },
    },
    async between(step) {
      if (step % 50 !== 0) return undefined;
      const { accuracy = 0 } = await trainer.evaluate(heldOut, { batchSize: 250 });
      return { accuracy };
    },
    dispose: () => trainer.dispose(),
  };
};
