/**
 * Many to one: a picture is read as a sequence, row by row or pixel by pixel, and named when all of it has been seen.
 * Le, Jaitly & Hinton 2015 made the latter, 784 steps, a test of how far back a network remembers.
 */
import { losses, nn, optim, Trainer } from "gradgpu";
import { dataset, take } from "gradgpu/data";
import { loadMnist } from "../quickstart/mnist.ts";
import { runAsScript } from "../shared/script.ts";

export interface Settings {
  /** Training and test digits. */
  readonly training: number;
  readonly test: number;
  /** What the network sees at one step: 28 for rows, 1 for pixels; a divisor of 784. */
  readonly pixelsPerStep: number;
  readonly hidden: number;
  readonly epochs: number;
  readonly learningRate: number;
}

export const FULL: Settings = {
  training: 20_000,
  test: 10_000,
  pixelsPerStep: 28,
  hidden: 64,
  epochs: 3,
  learningRate: 0.01,
};
export const QUICK: Settings = { ...FULL, training: 2000, test: 500, epochs: 5 };

const BATCH = 50;

export async function main(settings: Settings): Promise<{ accuracy: number }> {
  const { pixelsPerStep, hidden, epochs, learningRate } = settings;
  const mnist = await loadMnist();
  // The same bytes, [N, T, F] rather than [N, H, W, C].
  const asSequences = (digits: typeof mnist.test, count: number) => {
    const { x, y } = take(digits, count);
    return dataset({ x: { ...x, shape: [count, 784 / pixelsPerStep, pixelsPerStep] }, y });
  };
  const training = asSequences(mnist.training, settings.training);
  const test = asSequences(mnist.test, settings.test);

  const model = nn.sequential(
    nn.gru(pixelsPerStep, hidden, { batchFirst: true, initialiseBias: nn.initialise.remember(1) }),
    nn.lastStep({ batchFirst: true }),
    nn.linear(hidden, 10),
  );
  console.log(model.summary([BATCH, ...training.x.shape.slice(1)]));
  const optimizer = optim.adam({ learningRate, clipNorm: 1 });
  const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer });
  for await (const { step, loss, accuracy, stepsPerEpoch = 1 } of trainer.fit(training, {
    epochs,
    batchSize: BATCH,
    seed: 1,
  })) {
    optimizer.setLearningRate(learningRate * (1 - (0.9 * step) / (epochs * stepsPerEpoch)));
    if (step % Math.ceil((epochs * stepsPerEpoch) / 8) !== 0) continue;
    const share = (100 * accuracy).toFixed(0);
    console.log(`step ${step}: loss ${loss.toFixed(3)}, ${share} % of the batch`);
  }
  const { accuracy } = await trainer.evaluate(test, { batchSize: 500 });
  console.log(`${(100 * accuracy).toFixed(2)} % of ${settings.test} unseen digits are right.`);
  return { accuracy };
}

await runAsScript(import.meta.url, { main, full: FULL, quick: QUICK });
