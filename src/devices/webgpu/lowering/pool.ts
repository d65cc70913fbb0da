/** Pooling: an invocation per output element, or per four channels; gradients gather, nothing is scattered. */
import type { Pool2d } from "../../../ops/vocabulary.ts";
import type { KernelCall, Region } from "../../../scheduler/lowering.ts";
import { sizeOf } from "../../../tensor/shape.ts";
import type { Lowerings } from "../target.ts";
import { lanesOf, type Tensors, windowsCall } from "./windows.ts";

type PoolOp = "maxPool2d" | "maxPool2dGrad" | "maxPool2dGather" | "avgPool2d" | "avgPool2dGrad";

export function poolLowerings(): Lowerings<PoolOp> {
  return {
    maxPool2d: ({ ins: { x }, outs: { out, index }, attrs, epilogue }) =>
      poolCall("max", { reads: [x], writes: [out, index], epilogue }, [x, out], attrs),
    maxPool2dGrad: ({ ins: { g, index }, outs: { out }, attrs, epilogue }) =>
      poolCall("max_grad", { reads: [g, index], writes: [out], epilogue }, [out, g], attrs),
    maxPool2dGather: ({ ins: { x, index }, outs: { out }, attrs, epilogue }) =>
      poolCall("max_gather", { reads: [x, index], writes: [out], epilogue }, [x, out], attrs),
    avgPool2d: ({ ins: { x }, outs: { out }, attrs, epilogue }) =>
      poolCall("average", { reads: [x], writes: [out], epilogue }, [x, out], attrs),
    avgPool2dGrad: ({ ins: { g }, outs: { out }, attrs, epilogue }) =>
      poolCall("average_grad", { reads: [g], writes: [out], epilogue }, [out, g], attrs),
  };
}

/** `sides`: what windows lie over, and what has an element for each. */
function poolCall(
  kernel: "max" | "max_grad" | "max_gather" | "average" | "average_grad",
  tensors: Tensors,
  [over, out]: readonly [Region, Region],
  attrs: Pool2d,
): KernelCall[] {
  const written = kernel.endsWith("_grad") ? over : out;
  const count = sizeOf(written.type.shape) / lanesOf(written.type.shape.at(-1) ?? 0);
  const places = attrs.window[0] * attrs.window[1];
  const windows = { ...attrs, over: over.type.shape, out: out.type.shape };
  const isAverage = kernel.startsWith("average");
  const constants = kernel === "average" ? { MANY: Number(places > 64) } : {};
  const scalar = isAverage ? 1 / places : Number.NEGATIVE_INFINITY;
  return [windowsCall(`pool/${kernel}`, tensors, windows, count, { scalar, constants })];
}
