/** One network, trained for the sake of the machine that it is trained on. */
import { losses, optim, Trainer } from "gradgpu";
import { digitsModel, textModel } from "../../../examples/quickstart/models.ts";
import type { FitHooks, LoadData, OpenTraining } from "../../worker/training.ts";
import { DIGITS_PER_FILE, DigitFiles } from "../digits/digits.ts";
import { corpusOf } from "../text/corpus.ts";
import { textOf } from "../text/texts.ts";
import { Bench } from "./bench.ts";
import type { MachinePictures } from "./pictures.ts";
import type { machineSettings } from "./settings.ts";
import { StepClock } from "./step-clock.ts";

export const open: OpenTraining<typeof machineSettings, MachinePictures> = async (
  { network, batchSize, seed },
  load,
  device,
) => {
  const { trainer, follow } = await (network === "cnn" ? cnn(load) : lstm(load));
  const clock = new StepClock();
  const bench = new Bench(device);
  return {
    networks: [
      {
        name: network,
        trainer,
        shape: network === "cnn" ? ["N", 28, 28, 1] : ["T", "B"],
        fit: (hooks) => clock.over(follow({ untilEpoch: 1e9, batchSize, seed, ...hooks })),
        values: ({ loss }) => ({ loss }),
      },
    ],
    pictures: {
      async timeline() {
        clock.want();
        return clock.last;
      },
      async memory() {
        const { bytes, owners, temporaries, plans, other, free } = trainer.memory();
        const all = { ...owners, temporaries, plans, other, free };
        return { bytes, owners: Object.entries(all).map(([name, own]) => ({ name, bytes: own })) };
      },
      bench: ({ name }) => bench.round(name),
    },
    dispose() {
      void bench.dispose();
      trainer.dispose();
    },
  };
};

type How = FitHooks & {
  readonly untilEpoch: number;
  readonly batchSize: number;
  readonly seed: number;
};

async function cnn(load: LoadData) {
  const digits = new DigitFiles(load, "digits", 1);
  await digits.arriveAll();
  const training = digits.examples(0, DIGITS_PER_FILE);
  const optimizer = optim.adam({ learningRate: 3e-3 });
  const trainer = new Trainer(digitsModel(), { loss: losses.crossEntropy, optimizer });
  return { trainer, follow: (how: How) => trainer.fit(training, how) };
}

async function lstm(load: LoadData) {
  const { vocabulary, training } = corpusOf(await textOf("alice", load));
  const trainer = new Trainer(
    textModel({ characters: vocabulary.size, embedding: 32, hidden: 128 }),
    {
      loss: losses.crossEntropy,
      optimizer: optim.adam({ learningRate: 5e-3, clipNorm: 1 }),
      window: 48,
      metrics: {},
    },
  );
  return { trainer, follow: (how: How) => trainer.fit(training, how) };
}
