import { isDepthwise } from "../../../ops/conv.ts";
import type { Conv2d } from "../../../ops/vocabulary.ts";
import type { DeviceTraits, KernelCall, Region, Site } from "../../../scheduler/lowering.ts";
import { type Shape, sizeOf } from "../../../tensor/shape.ts";
import {
  lowerDepthwise,
  lowerDepthwiseFilterGrad,
  lowerDepthwiseInputGrad,
  lowerNarrowGroups,
  lowerNarrowInputGrad,
} from "./depthwise.ts";
import { callHost } from "./epilogue.ts";
import { call, read, write } from "./operands.ts";

/** What a thread has for its band in its own memory, in floats: a MiB less a tile and what copies write too far. */
const OWN_FLOATS = (1 << 18) - 256;
/** Bands are made no larger than this without need, so that they stay in the second-level cache. */
const BAND_FLOATS = 1 << 17;
/** As many (image, band) pairs as threads could share well. */
const ITEMS = 16;
/** Sums of the filter's gradient that are made apart and then added: fixed, so that threads do not show in the bits. */
const CHUNKS = 8;
const FEW_CHUNKS = 4;
const CHUNK_FLOATS = 1 << 16;

/** The sizes of a convolution, x [N, H, W, G·C], w [KH, KW, C, G·OC], out [N, OH, OW, G·OC], in the words' order. */
function sizes(x: Shape, w: Shape, out: Shape, { stride, padding, groups }: Conv2d) {
  const [n = 0, height = 0, width = 0] = x;
  const [windowRows = 0, windowColumns = 0, channels = 0, allOutChannels = 0] = w;
  const outChannels = allOutChannels / groups;
  const [, outRows = 0, outColumns = 0] = out;
  return {
    n,
    windowRows,
    channels,
    outChannels,
    outRows,
    outColumns,
    cells: windowRows * windowColumns * channels,
    paddedWidth: (outColumns - 1) * stride[1] + windowColumns,
    words: [
      ...[n, height, width, channels, windowRows, windowColumns, outChannels, outRows, outColumns],
      ...[stride[0], stride[1], padding[0][0], padding[1][0]],
    ],
  };
}

interface Bands {
  /** Output rows of one band, bands in all, floats of one band's input rows with their padding. */
  readonly rows: number;
  readonly items: number;
  readonly floats: number;
}

function cutBands(size: ReturnType<typeof sizes>, strideRows: number): Bands {
  const { n, windowRows, channels, outRows, paddedWidth } = size;
  const rowFloats = Math.max(1, paddedWidth * channels);
  const fitting = Math.floor((BAND_FLOATS / rowFloats - windowRows) / strideRows) + 1;
  const shared = Math.ceil((outRows * n) / ITEMS);
  const rows = Math.max(1, Math.min(fitting, shared, outRows));
  const items = n * Math.ceil(outRows / rows);
  return { rows, items, floats: ((rows - 1) * strideRows + windowRows) * rowFloats + 16 };
}

/** Memory for bands that are too large for a thread's own; `scratch` stands in where there are none. */
function bandsRegion(
  items: number,
  floats: number,
  standIn: Region,
  scratch: Site<"conv2d">["scratch"],
): { region: Region; isShared: 0 | 1 } {
  return floats <= OWN_FLOATS
    ? { region: standIn, isShared: 0 }
    : { region: scratch({ dtype: "f32", shape: [items * floats] }), isShared: 1 };
}

function lowerForward(site: Site<"conv2d">): KernelCall[] {
  const { ins, outs, attrs, epilogue, scratch } = site;
  if (sizeOf(outs.out.type.shape) === 0) return [];
  if (isDepthwise(ins.w.type.shape, attrs)) return lowerDepthwise(site);
  const narrow = lowerNarrowGroups(site);
  if (narrow) return narrow;
  const size = sizes(ins.x.type.shape, ins.w.type.shape, outs.out.type.shape, attrs);
  const { groups } = attrs;
  const panelFloats = groups * Math.ceil(size.outChannels / 8) * 8 * size.cells;
  const { rows, items, floats } = cutBands(size, attrs.stride[0]);
  const tableFloats = size.cells + rows * size.outColumns;
  const panels = scratch({ dtype: "f32", shape: [panelFloats + tableFloats] });
  const { region, isShared } = bandsRegion(items * groups, floats, panels, scratch);
  const operands = [read(ins.x), read(ins.w), write(outs.out), write(panels), write(region)];
  const words = [...size.words, rows, isShared, groups];
  return [callHost("conv2d", operands, words, { out: outs.out, epilogue })];
}

function lowerInputGrad(site: Site<"conv2dInputGrad">): KernelCall[] {
  const { ins, outs, attrs, epilogue, scratch } = site;
  const x = outs.out.type.shape;
  if (sizeOf(x) === 0) return [];
  if (isDepthwise(ins.w.type.shape, attrs)) return lowerDepthwiseInputGrad(site);
  const narrow = lowerNarrowInputGrad(site);
  if (narrow) return narrow;
  const size = sizes(x, ins.w.type.shape, ins.g.type.shape, attrs);
  const { groups } = attrs;
  const [, height = 0, width = 0] = x;
  const [windowRows = 0, windowColumns = 0, channels = 0] = ins.w.type.shape;
  const [strideRows, strideColumns] = attrs.stride;
  const terms = windowRows * windowColumns * size.outChannels;
  const panels = scratch({
    dtype: "f32",
    shape: [groups * terms * (Math.ceil(channels / 8) * 8 + 1) + height * width],
  });
  // As wasm/conv.ts: the zeros in front, then every gradient row that a row of the input meets.
  const padded = (window: number, stride: number, length: number, before: number) =>
    Math.floor((window - 1) / stride) + Math.floor((length - 1 + before) / stride) + 1;
  const floats =
    padded(windowRows, strideRows, height, attrs.padding[0][0]) *
      padded(windowColumns, strideColumns, width, attrs.padding[1][0]) *
      size.outChannels +
    16;
  const { region, isShared } = bandsRegion(size.n * groups, floats, panels, scratch);
  const operands = [read(ins.g), read(ins.w), write(outs.out), write(panels), write(region)];
  const words = [...size.words, isShared, groups];
  return [callHost("conv2dInputGrad", operands, words, { out: outs.out, epilogue })];
}

function lowerFilterGrad(site: Site<"conv2dFilterGrad">): KernelCall[] {
  const { ins, outs, attrs, scratch } = site;
  if (sizeOf(outs.out.type.shape) === 0) return [];
  if (isDepthwise(outs.out.type.shape, attrs)) return lowerDepthwiseFilterGrad(site);
  const size = sizes(ins.x.type.shape, outs.out.type.shape, ins.g.type.shape, attrs);
  const filterFloats = sizeOf(outs.out.type.shape);
  const { rows, items, floats } = cutBands(size, attrs.stride[0]);
  const most = filterFloats <= CHUNK_FLOATS ? CHUNKS : FEW_CHUNKS;
  const chunks = Math.max(1, Math.min(items, most));
  const sums = scratch({
    dtype: "f32",
    shape: [chunks * filterFloats + rows * size.outColumns],
  });
  const { region, isShared } = bandsRegion(items, floats, sums, scratch);
  const operands = [read(ins.x), read(ins.g), write(outs.out), write(sums), write(region)];
  return [
    call("conv2dFilterGrad", operands, [...size.words, rows, isShared, chunks, attrs.groups]),
  ];
}

export const lowerConvolutions = {
  conv2d: lowerForward,
  conv2dInputGrad: lowerInputGrad,
  conv2dFilterGrad: lowerFilterGrad,
} satisfies Partial<DeviceTraits["lower"]>;
