/**
 * Parity: is the number of ones so far odd? One bit must be kept, and turned by every one. It is asked at every step, or a
 * gradient has nothing to begin with (Bengio, Simard & Frasconi 1994 call it latching); measured is the last answer.
 */
import { drawUniform, losses, nn } from "gradgpu";
import type { Task } from "../../../../examples/memory/tasks/task.ts";
import { lastAccuracy } from "./last.ts";

export const SYMBOLS = ["0", "1"];
export const PARITIES = ["even", "odd"];
const EMBEDDING = 16;

export const parity: Task = {
  name: "parity",
  title: "Parity",
  features: EMBEDDING,
  embed: (seed) => [nn.embedding(SYMBOLS.length, EMBEDDING, { seed })],
  outputs: PARITIES.length,
  isAskedThroughout: true,
  loss: losses.crossEntropy,
  accuracy: lastAccuracy,
  chance: 1 / PARITIES.length,
  make(key, { lag, before = 0, count }) {
    const steps = before + lag + 1;
    const ids = Int32Array.from(drawUniform(key, 0, steps * count), (u) => Number(u < 0.5));
    const targets = new Int32Array(ids);
    for (let i = count; i < targets.length; i++)
      targets[i] = (ids[i] ?? 0) ^ (targets[i - count] ?? 0);
    return {
      x: { data: ids, shape: [steps, count], dtype: "i32" },
      y: { data: targets, shape: [steps, count], dtype: "i32" },
    };
  },
};
