// An LSTM learns to recall the first of 21 symbols: one of eight, then twenty that say nothing.
import { init, losses, nn, optim, Trainer } from "gradgpu";

const { runtime } = await init();
const [LAG, BATCH] = [20, 32];
const model = nn.sequential(
  nn.embedding(16, 16),
  nn.lstm(16, 32, { initialiseBias: nn.initialise.remember(3) }),
  nn.lastStep(),
  nn.linear(32, 8),
);
const trainer = new Trainer(model, {
  loss: losses.crossEntropy,
  optimizer: optim.adam({ learningRate: 1e-2, clipNorm: 1 }),
});

const pick = (from: number) => from + Math.floor(8 * Math.random());
function* sequences() {
  for (let batch = 0; batch < 300; batch++) {
    const y = Int32Array.from({ length: BATCH }, () => pick(0));
    const x = Int32Array.from({ length: (LAG + 1) * BATCH }, () => pick(8));
    x.set(y); // time comes first: the first step of every sequence
    yield {
      x: { data: x, shape: [LAG + 1, BATCH], dtype: "i32" as const },
      y: { data: y, shape: [BATCH], dtype: "i32" as const },
    };
  }
}
for await (const { step, loss, accuracy } of trainer.fit(sequences))
  if (step % 50 === 0)
    console.log(`step ${step}: loss ${loss.toFixed(3)}, ${(100 * accuracy).toFixed(0)} % right`);
await runtime.close();
