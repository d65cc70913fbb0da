import { castValue } from "../../../ops/casts.ts";
import { binary, unary } from "../../../ops/scalars.ts";
import { broadcastStrides } from "../../../tensor/shape.ts";
import type { ReferenceTable } from "../kernel.ts";
import { offsets } from "./offsets.ts";

export const elementwiseKernels = {
  unary({ ins: { x }, outs: { out }, attrs: { fn } }) {
    const { evaluate } = unary[fn];
    for (let i = 0; i < out.data.length; i++) {
      out.data[i] = evaluate(x.data[i] ?? 0, x.type.dtype);
    }
  },

  binary({ ins: { a, b }, outs: { out }, attrs: { fn } }) {
    const { evaluate } = binary[fn];
    const { shape } = out.type;
    const atA = offsets(shape, broadcastStrides(a.type.shape, shape));
    const atB = offsets(shape, broadcastStrides(b.type.shape, shape));
    for (let i = 0; i < out.data.length; i++) {
      const [x, y] = [a.data[atA[i] ?? 0] ?? 0, b.data[atB[i] ?? 0] ?? 0];
      out.data[i] = evaluate(x, y, a.type.dtype);
    }
  },

  where({ ins: { condition, a, b }, outs: { out } }) {
    const { shape } = out.type;
    const atCondition = offsets(shape, broadcastStrides(condition.type.shape, shape));
    const atA = offsets(shape, broadcastStrides(a.type.shape, shape));
    const atB = offsets(shape, broadcastStrides(b.type.shape, shape));
    for (let i = 0; i < out.data.length; i++) {
      const isA = condition.data[atCondition[i] ?? 0] !== 0;
      out.data[i] = (isA ? a.data[atA[i] ?? 0] : b.data[atB[i] ?? 0]) ?? 0;
    }
  },

  cast({ ins: { x }, outs: { out } }) {
    for (let i = 0; i < out.data.length; i++) {
      out.data[i] = castValue(x.data[i] ?? 0, x.type.dtype, out.type.dtype);
    }
  },
} satisfies Pick<ReferenceTable, "unary" | "binary" | "where" | "cast">;
