/** Whole steps: what a user waits for. */
import type { BenchCase } from "../contract.ts";

/** Multiply-adds of the MNIST network's forward pass, per image: two convolutions and the linear layer. */
const CNN_MACS = 28 * 28 * 9 * 16 + 14 * 14 * 9 * 16 * 32 + 1568 * 10;

/** Backward costs twice forward, but nothing flows back to the image. */
export function cnnTrain(batch: number): BenchCase {
  const flops = 2 * batch * (3 * CNN_MACS - 28 * 28 * 9 * 16);
  return { name: `cnn-train-b${batch}`, kind: "cnn-train", params: { batch }, flops };
}

export interface RecurrentSize {
  readonly batch: number;
  readonly time: number;
  readonly input: number;
  readonly hidden: number;
  readonly layers: number;
}

const GATES = { lstm: 4, gru: 3, rnn: 1 } as const;

function recurrentCase(
  cell: keyof typeof GATES,
  task: "train" | "forward",
  size: RecurrentSize,
): BenchCase {
  const { batch, time, input, hidden, layers } = size;
  const weights = GATES[cell] * hidden * (input + hidden + (layers - 1) * 2 * hidden);
  const forward = 2 * time * batch * weights;
  const kind = task === "forward" ? "lstm-forward" : (`${cell}-train` as const);
  return {
    name: `${cell}-${task}-b${batch}-t${time}-i${input}-h${hidden}-l${layers}`,
    kind,
    params: { ...size, classes: 10 },
    flops: task === "train" ? 3 * forward : forward,
  };
}

export interface TransformerSize {
  readonly batch: number;
  readonly time: number;
  readonly features: number;
  readonly heads: number;
}

/** A block of a transformer whose layer between has 4 · features. */
export function transformerTrain(size: TransformerSize): BenchCase {
  const { batch, time, features, heads } = size;
  const hidden = 4 * features;
  // Four projections, two linear layers, and the scores and their sums of values.
  const weights = 4 * features * features + 2 * features * hidden;
  const forward = 2 * batch * time * (weights + 2 * time * features);
  return {
    name: `transformer-train-b${batch}-t${time}-d${features}-h${heads}`,
    kind: "transformer-train",
    params: { ...size, hidden, classes: 10 },
    flops: 3 * forward,
  };
}

export const lstmTrain = (size: RecurrentSize) => recurrentCase("lstm", "train", size);
export const lstmForward = (size: RecurrentSize) => recurrentCase("lstm", "forward", size);

export const FIRST_SIZE: RecurrentSize = { batch: 32, time: 32, input: 64, hidden: 128, layers: 1 };

const SIZES: readonly RecurrentSize[] = [
  FIRST_SIZE,
  { ...FIRST_SIZE, time: 64 },
  { ...FIRST_SIZE, time: 128 },
  { ...FIRST_SIZE, hidden: 256 },
  { batch: 128, time: 16, input: 128, hidden: 512, layers: 2 },
];

export const stepCases: readonly BenchCase[] = [
  cnnTrain(64),
  ...SIZES.map(lstmTrain),
  ...SIZES.map(lstmForward),
  recurrentCase("gru", "train", FIRST_SIZE),
  recurrentCase("rnn", "train", FIRST_SIZE),
  {
    ...lstmTrain({ batch: 64, time: 784, input: 1, hidden: 128, layers: 1 }),
    name: "lstm-train-sequential-mnist",
  },
  transformerTrain({ batch: 32, time: 128, features: 128, heads: 4 }),
];
