/**
 * Copying (Hochreiter & Schmidhuber 1997; Arjovsky et al. 2016): three letters, then nothing, then the three letters are
 * asked for in their order. From a letter to its answer it is `lag` steps.
 */
import { drawUniform, losses, nn } from "gradgpu";
import { IGNORED_LABEL } from "gradgpu/data";
import type { Task } from "../../../../examples/memory/tasks/task.ts";

/** Letters to copy. */
export const LENGTH = 3;
export const LETTERS = ["a", "b", "c", "d"];
export const SYMBOLS = [...LETTERS, "·", "?"];
const EMBEDDING = 16;

export const copy: Task = {
  name: "copy",
  title: "Copying",
  features: EMBEDDING,
  embed: (seed) => [nn.embedding(SYMBOLS.length, EMBEDDING, { seed })],
  outputs: LETTERS.length,
  isAskedThroughout: true,
  loss: losses.crossEntropy,
  accuracy: losses.accuracy,
  chance: 1 / LETTERS.length,
  make(key, { lag, before = 0, count }) {
    const steps = before + lag + LENGTH;
    const letters = Int32Array.from(drawUniform(key, 0, LENGTH * count), (u) =>
      Math.floor(u * LETTERS.length),
    );
    const ids = new Int32Array(steps * count).fill(LETTERS.length);
    ids.set(letters, before * count);
    ids.fill(SYMBOLS.length - 1, (steps - LENGTH) * count);
    const targets = new Int32Array(steps * count).fill(IGNORED_LABEL);
    targets.set(letters, (steps - LENGTH) * count);
    return {
      x: { data: ids, shape: [steps, count], dtype: "i32" },
      y: { data: targets, shape: [steps, count], dtype: "i32" },
    };
  },
};
