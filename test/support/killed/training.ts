/** A training that is killed while it writes checkpoints: small steps, files of some size, and all that a state has. */
import { data, losses, nn, optim, Trainer } from "../../../src/index.ts";
import type { Folder } from "../../../src/io/index.ts";
import type { WrittenCheckpoint } from "../../../src/train/index.ts";

/** Steps between two checkpoints. */
export const EVERY = 4;
export const STEPS = 60;

const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * i * 0.7));

const examples = data.dataset({
  x: { data: wave(24 * 36), shape: [24, 6, 6, 1] },
  y: Int32Array.from({ length: 24 }, (_, i) => i % 3),
});

export interface Told {
  step(step: number): void;
  written(one: WrittenCheckpoint): void;
}

export interface TrainOptions {
  /** Units, for the size of a checkpoint. */
  readonly width?: number;
  /** Between two steps: those of a real network take as long, and disks the same time. */
  readonly pauseMs?: number;
}

/** Goes on from what is in `to`, or begins; to its end. */
export async function trainOn(
  to: Folder,
  told: Told,
  { width = 96, pauseMs = 4 }: TrainOptions = {},
): Promise<void> {
  const model = nn.sequential(
    nn.randomFlip(),
    nn.conv2d(1, 2, 3),
    nn.batchNorm2d(2),
    nn.relu(),
    nn.flatten(),
    nn.linear(32, width),
    nn.dropout(0.3),
    nn.linear(width, width),
    nn.linear(width, 3),
  );
  const optimizer = optim.adam({ learningRate: 0.01 });
  const options = { loss: losses.crossEntropy, optimizer };
  const trainer = await Trainer.resume(to, model, options, { onRefused: fail });
  await trainer.fit(examples, {
    batchSize: 4,
    untilEpoch: STEPS / 6,
    validation: examples,
    earlyStopping: { patience: Number.POSITIVE_INFINITY },
    onStep: ({ step }) => {
      told.step(step);
      return new Promise((resolve) => setTimeout(resolve, pauseMs));
    },
    checkpoint: { to, everySteps: EVERY, best: "validation.loss", onWritten: told.written },
  });
}

/** What is killed leaves no file behind that is not whole; in OPFS perhaps the name of a new one. */
function fail(error: Error): void {
  if (!error.message.includes("of 0 bytes, whose write was cut off")) throw error;
}
