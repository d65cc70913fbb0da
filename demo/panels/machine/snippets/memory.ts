// Who holds the memory of the device.
import { init, losses, nn, optim, Trainer } from "gradgpu";

const { runtime } = await init();
const model = nn.sequential(nn.linear(64, 128), nn.relu(), nn.linear(128, 1));
const optimizer = optim.adam({ learningRate: 1e-3 });
const trainer = new Trainer(model, { loss: losses.meanSquaredError, optimizer });
const x = { data: new Float32Array(256 * 64).fill(0.5), shape: [256, 64] };
await trainer.fit([{ x, y: { data: new Float32Array(256), shape: [256, 1] } }]);
const { bytes, owners, temporaries, plans, other, free } = trainer.memory();
for (const [owner, held] of Object.entries({ ...owners, temporaries, plans, other }))
  console.log(`${owner}: ${held} bytes`);
console.log(`in all: ${bytes} bytes, and ${free} free`);
await runtime.close();
