import { ShapeError } from "../errors.ts";
import { describe, reshape, sizeOf } from "../functions.ts";
import { module } from "./define.ts";
import type { Module } from "./module.ts";

/**
 * x: [N, ...] → [N, the product of the rest].
 *
 * Images are read as they lie, [H, W, C]: feature (h · W + w) · C + c is channel c of pixel h, w. In PyTorch it is
 * (c · H + h) · W + w, so that weights of a linear layer behind it need their columns reordered on the way.
 * @throws where it is called: ShapeError for a single number
 */
export function flatten(): Module {
  return module("flatten", {
    made: ["flatten"],
    forward(x) {
      const [count, ...rest] = x.shape;
      if (count === undefined) {
        throw new ShapeError(
          `flatten: the input must have a first dimension, the batch; got ${describe(x.type)}. Reshape a single number to [1, 1].`,
        );
      }
      return reshape(x, [count, sizeOf(rest)]);
    },
  });
}
