// The time of every kernel of a training step, what is fused, and why.
import { init, losses, nn, optim, profile, Trainer } from "gradgpu";

const { runtime, device, description, why } = await init();
console.log(`${device}, ${description}: ${why}`);
const model = nn.sequential(nn.linear(64, 128), nn.relu(), nn.linear(128, 1));
const optimizer = optim.adam({ learningRate: 1e-3 });
const trainer = new Trainer(model, { loss: losses.meanSquaredError, optimizer });
const rows = (columns: number) => ({
  data: Float32Array.from({ length: 256 * columns }, () => Math.random()),
  shape: [256, columns],
});
const batch = { x: rows(64), y: rows(1) };
const fit = trainer.fit(Array(4).fill(batch), { ahead: 0 });
await fit.next(); // plans and compiles
const { runs, clock } = await profile(() => fit.next());
for (const { index, label, kernel, elapsedMs, why: reason } of runs.at(-1)?.kernels ?? [])
  console.log(`${index} ${label}: ${elapsedMs.toFixed(3)} ms by ${clock}, ${kernel} (${reason})`);
await fit.return();
await runtime.close();
