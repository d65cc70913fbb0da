import { data, init, losses, nn, optim, Trainer } from "gradgpu";

const { runtime } = await init();
const model = nn.sequential(
  nn.conv2d(1, 8, 5, { padding: "same" }),
  nn.relu(),
  nn.maxPool2d(2),
  nn.conv2d(8, 16, 5, { padding: "same" }),
  nn.relu(),
  nn.maxPool2d(2),
  nn.flatten(),
  nn.linear(16 * 7 * 7, 10),
);
const trainer = new Trainer(model, {
  loss: losses.crossEntropy,
  optimizer: optim.adam({ learningRate: 3e-3 }),
});

// In place of MNIST, pictures of one bar: its place is its class. Yours are bytes [N, 28, 28, 1] and labels, too.
const labels = Uint8Array.from({ length: 320 }, (_, i) => i % 10);
const pixels = new Uint8Array(320 * 28 * 28);
labels.forEach((label, i) => {
  pixels.fill(255, (i * 28 + 2 + 2 * label) * 28, (i * 28 + 4 + 2 * label) * 28);
});
const examples = data.dataset({
  x: data.images(pixels, [320, 28, 28, 1]),
  y: data.labels(labels),
});

for await (const { step, loss, accuracy } of trainer.fit(examples, { epochs: 5, batchSize: 32 }))
  console.log(step, loss, accuracy);
await runtime.close();
