// Truncated BPTT: a sequence of 60 steps in windows of 5. The state crosses from window to window, the gradient does not.
import { init, losses, nn, optim, Trainer } from "gradgpu";

const { runtime } = await init();
const [STEPS, WINDOW, BATCH] = [60, 5, 8];
const model = nn.sequential(nn.embedding(4, 8), nn.gru(8, 32), nn.linear(32, 4));
const trainer = new Trainer(model, {
  loss: losses.crossEntropy,
  optimizer: optim.adam({ learningRate: 1e-2, clipNorm: 1 }),
  window: WINDOW,
  gradientFlow: true,
});

// Symbols in a row, 0 1 2 3 0 1 …, and each one's successor, [steps, sequences].
const symbol = (t: number, row: number) => (t + row) % 4;
function* windows() {
  for (let epoch = 0; epoch < 5; epoch++)
    for (let first = 0; first < STEPS; first += WINDOW) {
      const ids = (ahead: number) =>
        Int32Array.from({ length: WINDOW * BATCH }, (_, i) =>
          symbol(first + Math.floor(i / BATCH) + ahead, i % BATCH),
        );
      const as = (data: Int32Array) => ({ data, shape: [WINDOW, BATCH], dtype: "i32" as const });
      yield { x: as(ids(0)), y: as(ids(1)), start: first === 0 };
    }
}
for await (const { step, loss, flow } of trainer.fit(windows))
  if (step % 12 === 0)
    console.log(
      `window ${step}: loss ${loss.toFixed(3)}, gradient over ${flow?.[0]?.h.length} steps`,
    );
await runtime.close();
