// What a worker of gradgpu/worker trains.
import { init, Trainer } from "gradgpu";
import { crossEntropy } from "gradgpu/losses";
import { linear, relu, sequential } from "gradgpu/nn";
import { adam } from "gradgpu/optim";
import { defineTraining } from "gradgpu/worker";

export const training = defineTraining(async ({ epochs }) => {
  const { device, runtime } = await init({ device: "cpu", threads: 2, seed: 1 });
  const trainer = new Trainer(sequential(linear(2, 16), relu(), linear(16, 2)), {
    loss: crossEntropy,
    optimizer: adam({ learningRate: 0.05 }),
  });
  const x = Array.from({ length: 64 }, (_, i) => [Math.sin(i * i), Math.cos(3 * i)]);
  const data = { x, y: x.map(([a, b]) => Number(a > b)) };
  return {
    trainer,
    data,
    fit: { epochs, batchSize: 16 },
    progress: ({ loss }) => loss,
    calls: { device: () => device, close: () => runtime.close() },
  };
});
