/**
 * Convolutions of every channel by one filter of its own: no product of matrices, so an invocation makes results of
 * one channel (or of four). The gradient with respect to the input is the same kernel with the filter turned round,
 * or, with a stride, a gather over windows; that with respect to the filter sums parts of the windows in two passes.
 */
import type { Conv2d } from "../../../ops/vocabulary.ts";
import type { KernelCall, Site } from "../../../scheduler/lowering.ts";
import { type Shape, sizeOf } from "../../../tensor/shape.ts";
import type { WebgpuTarget } from "../target.ts";
import { sumPartials } from "./destination.ts";
import { threadGrid } from "./grid.ts";
import { CORES, SOFTWARE_WORKGROUPS } from "./tiles.ts";
import { lanesOf, type Tensors, windowsCall } from "./windows.ts";

/**
 * Neighbouring results of an invocation. 8 × 56 × 56 × 64 with 3 × 3 filters on SwiftShader, interleaved: 1, 2 and 8
 * take 2.1, 1.6 and 1.4 times as long.
 */
const COLUMNS = 4;
/** Neighbouring taps of an invocation of the filter's gradient; most filters are not wider. */
const MOST_TAPS = 4;

export function lowerDepthwise({ ins, outs, attrs, epilogue }: Site<"conv2d">): KernelCall[] {
  const tensors = { reads: [ins.x, ins.w], writes: [outs.out], epilogue };
  const [x, w, out] = [ins.x.type.shape, ins.w.type.shape, outs.out.type.shape];
  return [rowsCall(tensors, 0, x, w, out, attrs)];
}

/** The kernel that makes rows of `out` from `source`, both [N, H, W, C]. */
function rowsCall(
  tensors: Tensors,
  isGradient: 0 | 1,
  source: Shape,
  w: Shape,
  out: Shape,
  { stride, padding }: Pick<Conv2d, "stride" | "padding">,
): KernelCall {
  const [images = 0, rows = 0, width = 0, channels = 0] = out;
  const columns = width >= COLUMNS ? COLUMNS : 1;
  const tiles = Math.ceil(width / columns);
  const count = (images * rows * tiles * channels) / lanesOf(channels);
  const windows = { over: source, out, window: windowOf(w), stride, padding };
  const constants = { COLUMNS: columns, GRADIENT: isGradient };
  return windowsCall("conv/depthwise", tensors, windows, count, { tiles, constants });
}

function windowOf([rows = 0, columns = 0]: Shape): [number, number] {
  return [rows, columns];
}

export function lowerDepthwiseInputGrad(site: Site<"conv2dInputGrad">): KernelCall[] {
  const { ins, outs, attrs, epilogue } = site;
  const [g, w, x] = [ins.g.type.shape, ins.w.type.shape, outs.out.type.shape];
  const tensors = { reads: [ins.g, ins.w], writes: [outs.out], epilogue };
  const { stride, padding } = attrs;
  const window = windowOf(w);
  if (stride[0] === 1 && stride[1] === 1) {
    // The windows over a pixel are a window of g; where x has more padding than that, it begins inside g.
    const rows = window[0] - 1 - padding[0][0];
    const columns = window[1] - 1 - padding[1][0];
    const turned = {
      stride,
      padding: [[rows, rows] as const, [columns, columns] as const] as const,
    };
    return [rowsCall(tensors, 1, g, w, x, turned)];
  }
  const windows = { over: x, out: g, window, stride, padding };
  const count = sizeOf(x) / lanesOf(x.at(-1) ?? 0);
  return [windowsCall("conv/depthwise_input_grad", tensors, windows, count, {})];
}

export function lowerDepthwiseFilterGrad(
  { ins: { x, g }, outs: { out }, attrs, scratch }: Site<"conv2dFilterGrad">,
  target: WebgpuTarget,
): KernelCall[] {
  const [filterHeight = 0, filterWidth = 0, , channels = 0] = out.type.shape;
  const [images = 0, outHeight = 0] = g.type.shape;
  const taps = Math.min(filterWidth, MOST_TAPS);
  const tiles = Math.ceil(filterWidth / taps);
  const count = (filterHeight * tiles * channels) / lanesOf(channels);
  const [across, down] = threadGrid(count, 64);
  const length = images * outHeight;
  const wanted = target.isSoftware ? SOFTWARE_WORKGROUPS : 2 * CORES;
  const part = Math.max(1, Math.ceil((length * across * down) / wanted));
  const parts = Math.max(1, Math.ceil(length / part));
  const filters = sizeOf(out.type.shape);
  const partials = parts === 1 ? undefined : scratch({ dtype: "f32", shape: [parts, filters] });
  const tensors = { reads: [x, g], writes: [partials ?? out], epilogue: undefined };
  const window = windowOf(out.type.shape);
  const windows = { ...attrs, over: x.type.shape, out: g.type.shape, window };
  const more = { tiles, length, part, constants: { TAPS: taps } };
  const own = windowsCall("conv/depthwise_filter_grad", tensors, windows, count, more);
  const call: KernelCall = { ...own, grid: [across, down, parts] };
  if (partials === undefined) return [call];
  const to = { out, epilogue: undefined, sums: undefined, scratch } as const;
  return [call, sumPartials(partials, 0, parts, filters, channels, to)];
}
