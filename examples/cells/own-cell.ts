/**
 * A recurrent cell that nobody has, described once (docs/cells.md): a leaky unit whose leak looks at what it holds. It learns
 * to tell which of four symbols was the marked one in a sequence of twelve, walked by the fused kernels of the device.
 * Six epochs are enough for an accuracy of at least 0.98 on sequences that it has not seen.
 */
import { cell, data, init, keyOf, losses, nn, optim, Trainer, words } from "gradgpu";

const [SYMBOLS, STEPS, UNITS] = [4, 12, 32];

const { runtime, description } = await init({ seed: 1 });
console.log(`Device: ${description}.`);

const leaky = cell({
  name: "leaky",
  // What is carried; the first is multiplied by R, and is what a layer gives.
  states: ["h", "memory"],
  // What is added up for each unit: x·W + b + h·R.
  sums: ["leak", "candidate"],
  // Parameters of one number a unit.
  vectors: ["look"],
  step(m, { leak, candidate }, { memory }, { look }) {
    const open = m.sigmoid(m.add(leak, m.mul(look, memory)));
    const next = m.add(m.mul(m.sub(1, open), memory), m.mul(open, m.tanh(candidate)));
    return { h: m.tanh(next), memory: next };
  },
});

/** `count` sequences of symbols 0 … 3, of which one is marked: 4 … 7. What is asked for is the marked one. */
function sequences(count: number, seed: number): data.Dataset {
  const draws = words(keyOf(seed), 0, count * (STEPS + 1));
  const x = Int32Array.from({ length: count * STEPS }, (_, i) => (draws[i] ?? 0) % SYMBOLS);
  const y = Int32Array.from({ length: count }, (_, i) => {
    const marked = i * STEPS + ((draws[count * STEPS + i] ?? 0) % STEPS);
    const symbol = x[marked] ?? 0;
    x[marked] = symbol + SYMBOLS;
    return symbol;
  });
  return data.dataset({
    x: { data: x, shape: [count, STEPS], dtype: "i32" },
    y: { data: y, shape: [count], dtype: "i32" },
  });
}

const model = nn.sequential(
  nn.embedding(2 * SYMBOLS, 16),
  nn.recurrent(leaky, 16, UNITS, { batchFirst: true }),
  nn.lastStep({ batchFirst: true }),
  nn.linear(UNITS, SYMBOLS),
);
const trainer = new Trainer(model, {
  loss: losses.crossEntropy,
  optimizer: optim.adam({ learningRate: 0.01 }),
});
const validation = sequences(256, 2);
await trainer.fit(sequences(1024, 1), {
  epochs: 6,
  batchSize: 64,
  validation,
  onEpoch: ({ epoch, validation: scores }) =>
    console.log(`epoch ${epoch}: loss ${scores?.loss.toFixed(4)}, accuracy ${scores?.accuracy}`),
});
await runtime.close();
