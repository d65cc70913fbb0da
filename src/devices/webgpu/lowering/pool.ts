/** Pooling: an invocation per output element, or per four channels; gradients gather, nothing is scattered. */
import type { Pool2d } from "../../../ops/vocabulary.ts";
import {
  type Epilogue,
  floatBits,
  type KernelCall,
  type Region,
} from "../../../scheduler/lowering.ts";
import { type Shape, sizeOf } from "../../../tensor/shape.ts";
import type { Lowerings } from "../target.ts";
import { printEpilogue } from "./epilogue.ts";
import { threadGrid } from "./grid.ts";
import { read, write } from "./operand.ts";

type PoolOp = "maxPool2d" | "maxPool2dGrad" | "maxPool2dGather" | "avgPool2d" | "avgPool2dGrad";

export function poolLowerings(): Lowerings<PoolOp> {
  return {
    maxPool2d: ({ ins: { x }, outs: { out, index }, attrs, epilogue }) =>
      poolCall("max", { reads: [x], writes: [out, index], epilogue }, [x, out], attrs, "out"),
    maxPool2dGrad: ({ ins: { g, index }, outs: { out }, attrs, epilogue }) =>
      poolCall("max_grad", { reads: [g, index], writes: [out], epilogue }, [out, g], attrs, "in"),
    maxPool2dGather: ({ ins: { x, index }, outs: { out }, attrs, epilogue }) =>
      poolCall(
        "max_gather",
        { reads: [x, index], writes: [out], epilogue },
        [x, out],
        attrs,
        "out",
      ),
    avgPool2d: ({ ins: { x }, outs: { out }, attrs, epilogue }) =>
      poolCall("average", { reads: [x], writes: [out], epilogue }, [x, out], attrs, "out"),
    avgPool2dGrad: ({ ins: { g }, outs: { out }, attrs, epilogue }) =>
      poolCall("average_grad", { reads: [g], writes: [out], epilogue }, [out, g], attrs, "in"),
  };
}

interface Tensors {
  readonly reads: readonly Region[];
  readonly writes: readonly Region[];
  readonly epilogue: Epilogue | undefined;
}

/** The call of a kernel that writes the larger (`in`) or the pooled (`out`) side; `sides` are both, [N, H, W, C]. */
function poolCall(
  kernel: "max" | "max_grad" | "max_gather" | "average" | "average_grad",
  { reads, writes, epilogue }: Tensors,
  sides: readonly [Region, Region],
  { window, stride, padding }: Pool2d,
  written: "in" | "out",
): KernelCall[] {
  const [input, output] = sides.map(({ type }) => type.shape) as [Shape, Shape]; // of two, two
  const [, height = 0, width = 0, channels = 0] = input;
  const [, outHeight = 0, outWidth = 0] = output;
  const isVector = channels % 4 === 0;
  const lanes = isVector ? 4 : 1;
  const count = sizeOf(written === "in" ? input : output) / lanes;
  if (count === 0) return [];
  const own = printEpilogue(epilogue, {
    binding: reads.length,
    width: isVector ? 4 : 1,
    isAligned: isVector,
    columns: channels,
  });
  const isAverage = kernel.startsWith("average");
  const scalar = isAverage ? 1 / (window[0] * window[1]) : Number.NEGATIVE_INFINITY;
  return [
    {
      kernel: `pool/${kernel}`,
      constants: {
        ...own.constants,
        VECTOR: Number(isVector),
        ...(kernel === "average" && { MANY: Number(window[0] * window[1] > 64) }),
      },
      operands: [...reads.map(read), ...own.operands, ...writes.map(write)],
      words: [
        ...[count, height, width, channels / lanes, outHeight, outWidth],
        ...[...window, ...stride, padding[0][0], padding[1][0]],
        ...[floatBits(scalar), ...own.words],
      ],
      grid: threadGrid(count, 64),
    },
  ];
}
