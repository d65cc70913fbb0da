import type { Tensor } from "../runtime/tensor.ts";
import { slice } from "./movement.ts";

/** `size` elements along dimension d from `start` on. */
export function cut(x: Tensor, d: number, start: number, size: number): Tensor {
  return slice(
    x,
    x.shape.map((_, i) => (i === d ? start : 0)),
    x.shape.with(d, size),
  );
}
