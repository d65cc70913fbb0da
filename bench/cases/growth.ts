/** How time and memory grow with the work. Points that are also whole steps keep the step's name. */
import type { BenchCase } from "../contract.ts";
import { cnnTrain, FIRST_SIZE, lstmTrain } from "./steps.ts";

const on = (curve: string, at: number, benchCase: BenchCase): BenchCase => ({
  ...benchCase,
  growth: { curve, at },
});

export const growthCases: readonly BenchCase[] = [
  ...[128, 256, 512, 1024].map((time) =>
    on("lstm time steps", time, lstmTrain({ ...FIRST_SIZE, time })),
  ),
  ...[1, 4, 16, 64, 256].map((batch) => on("cnn batch", batch, cnnTrain(batch))),
  ...[1, 2, 3, 4].map((layers) => on("lstm layers", layers, lstmTrain({ ...FIRST_SIZE, layers }))),
  {
    name: "tbptt-100000",
    kind: "tbptt",
    params: { batch: 20, window: 50, windows: 100, vocabulary: 64, embedding: 64, hidden: 128 },
    flops: 3 * 2 * 100 * 50 * 20 * (4 * 128 * (64 + 128) + 128 * 64),
  },
];
