import { data, init, losses, nn, optim, Trainer } from "gradgpu";

await init({ seed: 1 });

// 512 points in the plane; the class says whether a point lies inside the unit circle.
const xy = Float32Array.from({ length: 1024 }, (_, i) => 1.5 * Math.sin(i * i));
const inside = Int32Array.from({ length: 512 }, (_, i) =>
  Math.hypot(...xy.subarray(2 * i, 2 * i + 2)) < 1 ? 1 : 0,
);
const points = data.dataset({
  x: { data: xy, shape: [512, 2], dtype: "f32" },
  y: { data: inside, shape: [512], dtype: "i32" },
});

const model = nn.sequential(nn.linear(2, 32), nn.relu(), nn.linear(32, 2));
const optimizer = optim.adam({ learningRate: 0.02 });
const trainer = new Trainer(model, { loss: losses.crossEntropy, optimizer });

for await (const { step, loss, accuracy } of trainer.fit(points, { epochs: 50, batchSize: 64 })) {
  if (step % 50 === 0) console.log(`step ${step}: loss ${loss}, accuracy ${accuracy}`);
}
