/** A page that trains a block of a transformer. */
import { init, losses, nn, optim, Trainer } from "gradgpu";

await init();
const model = nn.sequential(
  nn.embedding(50, 64),
  nn.positionalEncoding(32, 64, { batchFirst: true }),
  nn.transformerBlock(64, 4, { hidden: 256, batchFirst: true }),
  nn.linear(64, 50),
);
const rate = optim.cosine({ from: 3e-3, steps: 2000 });
const trainer = new Trainer(model, {
  loss: losses.crossEntropy,
  optimizer: optim.adamW({ learningRate: optim.warmUp({ steps: 100, rate }) }),
});
const ids = { data: new Int32Array(8 * 32), shape: [8, 32], dtype: "i32" } as const;
await trainer.fit({ x: ids, y: ids }, { epochs: 1, batchSize: 8 });
