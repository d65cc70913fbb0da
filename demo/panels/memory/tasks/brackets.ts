/**
 * Brackets of two kinds, up to three deep: which must close next? The outermost opens at the first step and closes behind
 * the last, with balanced brackets in between, so that the last answer hangs on the first step (Dyck language; Gers &
 * Schmidhuber 2001). It is asked at every step; measured is the last answer.
 */
import { drawUniform, losses, nn } from "gradgpu";
import type { Task } from "../../../../examples/memory/tasks/task.ts";
import { lastAccuracy } from "./last.ts";

export const SYMBOLS = ["(", "[", ")", "]"];
export const CLOSING = [")", "]"];
const EMBEDDING = 16;
const DEEPEST = 3;

export const brackets: Task = {
  name: "brackets",
  title: "Brackets",
  features: EMBEDDING,
  embed: (seed) => [nn.embedding(SYMBOLS.length, EMBEDDING, { seed })],
  outputs: CLOSING.length,
  isAskedThroughout: true,
  loss: losses.crossEntropy,
  accuracy: lastAccuracy,
  chance: 1 / CLOSING.length,
  make(key, { lag, before = 0, count }) {
    // Pairs of brackets lie between the first one and its end.
    const steps = before + 2 * Math.floor(lag / 2) + 1;
    const draws = drawUniform(key, 0, 2 * steps * count);
    const ids = new Int32Array(steps * count);
    const targets = new Int32Array(steps * count);
    for (let b = 0; b < count; b++) {
      const open: number[] = [];
      for (let t = 0; t < steps; t++) {
        const [way = 0, kind = 0] = draws.subarray(2 * (t * count + b));
        // What is open beside the first bracket must have closed by the last step.
        const mustClose = open.length - 1 >= steps - t;
        const mayOpen = open.length < DEEPEST && !mustClose;
        const opens = open.length <= 1 || (mayOpen && way < 0.5);
        if (opens) open.push(Math.floor(2 * kind));
        ids[t * count + b] = opens ? (open.at(-1) ?? 0) : 2 + (open.pop() ?? 0);
        targets[t * count + b] = open.at(-1) ?? 0;
      }
    }
    return {
      x: { data: ids, shape: [steps, count], dtype: "i32" },
      y: { data: targets, shape: [steps, count], dtype: "i32" },
    };
  },
};
