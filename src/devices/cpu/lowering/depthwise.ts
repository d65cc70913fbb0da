/** Convolutions of every channel by one filter of its own, and those in groups of a few channels. */
import type { Conv2d } from "../../../ops/vocabulary.ts";
import type { KernelCall, Region, Site } from "../../../scheduler/lowering.ts";
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

/** Channels that a group makes, up to which the tiles of conv.ts are half empty, and cells of a filter from which it pays. */
const MOST_MADE = 4;
const LEAST_TAPS = 4;
/** Results of a pixel, and floats that they see, of one item: of its thread's own memory, and better in a near cache. */
const BLOCK = 16;
const OWN_FLOATS = (1 << 18) - 256;
const NEAR_FLOATS = 1 << 15;
const ITEMS = 16;

/** What reads images `source` in groups of `inner` channels and makes `out` in groups of `outer`; nothing where it would not pay. */
function lowerNarrow(
  { outs, epilogue, scratch }: Site<"conv2d"> | Site<"conv2dInputGrad">,
  [source, w]: readonly [Region, Region],
  { groups, stride, padding }: Conv2d,
  isGradient: boolean,
): KernelCall[] | undefined {
  const { out } = outs;
  const [n = 0, height = 0, width = 0, channels = 0] = source.type.shape;
  const [, rows = 0, columns = 0, results = 0] = out.type.shape;
  const [windowRows = 0, windowColumns = 0] = w.type.shape;
  const [inner, outer] = [channels / groups, results / groups];
  const [down, across] = stride;
  if (groups === 1 || outer > MOST_MADE || windowRows * windowColumns < LEAST_TAPS)
    return undefined;
  const seen = (own: number) =>
    isGradient
      ? Math.ceil((own - 1) / down) + Math.floor((windowRows - 1) / down) + 1
      : (own - 1) * down + windowRows;
  const floats = (own: number, block: number) =>
    Math.min(seen(own), height) * inner * width * block;
  const block = [BLOCK, BLOCK / 2, BLOCK / 4].find((size) => floats(1, size) + size <= OWN_FLOATS);
  if (block === undefined) return undefined;
  const shared = Math.ceil((n * rows * Math.ceil(results / block)) / ITEMS);
  let own = 1;
  while (own < Math.min(rows, shared) && floats(own + 1, block) <= NEAR_FLOATS) own++;
  const taps = scratch({ dtype: "f32", shape: [windowRows * windowColumns * inner * results + 4] });
  const words = [
    ...[n, height, width, windowRows, windowColumns, rows, columns, groups, inner, outer],
    ...[down, across, padding[0][0], padding[1][0], own, block, Number(isGradient)],
  ];
  return [
    callHost("narrowGroups", [read(source), read(w), write(out), write(taps)], words, {
      out,
      epilogue,
    }),
  ];
}

export const lowerNarrowGroups = (site: Site<"conv2d">): KernelCall[] | undefined =>
  lowerNarrow(site, [site.ins.x, site.ins.w], site.attrs, false);
export const lowerNarrowInputGrad = (site: Site<"conv2dInputGrad">): KernelCall[] | undefined =>
  lowerNarrow(site, [site.ins.g, site.ins.w], site.attrs, true);
