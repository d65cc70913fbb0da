/** A page that trains an LSTM on a text, and asks it. */
import { data, init, losses, nn, optim, Trainer, tensor } from "gradgpu";

await init();
const text = "hello hello hello ";
const vocabulary = data.TextVocabulary.of(text);
const size = vocabulary.size;
const model = nn.sequential(nn.embedding(size, 16), nn.lstm(16, 64), nn.linear(64, size));
const trainer = new Trainer(model, {
  loss: losses.crossEntropy,
  optimizer: optim.adam({ learningRate: 1e-3 }),
  window: 4,
});
const windows = data.streamWindows([[text]], { window: 4, vocabulary });
for await (const { loss } of trainer.fit(windows, { batchSize: 1 })) console.log(loss);
const session = nn.stateful(model);
console.log(await (await session.step(tensor(Int32Array.of(1), [1, 1]))).data());
