/** A page that trains a network on pictures. */
import { init, losses, nn, optim, Trainer } from "gradgpu";

await init();
const model = nn.sequential(
  nn.conv2d(1, 8, 3),
  nn.batchNorm2d(8),
  nn.relu(),
  nn.maxPool2d(2),
  nn.flatten(),
  nn.dropout(0.2),
  nn.linear(8 * 13 * 13, 10),
);
const trainer = new Trainer(model, {
  loss: losses.crossEntropy,
  optimizer: optim.adam({ learningRate: 1e-3 }),
});
const pictures = {
  data: new Float32Array(64 * 28 * 28),
  shape: [64, 28, 28, 1],
  dtype: "f32",
} as const;
await trainer.fit({ x: pictures, y: new Int32Array(64) }, { epochs: 1, batchSize: 16 });
