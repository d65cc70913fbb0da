/** Pooling: an invocation per output element, or per four channels; gradients gather, nothing is scattered. */
import type { Pool2d } from "../../../ops/vocabulary.ts";
import { floatBits, type KernelCall, type Operand } from "../../../scheduler/lowering.ts";
import { type Shape, sizeOf } from "../../../tensor/shape.ts";
import type { Lowerings } from "../target.ts";
import { threadGrid } from "./grid.ts";
import { read, write } from "./operand.ts";

type PoolOp = "maxPool2d" | "maxPool2dGrad" | "maxPool2dGather" | "avgPool2d" | "avgPool2dGrad";

export function poolLowerings(): Lowerings<PoolOp> {
  return {
    maxPool2d: ({ ins: { x }, outs: { out, index }, attrs }) => {
      const operands = [read(x), write(out), write(index)];
      return poolCall("pool/max", operands, x.type.shape, out.type.shape, attrs, "out");
    },
    maxPool2dGrad: ({ ins: { g, index }, outs: { out }, attrs }) => {
      const operands = [read(g), read(index), write(out)];
      return poolCall("pool/max_grad", operands, out.type.shape, g.type.shape, attrs, "in");
    },
    maxPool2dGather: ({ ins: { x, index }, outs: { out }, attrs }) => {
      const operands = [read(x), read(index), write(out)];
      return poolCall("pool/max_gather", operands, x.type.shape, out.type.shape, attrs, "out");
    },
    avgPool2d: ({ ins: { x }, outs: { out }, attrs }) => {
      const operands = [read(x), write(out)];
      return poolCall("pool/average", operands, x.type.shape, out.type.shape, attrs, "out");
    },
    avgPool2dGrad: ({ ins: { g }, outs: { out }, attrs }) => {
      const operands = [read(g), write(out)];
      return poolCall("pool/average_grad", operands, out.type.shape, g.type.shape, attrs, "in");
    },
  };
}

/** The call of a kernel that writes the larger (`in`) or the pooled (`out`) side; both are [N, H, W, C]. */
function poolCall(
  kernel: string,
  operands: readonly Operand[],
  input: Shape,
  output: Shape,
  { window, stride, padding }: Pool2d,
  written: "in" | "out",
): KernelCall[] {
  const [, height = 0, width = 0, channels = 0] = input;
  const [, outHeight = 0, outWidth = 0] = output;
  const isVector = channels % 4 === 0;
  const lanes = isVector ? 4 : 1;
  const count = sizeOf(written === "in" ? input : output) / lanes;
  if (count === 0) return [];
  const isAverage = kernel.startsWith("pool/average");
  const scalar = isAverage ? 1 / (window[0] * window[1]) : Number.NEGATIVE_INFINITY;
  return [
    {
      kernel,
      constants: {
        VECTOR: Number(isVector),
        ...(kernel === "pool/average" && { MANY: Number(window[0] * window[1] > 64) }),
      },
      operands,
      words: [
        ...[count, height, width, channels / lanes, outHeight, outWidth],
        ...[...window, ...stride, padding[0][0], padding[1][0]],
        floatBits(scalar),
      ],
      grid: threadGrid(count, 64),
    },
  ];
}
