import { checkOptions, flag } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { describe, reshape, slice } from "../functions.ts";
import { module } from "./define.ts";
import type { Module } from "./module.ts";

/**
 * What a recurrent layer said last, for one answer to a whole sequence: x [T, B, F] → [B, F], or from [B, T, F] with
 * `batchFirst`. For sequences of different lengths take the state of the layer's `run(x, { lengths })` instead: what
 * lies behind the end of one is 0.
 * @throws ArgumentError for options that there are not; where it is called, ShapeError unless x has three dimensions
 *   and a step
 */
export function lastStep(options: { readonly batchFirst?: boolean } = {}): Module {
  checkOptions("lastStep", options, { batchFirst: flag });
  const { batchFirst = false } = options;
  const [time, batch] = batchFirst ? [1, 0] : [0, 1];
  return module("lastStep", {
    made: ["lastStep", options],
    timeAxis: batchFirst ? 1 : 0,
    forward(x) {
      const [steps = 0, count = 0, features = 0] = [x.shape[time], x.shape[batch], x.shape[2]];
      if (x.shape.length !== 3 || steps === 0) {
        throw new ShapeError(
          `lastStep: the input must be a sequence [${batchFirst ? "B, T" : "T, B"}, F] of at least one step; got ${describe(x.type)}. Put it behind a recurrent layer.`,
        );
      }
      const [starts, sizes] = batchFirst
        ? [
            [0, steps - 1, 0],
            [count, 1, features],
          ]
        : [
            [steps - 1, 0, 0],
            [1, count, features],
          ];
      return reshape(slice(x, starts, sizes), [count, features]);
    },
  });
}
