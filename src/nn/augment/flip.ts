import { checkOptions, probability } from "../../arguments.ts";
import { flip, less, type Tensor, where } from "../../functions.ts";
import type { Module } from "../module.ts";
import { augmentation, draw } from "./pictures.ts";

/** Which way, and how often. */
export interface FlipOptions {
  /** With which probability left and right change places; 0.5. */
  readonly horizontal?: number;
  /** With which probability top and bottom change places; 0. */
  readonly vertical?: number;
}

/**
 * While training, each picture of x f32[N, H, W, C] mirrored or not, by chance.
 * @throws ArgumentError for options that break their rules; where it is called, ShapeError unless x is images,
 *   DTypeError unless it is f32
 */
export function randomFlip(options: FlipOptions = {}): Module {
  checkOptions<FlipOptions>("randomFlip", options, {
    horizontal: probability,
    vertical: probability,
  });
  const { horizontal = 0.5, vertical = 0 } = options;
  const mirrored = (x: Tensor, axis: number, p: number) =>
    p === 0 ? x : where(less(draw(x), p), flip(x, axis), x);
  return augmentation(["randomFlip", options], `${horizontal}, ${vertical}`, (x) =>
    mirrored(mirrored(x, 2, horizontal), 1, vertical),
  );
}
