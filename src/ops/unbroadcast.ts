import { type Shape, sameShape } from "../tensor/shape.ts";
import { arithmetic } from "./arithmetic.ts";
import type { Emit, Value } from "./op.ts";

/**
 * The gradient of a tensor of `shape` that was broadcast to g's shape: g summed over the dimensions that were
 * added or stretched.
 */
export function unbroadcast(emit: Emit, g: Value, shape: Shape): Value {
  const from = g.type.shape;
  if (sameShape(from, shape)) return g;
  const m = arithmetic(emit);
  const added = from.length - shape.length;
  const axes = from.flatMap((n, d) =>
    d < added || (shape[d - added] === 1 && n !== 1) ? [d] : [],
  );
  const summed = axes.length === 0 ? g : m.sum(g, axes);
  return sameShape(summed.type.shape, shape) ? summed : m.reshape(summed, shape);
}
