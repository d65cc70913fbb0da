/** Calls of kernels of windows over each channel of images: pools and depthwise convolutions. */
import type { Pool2d } from "../../../ops/vocabulary.ts";
import {
  type Epilogue,
  floatBits,
  type KernelCall,
  type Region,
} from "../../../scheduler/lowering.ts";
import type { Shape } from "../../../tensor/shape.ts";
import { printEpilogue } from "./epilogue.ts";
import { lineCall } from "./grid.ts";
import { read, write } from "./operand.ts";

export interface Tensors {
  readonly reads: readonly Region[];
  readonly writes: readonly Region[];
  readonly epilogue: Epilogue | undefined;
}

/** The side that windows lie over, that which has an element for each, both [N, H, W, C], and the windows. */
export interface Windows extends Pool2d {
  readonly over: Shape;
  readonly out: Shape;
}

/** What only some of the kernels have: the last of their parameters, and constants. */
export interface More {
  readonly scalar?: number;
  readonly tiles?: number;
  readonly length?: number;
  readonly part?: number;
  readonly constants?: Readonly<Record<string, number>>;
}

/** Elements of a Value, which is four channels where their number allows it. */
export function lanesOf(channels: number): 1 | 4 {
  return channels % 4 === 0 ? 4 : 1;
}

/** A call for `count` Values; see lib/windows. */
export function windowsCall(
  kernel: string,
  { reads, writes, epilogue }: Tensors,
  { over, out, window, stride, padding, dilation = [1, 1], bins }: Windows,
  count: number,
  { scalar = 0, tiles = 0, length = 0, part = 0, constants }: More,
): KernelCall {
  const [, height = 0, width = 0, channels = 0] = over;
  const [, outHeight = 0, outWidth = 0] = out;
  const lanes = lanesOf(channels);
  const isAligned = lanes === 4;
  const host = { binding: reads.length, width: lanes, isAligned, columns: channels };
  const own = printEpilogue(epilogue, host);
  const form = { BINS: Number(bins !== undefined), DILATED: Number(Math.max(...dilation) > 1) };
  const call = {
    constants: { ...own.constants, ...form, VECTOR: Number(isAligned), ...constants },
    operands: [...reads.map(read), ...own.operands, ...writes.map(write)],
    words: [
      ...[count, height, width, channels / lanes, outHeight, outWidth],
      ...[...window, ...stride, padding[0][0], padding[1][0]],
      ...[...dilation, floatBits(scalar), tiles, length, part, ...own.words],
    ],
  };
  return lineCall(kernel, count, call, 64);
}
