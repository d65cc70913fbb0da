/**
 * A cell for `npm run experiment:memory -- --cell examples/memory/my-cell.ts`: a leaky unit whose leak looks at what it
 * holds (docs/cells.md).
 */
import { cell, drawUniform, type Key, type nn } from "gradgpu";

export default cell({
  name: "leaky unit",
  states: ["h", "memory"],
  sums: ["leak", "candidate"],
  vectors: ["look"],
  step(m, { leak, candidate }, { memory }, { look }) {
    const open = m.sigmoid(m.add(leak, m.mul(look, memory)));
    const next = m.add(m.mul(m.sub(1, open), memory), m.mul(open, m.tanh(candidate)));
    return { h: m.tanh(next), memory: next };
  },
});

/** Leaks that are open for 1 … `memory` steps at the start: −log u, u ~ U(1, memory). May be left out. */
export function bias(memory: number): nn.initialise.Initialiser {
  return (shape, _, key: Key) => {
    const [units = 0, inputs = 1] = shape;
    const biases = new Float32Array(units * inputs);
    // Vectors, [units], start at 0.
    if (shape.length < 2) return biases;
    drawUniform(key, 0, units).forEach((u, unit) => {
      biases[unit * inputs] = -Math.log(1 + u * (memory - 1));
    });
    return biases;
  };
}
