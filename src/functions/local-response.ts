import { check, checkOptions, count, finite } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { checkDType } from "../ops/check.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe, sizeOf } from "../tensor/shape.ts";
import { checkTensor } from "./apply.ts";
import { add, mul, pow, square } from "./elementwise.ts";
import { reshape } from "./movement.ts";
import { avgPool1d } from "./pool-lines.ts";

/** Over how many channels, and how strongly. */
export interface LocalResponseOptions {
  /** 1e-4. */
  readonly alpha?: number;
  /** 0.75. */
  readonly beta?: number;
  /** 1. */
  readonly k?: number;
}

/**
 * x / (k + α · mean of x² over `size` neighbouring channels)^β, zeros beyond the first and the last: x f32[..., C]. With an
 * even size one channel more before than behind, as PyTorch's LocalResponseNorm. Krizhevsky et al. 2012.
 * @throws ShapeError for a single number; DTypeError unless x is f32; ArgumentError for options that break their rules
 */
export function localResponseNorm(
  x: Tensor,
  size: number,
  options: LocalResponseOptions = {},
): Tensor {
  const name = "localResponseNorm";
  checkTensor(name, x);
  checkDType(name, "x", x, ["f32"]);
  check(name, "the size", size, count);
  checkOptions(name, options, { alpha: finite, beta: finite, k: finite });
  const channels = x.shape.at(-1);
  if (channels === undefined) {
    throw new ShapeError(
      `${name}: x must have channels, [..., C]; got ${describe(x.type)}. Images are [N, H, W, C].`,
    );
  }
  const { alpha = 1e-4, beta = 0.75, k = 1 } = options;
  const lines = reshape(square(x), [sizeOf(x.shape.slice(0, -1)), channels, 1]);
  const padding = [Math.floor(size / 2), Math.floor((size - 1) / 2)] as const;
  const power = reshape(avgPool1d(lines, size, { stride: 1, padding }), x.shape);
  return mul(x, pow(add(mul(power, alpha), k), -beta));
}
