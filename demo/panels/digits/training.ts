/** The digits' networks on the worker's side: a CNN and a dense network with as many weights, on the same batches. */
import { losses, type nn, optim, Trainer } from "gradgpu";
import type { Network, Training } from "../../worker/training.ts";
import { DIGITS_PER_FILE, DigitFiles, type Load, trainingBatches } from "./digits.ts";
import { disposeModels, modelsOf } from "./networks.ts";
import { type DigitsPictures, SIDE } from "./pictures.ts";
import { Probes } from "./probes.ts";
import type { DigitsSettings } from "./settings.ts";
import { TestPictures } from "./test-pictures.ts";

const BATCH_SIZE = 32;
const TEST_FILES = 2;

export async function open(
  settings: DigitsSettings,
  load: Load,
): Promise<Training<DigitsPictures>> {
  const digits = new DigitFiles(load, "digits", Math.ceil(settings.digits / DIGITS_PER_FILE));
  const test = new DigitFiles(load, "digits-test", TEST_FILES);
  // Training starts on the first file.
  await Promise.all([digits.arrive(0), test.arriveAll()]);
  const models = modelsOf(settings);
  const networks = [
    networkOf("cnn", models.cnn, digits, settings),
    networkOf("dense", models.dense, digits, settings),
  ];
  const probes = new Probes(models);
  const tests = new TestPictures(models, () => modelsOf(settings), test);
  return {
    networks,
    pictures: {
      probabilities: (request) => probes.probabilities(request),
      filters: () => probes.filters(),
      slid: (request) => probes.slid(request),
      layers: (request) => probes.layers(request),
      flat: (request) => probes.flat(request),
      saliency: (request) => probes.saliency(request),
      shifted: (request) => probes.shifted(request),
      test: () => tests.scores(),
      shiftScores: () => tests.shiftScores(),
      examples: (request) => tests.examples(request),
      digit: (request) => tests.digit(request),
    },
    between: (step) => tests.between(step),
    dispose() {
      for (const { trainer } of networks) trainer.dispose();
      probes.dispose();
      tests.dispose();
      disposeModels(models);
    },
  };
}

/** The optimizer's defaults but the learning rate; the order of the digits is a function of seed and epoch. */
function networkOf(
  name: string,
  model: nn.Module,
  digits: DigitFiles,
  { learningRate, seed }: DigitsSettings,
): Network {
  const optimizer = optim.adam({ learningRate });
  const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer });
  const batches = (epoch: number) =>
    trainingBatches(digits, epoch, { batchSize: BATCH_SIZE, seed });
  return {
    name,
    trainer,
    shape: ["N", SIDE, SIDE, 1],
    fit: (hooks) => trainer.fit(batches, { untilEpoch: 1e9, ...hooks }),
    setLearningRate: (rate) => optimizer.setLearningRate(rate),
    values: ({ loss, accuracy }) => ({
      [`${name}.loss`]: loss,
      [`${name}.accuracy`]: accuracy ?? Number.NaN,
    }),
  };
}
