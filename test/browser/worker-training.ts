/** The worker's module of worker-page.ts. It waits before it says what it trains, as one that loads data does. */
import * as gradgpu from "gradgpu";
import { defineTraining } from "gradgpu/worker";

await new Promise((resolve) => setTimeout(resolve, 20));

const { init, losses, nn, optim, ShapeError, Trainer } = gradgpu;

export const training = defineTraining(
  async ({ epochs, learningRate = 0.1 }: { epochs: number; learningRate?: number }) => {
    await init({ device: "cpu", threads: 1, seed: 1 });
    const model = nn.sequential(nn.linear(2, 8), nn.relu(), nn.linear(8, 2));
    const optimizer = optim.sgd({ learningRate });
    const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer });
    if (epochs < 0) throw new ShapeError("setUp: epochs must be positive; got -1. Give another.");
    return {
      trainer,
      data: {
        x: [
          [0, 0],
          [0, 1],
          [1, 0],
          [1, 1],
        ],
        y: [0, 1, 1, 0],
      },
      fit: { epochs, batchSize: 4 },
      calls: {
        sample: async (text: string, times: number) => text.repeat(times),
        fail: (name: "ShapeError" | "RangeError") => {
          throw name === "RangeError" ? new RangeError("out of range") : new ShapeError("no shape");
        },
      },
    };
  },
);
