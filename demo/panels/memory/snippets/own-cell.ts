// A cell of one's own in four lines, walked by scan: its gradient is found, and its steps run as one kernel.
import {
  add,
  init,
  losses,
  matmul,
  mul,
  nn,
  optim,
  scan,
  sigmoid,
  sub,
  type Tensor,
  Trainer,
  tanh,
  variable,
  zeros,
} from "gradgpu";

const { runtime } = await init();
const [I, U] = [8, 32];
const weight = (rows: number) =>
  variable(
    Float32Array.from({ length: rows * U }, () => (Math.random() - 0.5) / 3),
    [rows, U],
  );
const [Wk, Wn, Rk, Rn] = [weight(I), weight(I), weight(U), weight(U)];

const own = nn.module("own", {
  parameters: { Wk, Wn, Rk, Rn },
  forward: (x) =>
    scan(
      ({ h, c }: { h: Tensor; c: Tensor }, x: Tensor) => {
        const keep = sigmoid(add(add(matmul(x, Wk), matmul(h, Rk)), 3));
        const fresh = tanh(add(matmul(x, Wn), matmul(h, Rn)));
        const next = add(mul(keep, c), mul(sub(1, keep), fresh));
        return { carry: { h: tanh(next), c: next }, y: tanh(next) };
      },
      { h: zeros([x.shape[1] ?? 0, U]), c: zeros([x.shape[1] ?? 0, U]) },
      x,
    ).ys,
});

const model = nn.sequential(nn.embedding(8, I), own, nn.lastStep(), nn.linear(U, 4));
const trainer = new Trainer(model, {
  loss: losses.crossEntropy,
  optimizer: optim.adam({ learningRate: 1e-2, clipNorm: 1 }),
});
function* sequences() {
  for (let batch = 0; batch < 150; batch++) {
    const y = Int32Array.from({ length: 32 }, () => Math.floor(4 * Math.random()));
    const x = Int32Array.from({ length: 11 * 32 }, () => 4 + Math.floor(4 * Math.random()));
    x.set(y);
    yield {
      x: { data: x, shape: [11, 32], dtype: "i32" as const },
      y: { data: y, shape: [32], dtype: "i32" as const },
    };
  }
}
for await (const { step, accuracy } of trainer.fit(sequences))
  if (step % 50 === 0) console.log(`step ${step}: ${(100 * accuracy).toFixed(0)} % right`);
await runtime.close();
