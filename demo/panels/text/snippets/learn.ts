/** An LSTM learns a text character by character, and writes. */
import { categorical, data, init, losses, nn, optim, Trainer, tensor } from "gradgpu";

const text = "“Who are you?” said the Caterpillar.\n“I hardly know, sir,” said Alice.\n".repeat(40);
const { runtime } = await init({ seed: 1 });

const vocabulary = data.TextVocabulary.of(text);
const model = nn.sequential(
  nn.embedding(vocabulary.size, 32),
  nn.lstm(32, 128),
  nn.linear(128, vocabulary.size),
);
const trainer = new Trainer(model, {
  loss: losses.crossEntropy,
  optimizer: optim.adam({ learningRate: 0.007, clipNorm: 1 }),
  window: 48, // truncated BPTT: the state goes on, the gradient ends after 48 characters
});
const fit = trainer.fit(vocabulary.encode(text), { batchSize: 4, epochs: 8 });
for await (const { step, loss } of fit) {
  if (step % 20 === 0)
    console.log(`step ${step}: ${(loss / Math.LN2).toFixed(2)} bits per character`);
}

const session = nn.stateful(model);
let written = "“";
for (let i = 0; i < 80; i++) {
  const last = vocabulary.encode(written.slice(-1));
  const logits = await session.step(tensor(last, [1, 1]));
  const [id = 0] = await categorical(logits, { temperature: 0.7 }).data();
  written += vocabulary.decode([id]);
}
console.log(written);
await runtime.close();
