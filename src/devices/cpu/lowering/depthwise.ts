/**
 * Convolutions of every channel by one filter of its own. With several filters a channel the tiles of conv.ts have
 * something to multiply, and are faster than to repeat the channels first.
 */
import type { Conv2d } from "../../../ops/vocabulary.ts";
import type { KernelCall, Site } from "../../../scheduler/lowering.ts";
import { type Shape, sizeOf } from "../../../tensor/shape.ts";
import { callHost } from "./epilogue.ts";
import { call, read, write } from "./operands.ts";

/** Sums of the filter's gradient that are made apart and then added: fixed, so that threads do not show in the bits. */
const CHUNKS = 8;

/** The words of a depthwise convolution of x [N, H, W, C] with w [KH, KW, 1, C] to [N, OH, OW, C]. */
function wordsOf(x: Shape, w: Shape, out: Shape, { stride, padding }: Conv2d): number[] {
  const [n = 0, height = 0, width = 0, channels = 0] = x;
  const [windowRows = 0, windowColumns = 0] = w;
  const [, outRows = 0, outColumns = 0] = out;
  return [
    ...[n, height, width, channels, windowRows, windowColumns, outRows, outColumns],
    ...[stride[0], stride[1], padding[0][0], padding[1][0]],
  ];
}

export function lowerDepthwise({ ins, outs, attrs, epilogue }: Site<"conv2d">): KernelCall[] {
  const operands = [read(ins.x), read(ins.w), write(outs.out)];
  const words = wordsOf(ins.x.type.shape, ins.w.type.shape, outs.out.type.shape, attrs);
  return [callHost("depthwise", operands, words, { out: outs.out, epilogue })];
}

export function lowerDepthwiseInputGrad(site: Site<"conv2dInputGrad">): KernelCall[] {
  const { ins, outs, attrs, epilogue } = site;
  const operands = [read(ins.g), read(ins.w), write(outs.out)];
  const words = wordsOf(outs.out.type.shape, ins.w.type.shape, ins.g.type.shape, attrs);
  return [callHost("depthwiseInputGrad", operands, words, { out: outs.out, epilogue })];
}

export function lowerDepthwiseFilterGrad(site: Site<"conv2dFilterGrad">): KernelCall[] {
  const { ins, outs, attrs, scratch } = site;
  const w = outs.out.type.shape;
  const [n = 0, outRows = 0] = ins.g.type.shape;
  const chunks = Math.max(1, Math.min(n * outRows, CHUNKS));
  const sums = scratch({ dtype: "f32", shape: [chunks * sizeOf(w)] });
  const operands = [read(ins.x), read(ins.g), write(outs.out), write(sums)];
  const words = [...wordsOf(ins.x.type.shape, w, ins.g.type.shape, attrs), chunks];
  return [call("depthwiseFilterGrad", operands, words)];
}
