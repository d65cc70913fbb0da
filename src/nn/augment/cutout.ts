import { check, count, finite } from "../../arguments.ts";
import {
  add,
  and,
  arange,
  cast,
  floor,
  greaterEqual,
  less,
  mul,
  reshape,
  sub,
  type Tensor,
  where,
} from "../../functions.ts";
import type { Module } from "../module.ts";
import { augmentation, draw } from "./pictures.ts";

/**
 * While training, a square of `size` × `size` pixels of each picture of x f32[N, H, W, C] becomes `fill`. Its centre is any
 * pixel, so that it may lie outside in part. DeVries & Taylor 2017.
 * @throws ArgumentError for options that break their rules; where it is called, ShapeError unless x is images,
 *   DTypeError unless it is f32
 */
export function cutout(size: number, fill = 0): Module {
  check("cutout", "the size", size, count, "It is the side of the square, in pixels.");
  check("cutout", "the fill", fill, finite);
  return augmentation(["cutout", size, fill], `${size}`, (x) => {
    const [, h = 0, w = 0] = x.shape;
    return where(and(hidden(x, h, 1, size), hidden(x, w, 2, size)), fill, x);
  });
}

/** Which pixels along dimension `d`, of n, a square hides. */
function hidden(x: Tensor, n: number, d: number, size: number): Tensor {
  const first = sub(floor(mul(draw(x), n)), Math.floor(size / 2));
  const at = reshape(cast(arange(n), "f32"), [1, 1, 1, 1].with(d, n));
  return and(greaterEqual(at, first), less(at, add(first, size)));
}
