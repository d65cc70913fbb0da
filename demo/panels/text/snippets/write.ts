/** What an LSTM expects after a beginning, at three temperatures. */
import { data, div, init, losses, nn, optim, softmax, Trainer, tensor } from "gradgpu";

const text = "to be, or not to be: that is the question. ".repeat(40);
const { runtime } = await init({ seed: 1 });
const vocabulary = data.TextVocabulary.of(text);
const model = nn.sequential(
  nn.embedding(vocabulary.size, 16),
  nn.lstm(16, 32),
  nn.linear(32, vocabulary.size),
);
const trainer = new Trainer(model, {
  loss: losses.crossEntropy,
  optimizer: optim.adam({ learningRate: 0.01, clipNorm: 1 }),
  window: 32,
});
await trainer.fit(vocabulary.encode(text), { batchSize: 4, epochs: 8 });

// The session keeps the state: what it reads next goes on from here.
const beginning = vocabulary.encode("to be, or ");
const session = nn.stateful(model);
const logits = await session.step(tensor(beginning, [beginning.length, 1]));
const last = (await logits.data()).slice(-vocabulary.size);
for (const temperature of [0.2, 1, 2]) {
  const shares = await softmax(div(tensor(last), temperature)).data();
  const ranked = [...shares.keys()].sort((a, b) => (shares[b] ?? 0) - (shares[a] ?? 0));
  const top = ranked
    .slice(0, 3)
    .map((id) => `${vocabulary.decode([id])} ${(shares[id] ?? 0).toFixed(2)}`);
  console.log(`temperature ${temperature}: ${top.join("  ")}`);
}
await runtime.close();
