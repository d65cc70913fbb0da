/**
 * Temporal order, Hochreiter & Schmidhuber 1997 (experiment 6a): two of many symbols count, each an A or a B, one in the
 * first tenth of the sequence and one half way through it. Asked for is which came in which order: AA, AB, BA or BB.
 */
import { drawUniform, foldIn, losses, nn } from "gradgpu";
import type { Task } from "../../../../examples/memory/tasks/task.ts";

const FILLERS = 4;
export const SYMBOLS = ["A", "B", "·", "·", "·", "·", "?"];
export const ORDERS = ["AA", "AB", "BA", "BB"];
const EMBEDDING = 16;

export const order: Task = {
  name: "order",
  title: "Temporal order",
  features: EMBEDDING,
  embed: (seed) => [nn.embedding(SYMBOLS.length, EMBEDDING, { seed })],
  outputs: ORDERS.length,
  loss: losses.crossEntropy,
  accuracy: losses.accuracy,
  chance: 1 / ORDERS.length,
  make(key, { lag, before = 0, count }) {
    const steps = before + lag + 1;
    const noise = drawUniform(foldIn(key, 0), 0, steps * count);
    const draws = drawUniform(foldIn(key, 1), 0, 4 * count);
    const ids = Int32Array.from(noise, (u) => 2 + Math.floor(u * FILLERS));
    ids.fill(SYMBOLS.length - 1, (steps - 1) * count);
    const tenth = Math.max(1, Math.floor(lag / 10));
    const half = Math.max(tenth, Math.floor(lag / 2));
    const labels = Int32Array.from({ length: count }, (_, b) => {
      const [first = 0, second = 0, early = 0, late = 0] = draws.subarray(4 * b, 4 * b + 4);
      const [one, two] = [Math.floor(2 * first), Math.floor(2 * second)];
      ids[(before + Math.floor(early * tenth)) * count + b] = one;
      ids[(before + half + Math.floor(late * tenth)) * count + b] = two;
      return 2 * one + two;
    });
    return {
      x: { data: ids, shape: [steps, count], dtype: "i32" },
      y: { data: labels, shape: [count], dtype: "i32" },
    };
  },
};
