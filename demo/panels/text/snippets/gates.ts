/** Gates and cells of an LSTM at every character, and which characters a guess hangs on. */
import {
  compile,
  data,
  grad,
  init,
  nn,
  recurrentSteps,
  slice,
  sqrt,
  square,
  sum,
  type Tensor,
  tensor,
} from "gradgpu";

const { runtime } = await init({ seed: 1 });
const text = "(a b) “c”";
const vocabulary = data.TextVocabulary.of(text);
const letters = vocabulary.encode(text);
const [table, lstm, out] = [
  nn.embedding(vocabulary.size, 32),
  nn.lstm(32, 128),
  nn.linear(128, vocabulary.size),
];

// Compiled once; called between two steps of a training it reads the weights as they are then.
const look = compile((ids: Tensor) => {
  const { layers } = recurrentSteps(() => lstm(table(ids)));
  return layers.map(({ gates, states }) => ({ ...gates, ...states })); // [characters, 1, units] each
});
const [layer] = await look(tensor(letters, [text.length, 1]));
const [forget, cell] = await Promise.all([layer?.forget?.data(), layer?.c?.data()]);
const unit = 7;
letters.forEach((_, t) => {
  const [f = 0, c = 0] = [forget?.[t * 128 + unit], cell?.[t * 128 + unit]];
  console.log(`${text[t]}  forget gate ${f.toFixed(2)}  tanh(c) ${Math.tanh(c).toFixed(2)}`);
});

// ‖∂logit / ∂embedding_t‖: how much the guess of the last character hangs on each one before it.
const last = text.length - 1;
const hangsOn = compile((ids: Tensor) => {
  const embedded = table(ids);
  const logit = (x: Tensor) =>
    sum(slice(out(lstm(x)), [last - 1, 0, letters[last] ?? 0], [1, 1, 1]));
  return grad(logit, embedded).map((gradient) => sqrt(sum(square(gradient), { axis: [1, 2] })));
});
const [norms] = await hangsOn(tensor(letters, [text.length, 1]));
(await norms?.data())?.forEach((norm, t) => {
  console.log(`“${text[last]}” hangs on ${text[t]}: ${norm.toFixed(3)}`);
});
await runtime.close();
