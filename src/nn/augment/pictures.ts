/** What augmentations have in common: they change pictures while training, and nothing else. */
import { ShapeError } from "../../errors.ts";
import { describe, type Tensor, uniform } from "../../functions.ts";
import { module } from "../define.ts";
import type { Making, Module } from "../module.ts";

/**
 * A module that is `change` while training, and `otherwise`, x as it is, after `eval()`. x: f32[N, H, W, C]. Nothing of it
 * is learned or saved.
 * @throws ShapeError for what are no pictures
 */
export function augmentation(
  [kind, ...args]: Making,
  description: string,
  change: (x: Tensor) => Tensor,
  otherwise: (x: Tensor) => Tensor = (x) => x,
): Module {
  return module(kind, {
    description: `${kind}(${description})`,
    made: [kind, ...args],
    forward(x, { isTraining }) {
      if (x.shape.length === 4 && x.dtype === "f32") return isTraining ? change(x) : otherwise(x);
      throw new ShapeError(
        `${kind}: the input must be pictures f32[N, H, W, C]; got ${describe(x.type)}. Grey pictures have C = 1.`,
      );
    },
  });
}

/** A number in [0, 1) for each picture of x, [N, 1, 1, …] of `rank` dimensions: new ones in every step. */
export function draw(x: Tensor, rank = 4): Tensor {
  const [n = 0] = x.shape;
  return uniform([n, ...Array<number>(rank - 1).fill(1)]);
}
