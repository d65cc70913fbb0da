import { data, init, losses, metrics, nn, optim, Trainer } from "gradgpu";

const { runtime } = await init();
const model = nn.sequential(nn.flatten(), nn.linear(28 * 28, 10));
const trainer = new Trainer(model, {
  loss: losses.crossEntropy,
  optimizer: optim.adam({ learningRate: 3e-3 }),
});

// In place of a test set: noise. Rows are what pictures are, columns what they are taken for.
const pixels = Uint8Array.from({ length: 100 * 28 * 28 }, (_, i) => (i * 7919) % 256);
const test = data.dataset({
  x: data.images(pixels, [100, 28, 28, 1]),
  y: data.labels(Uint8Array.from({ length: 100 }, (_, i) => i % 10)),
});
const { confusion } = await trainer.measure(
  test,
  { confusion: metrics.confusionMatrix() },
  { batchSize: 50 },
);
console.log(confusion);
await runtime.close();
