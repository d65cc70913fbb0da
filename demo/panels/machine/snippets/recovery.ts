// A training that goes on when its device is lost: nothing has to be done for it.
import { init, losses, nn, optim, Trainer } from "gradgpu";

const { runtime } = await init();
const model = nn.sequential(nn.linear(8, 32), nn.relu(), nn.linear(32, 1));
const optimizer = optim.adam({ learningRate: 1e-2 });
const trainer = new Trainer(model, { loss: losses.meanSquaredError, optimizer });
const x = { data: Float32Array.from({ length: 64 * 8 }, (_, i) => Math.sin(i)), shape: [64, 8] };
const y = { data: Float32Array.from({ length: 64 }, (_, i) => Math.cos(i)), shape: [64, 1] };
const { loss, deviceChanges } = await trainer.fit(Array(50).fill({ x, y }), {
  onDeviceLost: ({ device, to, step, from }) =>
    console.log(`${device} was lost at step ${step}; on from ${from} on ${to}`),
});
console.log(`loss ${loss.toFixed(4)}, devices lost: ${deviceChanges.length}`);
await runtime.close();
