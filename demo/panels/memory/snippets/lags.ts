// From which lag on does an RNN no longer learn what a GRU learns? One network for each, 150 batches.
import { init, losses, nn, optim, Trainer } from "gradgpu";

const { runtime } = await init();
const pick = (from: number) => from + Math.floor(4 * Math.random());

function* sequences(lag: number) {
  for (let batch = 0; batch < 150; batch++) {
    const y = Int32Array.from({ length: 32 }, () => pick(0));
    const x = Int32Array.from({ length: (lag + 1) * 32 }, () => pick(4));
    x.set(y);
    yield {
      x: { data: x, shape: [lag + 1, 32], dtype: "i32" as const },
      y: { data: y, shape: [32], dtype: "i32" as const },
    };
  }
}
for (const lag of [5, 30])
  for (const cell of [nn.rnn, nn.gru]) {
    const layer = cell(8, 32);
    const model = nn.sequential(nn.embedding(8, 8), layer, nn.lastStep(), nn.linear(32, 4));
    using trainer = new Trainer(model, {
      loss: losses.crossEntropy,
      optimizer: optim.adam({ learningRate: 1e-2, clipNorm: 1 }),
    });
    const recent: number[] = [];
    for await (const { accuracy } of trainer.fit(() => sequences(lag))) recent.push(accuracy);
    const right = recent.slice(-20).reduce((sum, share) => sum + share, 0) / 20;
    console.log(`lag ${lag}, ${layer.kind}: ${(100 * right).toFixed(0)} % right`);
  }
await runtime.close();
