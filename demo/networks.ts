/** The quick start's two networks, ready to be trained on a page. */
import { losses, optim, type StepReport, Trainer } from "gradgpu";
import { digitsModel, textModel } from "../examples/quickstart/models.ts";
import { loadDigits, loadText } from "./sources.ts";

export interface Network {
  /** Steps until the signal is aborted; goes on where it was stopped. */
  train(signal: AbortSignal): AsyncIterable<StepReport>;
  /** The score on what was held out. */
  measure(): Promise<number>;
}

export interface NetworkKind {
  readonly name: "digits" | "text";
  readonly title: string;
  readonly about: string;
  /** What the curve shows. */
  readonly lossName: string;
  readonly scoreName: string;
  /** From a loss in nats to what the curve shows. */
  shownLoss(loss: number): number;
  shownScore(score: number): string;
  load(): Promise<Network>;
}

const digits: NetworkKind = {
  name: "digits",
  title: "Digits",
  about: "A convolutional network learns 8,500 digits of MNIST and is tested on 1,500 others.",
  lossName: "cross-entropy (nats)",
  scoreName: "accuracy",
  shownLoss: (loss) => loss,
  shownScore: (score) => `${(100 * score).toFixed(1)} %`,
  async load() {
    const { training, heldOut } = await loadDigits();
    const trainer = new Trainer(digitsModel(), {
      loss: losses.crossEntropy,
      optimizer: optim.adam({ learningRate: 2e-3 }),
    });
    return {
      train: (signal) => trainer.fit(training, { epochs: 100, batchSize: 32, signal }),
      measure: async () => (await trainer.evaluate(heldOut, { batchSize: 250 })).accuracy ?? 0,
    };
  },
};

const BATCH_SIZE = 16;

const text: NetworkKind = {
  name: "text",
  title: "Text",
  about:
    "An LSTM reads Moby Dick character by character and is tested on pages that it has not seen.",
  lossName: "bits per character",
  scoreName: "bits per character, unseen",
  shownLoss: (loss) => loss / Math.LN2,
  shownScore: (score) => score.toFixed(3),
  async load() {
    const { vocabulary, training, heldOut } = await loadText();
    const trainer = new Trainer(
      textModel({ characters: vocabulary.size, embedding: 32, hidden: 128 }),
      {
        loss: losses.crossEntropy,
        optimizer: optim.adam({ learningRate: 5e-3, clipNorm: 1 }),
        window: 48,
        metrics: {},
      },
    );
    const measured = heldOut.subarray(0, 8 * BATCH_SIZE * 48 + 1);
    return {
      train: (signal) => trainer.fit(training, { epochs: 100, batchSize: BATCH_SIZE, signal }),
      measure: async () =>
        (await trainer.evaluate(measured, { batchSize: BATCH_SIZE })).loss / Math.LN2,
    };
  },
};

export const networkKinds: readonly NetworkKind[] = [digits, text];
