/**
 * The adding problem of Hochreiter & Schmidhuber 1997 (experiment 4): in every step a number from [0, 1) and a mark that
 * is 0 but in two steps. The target is the sum of the two marked numbers. Here the first of them lies in the first tenth
 * of the sequence and the second in its second half, so that one of the two has to be kept for 0.9 to 1 times the lag.
 */
import { abs, cast, drawUniform, foldIn, less, losses, mean, reshape, sub } from "gradgpu";
import type { Task } from "./task.ts";

/** A sum counts as right when it is at most so far off. */
export const TOLERANCE = 0.1;

export const adding: Task<"adding"> = {
  name: "adding",
  title: "The adding problem",
  features: 2,
  embed: () => [],
  outputs: 1,
  loss: (output, targets) => losses.meanSquaredError(reshape(output, targets.shape), targets),
  accuracy: (output, targets) =>
    mean(cast(less(abs(sub(reshape(output, targets.shape), targets)), TOLERANCE), "f32")),
  // Half a number more than the second: right when the first is within the tolerance of one half.
  chance: 2 * TOLERANCE,
  make(key, { lag, before = 0, count }) {
    const steps = before + lag + 1;
    const numbers = drawUniform(foldIn(key, 0), 0, steps * count);
    const places = drawUniform(foldIn(key, 1), 0, 2 * count);
    const x = new Float32Array(steps * count * 2);
    numbers.forEach((value, i) => {
      x[2 * i] = value;
    });
    const y = Float32Array.from({ length: count }, (_, b) => {
      const early = before + Math.floor((places[2 * b] ?? 0) * Math.max(1, lag / 10));
      const half = Math.ceil(lag / 2);
      const late = before + half + Math.floor((places[2 * b + 1] ?? 0) * (lag + 1 - half));
      return [early, late].reduce((sum, t) => {
        x[2 * (t * count + b) + 1] = 1;
        return sum + (x[2 * (t * count + b)] ?? 0);
      }, 0);
    });
    return {
      x: { data: x, shape: [steps, count, 2], dtype: "f32" },
      y: { data: y, shape: [count], dtype: "f32" },
    };
  },
};
