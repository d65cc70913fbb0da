/**
 * A recurrent cell that the library does not have, written with `scan`: a minimal gated unit (Zhou et al. 2016) whose
 * sums are layer-normalised (Ba et al. 2016), in a model that a Trainer trains. It learns to tell which of four symbols
 * was the marked one in a sequence of twelve: to write one thing down when it comes, and to keep it. Five epochs are
 * enough for an accuracy of at least 0.98 on sequences that it has not seen.
 */
import {
  add,
  data,
  div,
  init,
  keyOf,
  losses,
  mean,
  mul,
  nn,
  optim,
  scan,
  sigmoid,
  sqrt,
  square,
  sub,
  type Tensor,
  Trainer,
  tanh,
  transpose,
  words,
  zeros,
} from "gradgpu";

const [SYMBOLS, STEPS, UNITS] = [4, 12, 32];

const { runtime, description } = await init({ seed: 1 });
console.log(`Device: ${description}.`);

function normalise(x: Tensor): Tensor {
  const centred = sub(x, mean(x, { axis: -1, keepDims: true }));
  return div(centred, sqrt(add(mean(square(centred), { axis: -1, keepDims: true }), 1e-5)));
}

/** x [B, T, inputs] → h behind the last step, [B, units]. */
function minimalGatedUnit(inputs: number, units: number): nn.Module {
  const [xToForget, xToCandidate] = [nn.linear(inputs, units), nn.linear(inputs, units)];
  const [hToForget, hToCandidate] = [nn.linear(units, units), nn.linear(units, units)];
  return nn.module("minimalGatedUnit", {
    children: { xToForget, xToCandidate, hToForget, hToCandidate },
    forward(x) {
      // What comes from x is one product for all steps; only what comes from h has to wait for the step before.
      const cell = (h: Tensor, at: Tensor) => {
        const f = sigmoid(normalise(add(xToForget(at), hToForget(h))));
        const candidate = tanh(normalise(add(xToCandidate(at), hToCandidate(mul(f, h)))));
        return { carry: add(mul(sub(1, f), h), mul(f, candidate)), y: undefined };
      };
      return scan(cell, zeros([x.shape[0] ?? 0, units]), transpose(x, [1, 0, 2])).carry;
    },
  });
}

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
  minimalGatedUnit(16, UNITS),
  nn.linear(UNITS, SYMBOLS),
);
const trainer = new Trainer(model, {
  loss: losses.crossEntropy,
  optimizer: optim.adam({ learningRate: 0.01 }),
});
const validation = sequences(256, 2);
await trainer.fit(sequences(1024, 1), {
  epochs: 5,
  batchSize: 64,
  validation,
  onEpoch: ({ epoch, validation: scores }) =>
    console.log(`epoch ${epoch}: loss ${scores?.loss.toFixed(4)}, accuracy ${scores?.accuracy}`),
});
await runtime.close();
