/** Trainings of all kinds that a state must carry: for tests of going on with the same bits. */
import { mul, sum } from "../../../src/functions.ts";
import { data, losses, metrics, nn, optim, type TrainerOptions } from "../../../src/index.ts";
import type { FitOptions, TrainingData, Window } from "../../../src/train/index.ts";
import { idsOf, WORDS } from "./sequences.ts";

export interface Training {
  readonly model: nn.Module;
  readonly options: TrainerOptions;
  readonly data: TrainingData;
  readonly fit: FitOptions;
}

const wave = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * i * 0.7));

export const pictures = data.dataset({
  x: { data: wave(11 * 36), shape: [11, 6, 6, 1] },
  y: Int32Array.from({ length: 11 }, (_, i) => i % 3),
});

const convolutional = () =>
  nn.sequential(
    nn.randomFlip(),
    nn.conv2d(1, 2, 3),
    nn.batchNorm2d(2),
    nn.relu(),
    nn.dropout(0.3),
    nn.flatten(),
    nn.linear(32, 3),
  );

/** A schedule, gradients of two steps an update, averages, and a last batch of another size. */
export function scheduled(): Training {
  const learningRate = optim.cosine({ from: 0.05, steps: 9 });
  const optimizer = optim.adam({ learningRate, accumulate: 2, average: 0.9, clipNorm: 1 });
  return {
    model: convolutional(),
    options: { loss: losses.crossEntropy, optimizer },
    data: pictures,
    fit: { untilEpoch: 3, batchSize: 4, seed: 5 },
  };
}

/** Validation, a rate that follows it, and a best epoch whose weights come back. */
export function watched(): Training {
  const optimizer = optim.sgd({ learningRate: 0.3, momentum: 0.9 });
  const plateau = optim.reduceOnPlateau(optimizer, { patience: 0, threshold: 0.2 });
  return {
    model: convolutional(),
    options: { loss: losses.crossEntropy, optimizer, also: { plateau } },
    data: pictures,
    fit: {
      untilEpoch: 5,
      batchSize: 3,
      validation: 0.25,
      earlyStopping: { patience: 1, threshold: 0.05 },
      onEpoch: ({ validation }) => plateau.observe(validation?.loss ?? 0),
    },
  };
}

export const text = (window: Window) => (): Training => ({
  model: nn.sequential(
    nn.embedding(WORDS, 3),
    nn.lstm(3, 4, { layers: 2, dropout: 0.2 }),
    nn.linear(4, WORDS),
  ),
  options: {
    loss: losses.crossEntropy,
    optimizer: optim.adam({ learningRate: 0.02 }),
    window,
    gradientFlow: true,
  },
  data: idsOf(31),
  fit: { batchSize: 2, untilEpoch: 2 },
});

/** Batches of the caller's making: a pass that is made again, in another order in each epoch. */
export function arriving(): Training {
  return {
    model: convolutional(),
    options: { loss: losses.crossEntropy, optimizer: optim.rmsprop({ learningRate: 0.01 }) },
    data: async function* (epoch: number) {
      for (const batch of data.batches(pictures, { batchSize: 4, epoch, seed: 3 })) yield batch;
    },
    fit: { untilEpoch: 3 },
  };
}

/** Metrics of an epoch that are added up, and such as batches stand one behind the other in; a loss that says its count. */
export function measured(): Training {
  const rows = 13;
  return {
    model: nn.sequential(nn.linear(3, 2), nn.dropout(0.2)),
    options: {
      loss: (output, targets) => {
        const own = losses.binaryCrossEntropyWithLogits(output, targets, { reduction: "none" });
        const weights = mul(targets, 0.5);
        return { sum: sum(mul(own, weights)), count: sum(weights) };
      },
      optimizer: optim.adam({ learningRate: 0.05 }),
      metrics: {
        mean: losses.meanSquaredError,
        recall: metrics.recall(),
        auc: metrics.rocAuc(),
        r2: metrics.r2(),
      },
    },
    data: {
      x: { data: wave(rows * 3), shape: [rows, 3], dtype: "f32" },
      y: {
        data: Float32Array.from({ length: rows * 2 }, (_, i) => ((i * i) % 3 === 1 ? 1 : 0)),
        shape: [rows, 2],
        dtype: "f32",
      },
    },
    fit: { untilEpoch: 3, batchSize: 3, seed: 2 },
  };
}

export const trainings: readonly (readonly [string, () => Training])[] = [
  ["a CNN with a schedule, sums of gradients and averages", scheduled],
  ["a CNN with a plateau and early stopping", watched],
  ["a text model, window 4", text(4)],
  ["a text model, window { every: 3, back: 7 }", text({ every: 3, back: 7 })],
  ["batches of the caller's making", arriving],
  ["metrics of several kinds", measured],
];
