/** The convolutional network, on MNIST. */
import { losses, type nn, optim, Trainer } from "gradgpu";
import { batchCount, batches, take } from "gradgpu/data";
import type { Mnist } from "./mnist.ts";
import { digitsModel } from "./models.ts";
import type { Confusion, Filters, Mistake } from "./report/pictures.ts";
import type { DigitsSettings } from "./settings.ts";
import {
  checkpointsOf,
  follow,
  Interrupted,
  type Run,
  schedule,
  type Trained,
} from "./training.ts";

export interface DigitsResult extends Trained {
  readonly testAccuracy: number;
  readonly confusion: Confusion;
  readonly filters: Filters;
  readonly mistakes: readonly Mistake[];
}

const CLASSES = 10;
const SIDE = 28;
const TEST_BATCH = 500;
const SHOWN_MISTAKES = 24;

/** Trains the network and tests it on digits that it has not seen. */
export async function trainDigits(
  mnist: Mnist,
  settings: DigitsSettings,
  run: Run,
): Promise<DigitsResult> {
  const { epochs, batchSize, learningRate } = settings;
  const training = take(mnist.training, settings.training);
  const order = { batchSize, dropLast: true, seed: run.seed };
  const totalSteps = epochs * batchCount(training.length, order);
  const model = digitsModel();
  const optimizer = optim.adam({ learningRate: schedule(learningRate, totalSteps) });
  const checkpoint = checkpointsOf(run, "digits");
  const options = { loss: losses.crossEntropy, optimizer };
  const trainer = await Trainer.resume(checkpoint.to, model, options);
  const stepsBefore = trainer.step;
  const { signal } = run;
  const fit = trainer.fit(training, { ...order, untilEpoch: epochs, signal, checkpoint });
  const trained = await follow(fit, {
    run,
    label: "digits",
    totalSteps,
    stepsBefore,
    history: () => fit,
    limitMs: settings.limitMs,
    shown: (loss) => loss,
    note: ({ epoch, accuracy = 0 }) => `batch ${(100 * accuracy).toFixed(0)} %, epoch ${epoch}`,
  });
  const tested = await testDigits(trainer, mnist, settings.test, run.signal);
  return { ...trained, ...tested, filters: await firstFilters(model) };
}

/** Goes through the test digits once: how many are right, what was taken for what, and the worst mistakes. */
async function testDigits(
  trainer: Trainer,
  { test, testPixels }: Mnist,
  count: number,
  signal: AbortSignal,
): Promise<Pick<DigitsResult, "testAccuracy" | "confusion" | "mistakes">> {
  const confusion = Array.from({ length: CLASSES }, () => new Array<number>(CLASSES).fill(0));
  const mistakes: Mistake[] = [];
  let right = 0;
  for (const { x, y, rows } of batches(take(test, count), { batchSize: TEST_BATCH })) {
    if (signal.aborted)
      throw new Interrupted("digits: trained, but stopped before all were tested.");
    const logits = await trainer.predict(x);
    rows.forEach((row, i) => {
      const label = y.data[i] ?? 0;
      const { answer, confidence } = decide(logits.data.subarray(i * CLASSES, (i + 1) * CLASSES));
      const counts = confusion[label];
      if (counts !== undefined) counts[answer] = (counts[answer] ?? 0) + 1;
      if (answer === label) right++;
      else {
        const pixels = testPixels.subarray(row * SIDE * SIDE, (row + 1) * SIDE * SIDE);
        mistakes.push({ pixels, side: SIDE, label, answer, confidence });
      }
    });
  }
  mistakes.sort((a, b) => b.confidence - a.confidence);
  return { testAccuracy: right / count, confusion, mistakes: mistakes.slice(0, SHOWN_MISTAKES) };
}

/** The class with the largest logit and its probability. */
function decide(logits: Float32Array): { answer: number; confidence: number } {
  const answer = logits.reduce((best, value, i) => (value > (logits[best] ?? 0) ? i : best), 0);
  const largest = logits[answer] ?? 0;
  const total = logits.reduce((sum, value) => sum + Math.exp(value - largest), 0);
  return { answer, confidence: 1 / total };
}

async function firstFilters(model: nn.Module): Promise<Filters> {
  const [first] = model.parameters();
  return first === undefined
    ? { data: [], shape: [] }
    : { data: await first.data(), shape: first.shape };
}
