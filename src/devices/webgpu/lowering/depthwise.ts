/**
 * Convolutions of every channel by one filter of its own: no product of matrices, so an invocation makes results of
 * one channel (or of four). The gradient with respect to the input is the same kernel with the filter turned round,
 * or, with a stride, a gather over windows; that with respect to the filter sums parts of the windows in two passes.
 */
import type { Conv2d } from "../../../ops/vocabulary.ts";
import type { Epilogue, KernelCall, Operand, Site } from "../../../scheduler/lowering.ts";
import { type Shape, sizeOf } from "../../../tensor/shape.ts";
import type { WebgpuTarget } from "../target.ts";
import { sumPartials } from "./destination.ts";
import { type Printed, printEpilogue } from "./epilogue.ts";
import { threadGrid } from "./grid.ts";
import { read, write } from "./operand.ts";
import { CORES, SOFTWARE_WORKGROUPS } from "./tiles.ts";

/**
 * Neighbouring results of an invocation. 8 × 56 × 56 × 64 with 3 × 3 filters on SwiftShader, interleaved: 1, 2 and 8
 * take 2.1, 1.6 and 1.4 times as long.
 */
const COLUMNS = 4;
/** Neighbouring taps of an invocation of the filter's gradient; most filters are not wider. */
const MOST_TAPS = 4;

/** Elements of a Value, which is four channels where their number allows it. */
function lanesOf(channels: number): number {
  return channels % 4 === 0 ? 4 : 1;
}

export function lowerDepthwise({ ins, outs, attrs, epilogue }: Site<"conv2d">): KernelCall[] {
  const [x, w, out] = [ins.x.type.shape, ins.w.type.shape, outs.out.type.shape];
  const own = epilogueOver(epilogue, out);
  const operands = [read(ins.x), read(ins.w), ...own.operands, write(outs.out)];
  return [rowsCall(operands, own, 0, x, w, out, attrs)];
}

function epilogueOver(epilogue: Epilogue | undefined, out: Shape): Printed {
  const columns = out.at(-1) ?? 1;
  const isVector = lanesOf(columns) === 4;
  return printEpilogue(epilogue, {
    binding: 2,
    width: isVector ? 4 : 1,
    isAligned: isVector,
    columns,
  });
}

/** The kernel that makes rows of `out` from `source`, both [N, H, W, C]. */
function rowsCall(
  operands: readonly Operand[],
  own: Printed,
  isGradient: 0 | 1,
  source: Shape,
  w: Shape,
  out: Shape,
  attrs: Pick<Conv2d, "stride" | "padding">,
): KernelCall {
  const [images = 0, rows = 0, width = 0, channels = 0] = out;
  const lanes = lanesOf(channels);
  const columns = width >= COLUMNS ? COLUMNS : 1;
  const tiles = Math.ceil(width / columns);
  const count = (images * rows * tiles * channels) / lanes;
  return {
    kernel: "conv/depthwise",
    constants: {
      ...own.constants,
      ...{ COLUMNS: columns, VECTOR: Number(lanes === 4), GRADIENT: isGradient },
    },
    operands,
    words: [count, ...sizesOf(source, w, out, attrs), tiles, 0, 0, ...own.words],
    grid: threadGrid(count, 64),
  };
}

/** Words of lib/depthwise from `height` to `pad_columns`. */
function sizesOf(
  [, height = 0, width = 0]: Shape,
  [filterHeight = 0, filterWidth = 0]: Shape,
  [, outHeight = 0, outWidth = 0, channels = 0]: Shape,
  { stride, padding }: Pick<Conv2d, "stride" | "padding">,
): number[] {
  return [
    ...[height, width, channels / lanesOf(channels), outHeight, outWidth],
    ...[filterHeight, filterWidth, ...stride, padding[0][0], padding[1][0]],
  ];
}

export function lowerDepthwiseInputGrad(site: Site<"conv2dInputGrad">): KernelCall[] {
  const { ins, outs, attrs } = site;
  const [g, w, x] = [ins.g.type.shape, ins.w.type.shape, outs.out.type.shape];
  const own = epilogueOver(site.epilogue, x);
  const operands = [read(ins.g), read(ins.w), ...own.operands, write(outs.out)];
  const [filterHeight = 0, filterWidth = 0, , channels = 0] = w;
  const { stride, padding } = attrs;
  if (stride[0] === 1 && stride[1] === 1) {
    // The windows over a pixel are a window of g; where x has more padding than that, it begins inside g.
    const rows = filterHeight - 1 - padding[0][0];
    const columns = filterWidth - 1 - padding[1][0];
    const turned = {
      stride,
      padding: [[rows, rows] as const, [columns, columns] as const] as const,
    };
    return [rowsCall(operands, own, 1, g, w, x, turned)];
  }
  const lanes = lanesOf(channels);
  const count = sizeOf(x) / lanes;
  return [
    {
      kernel: "conv/depthwise_input_grad",
      constants: { ...own.constants, VECTOR: Number(lanes === 4) },
      operands,
      words: [count, ...sizesOf(g, w, x, attrs), 0, 0, 0, ...own.words],
      grid: threadGrid(count, 64),
    },
  ];
}

export function lowerDepthwiseFilterGrad(
  { ins: { x, g }, outs: { out }, attrs, scratch }: Site<"conv2dFilterGrad">,
  target: WebgpuTarget,
): KernelCall[] {
  const [filterHeight = 0, filterWidth = 0, , channels = 0] = out.type.shape;
  const [images = 0, outHeight = 0] = g.type.shape;
  const lanes = lanesOf(channels);
  const taps = Math.min(filterWidth, MOST_TAPS);
  const tiles = Math.ceil(filterWidth / taps);
  const count = (filterHeight * tiles * channels) / lanes;
  const [across, down] = threadGrid(count, 64);
  const length = images * outHeight;
  const wanted = target.isSoftware ? SOFTWARE_WORKGROUPS : 2 * CORES;
  const part = Math.max(1, Math.ceil((length * across * down) / wanted));
  const parts = Math.max(1, Math.ceil(length / part));
  const filters = sizeOf(out.type.shape);
  const partials = parts === 1 ? undefined : scratch({ dtype: "f32", shape: [parts, filters] });
  const call: KernelCall = {
    kernel: "conv/depthwise_filter_grad",
    constants: { EPILOGUE: "", TAPS: taps, VECTOR: Number(lanes === 4) },
    operands: [read(x), read(g), write(partials ?? out)],
    words: [
      count,
      ...sizesOf(x.type.shape, out.type.shape, g.type.shape, attrs),
      ...[tiles, length, part],
    ],
    grid: [across, down, parts],
  };
  if (partials === undefined) return [call];
  const to = { out, epilogue: undefined, sums: undefined, scratch } as const;
  return [call, sumPartials(partials, 0, parts, filters, channels, to)];
}
