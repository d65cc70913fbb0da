/**
 * Convolutions as matrix products whose left operand is gathered, never stored: positions × (filter position,
 * channel) · (filter position, channel) × output channels. The gradient with respect to the input is the same
 * gather over the windows of g, one layer of the grid for each phase of the stride; the gradient with respect to
 * the filter is the transposed product with its long sum split into parts. Groups of channels are products side by
 * side, by the kernels without workgroup memory only; groups of one channel are depthwise.ts.
 */
import type { OpNode } from "../../../graph/graph.ts";
import { isDepthwise } from "../../../ops/conv.ts";
import type { KernelCall, Operand, Region, Site } from "../../../scheduler/lowering.ts";
import { type Shape, sizeOf } from "../../../tensor/shape.ts";
import type { Lowerings, WebgpuTarget } from "../target.ts";
import { lowerDepthwise, lowerDepthwiseFilterGrad, lowerDepthwiseInputGrad } from "./depthwise.ts";
import { type Destination, sumPartials, sumsConstant } from "./destination.ts";
import { printEpilogue } from "./epilogue.ts";
import { lineGrid } from "./grid.ts";
import { read, write, written } from "./operand.ts";
import {
  chooseDirect,
  chooseDirectOnGpu,
  chooseTiled,
  coverOf,
  type DirectChoice,
  type Product,
  partOf,
  type TiledChoice,
} from "./tiles.ts";

export type ConvChoice = DirectChoice | TiledChoice;

/** The kernel and tile for a convolution; `sourceChannels` are those that are gathered, for one of `groups`. */
export type ChooseConv = (
  target: WebgpuTarget,
  product: Product,
  sourceChannels: number,
  groups: number,
) => ConvChoice;

export function convLowerings(
  target: WebgpuTarget,
  choose: ChooseConv = chooseConv,
): Lowerings<"conv2d" | "conv2dInputGrad" | "conv2dFilterGrad"> {
  return {
    conv2d: (site) =>
      isDepthwise(site.ins.w.type.shape, site.attrs)
        ? lowerDepthwise(site)
        : lowerGather({ source: site.ins.x, isGradient: false, site }, target, choose),
    conv2dInputGrad: (site) =>
      isDepthwise(site.ins.w.type.shape, site.attrs)
        ? lowerDepthwiseInputGrad(site)
        : lowerGather({ source: site.ins.g, isGradient: true, site }, target, choose),
    conv2dFilterGrad: (site) =>
      isDepthwise(site.outs.out.type.shape, site.attrs)
        ? lowerDepthwiseFilterGrad(site, target)
        : lowerFilterGrad(site, target, choose),
  };
}

export function chooseConv(
  target: WebgpuTarget,
  product: Product,
  sourceChannels: number,
  groups: number,
): ConvChoice {
  if (target.isSoftware) return chooseDirect(product);
  // So few channels leave a tile of k mostly index arithmetic, and a small filter in the cache.
  if (groups > 1 || sourceChannels < 4 || product.n < 8) return chooseDirectOnGpu(product);
  return chooseTiled(target, product, "windows");
}

/** What forward and input gradient have in common; the shapes are [N, H, W, C]. */
interface Gather {
  readonly source: Region;
  readonly isGradient: boolean;
  readonly site: Site<"conv2d"> | Site<"conv2dInputGrad">;
}

function lowerGather(gather: Gather, target: WebgpuTarget, choose: ChooseConv): KernelCall[] {
  const { source, isGradient, site } = gather;
  const { w } = site.ins;
  const { out } = site.outs;
  const { stride, padding, groups } = site.attrs;
  const [images = 0, outHeight = 0, outWidth = 0, outChannels = 0] = out.type.shape;
  const [, sourceHeight = 0, sourceWidth = 0, allSourceChannels = 0] = source.type.shape;
  const [filterHeight = 0, filterWidth = 0] = w.type.shape;
  const [n, sourceChannels] = [outChannels / groups, allSourceChannels / groups];

  const phases = isGradient ? stride[0] * stride[1] : 1;
  const positions = isGradient
    ? images * Math.ceil(outHeight / stride[0]) * Math.ceil(outWidth / stride[1])
    : images * outHeight * outWidth;
  const k = (filterHeight * filterWidth * sourceChannels) / phases;
  // Outputs of these two are many and their sums short: parts of k are for the filter's gradient.
  const product = { m: positions, n, k: Math.ceil(k), batches: phases * groups, mostSplits: 1 };
  const choice = choose(target, product, sourceChannels, groups);
  const { tilesN, grid, constants, groupWords } = mappingOf(choice, product, groups);
  const isVector = Number(n % 4 === 0);
  // Forward w is read along OC, backward in blocks along OC too, which only the tiled kernel turns around.
  const isTiledVector = choice.kind === "tiled" && sourceChannels % 4 === 0;
  const vectorW = isGradient ? Number(isTiledVector) : isVector;
  const own = printEpilogue(site.epilogue, {
    binding: 2,
    width: 4,
    isAligned: n % 4 === 0,
    columns: outChannels,
  });
  const operands: Operand[] = [read(source), read(w), ...own.operands, write(out)];
  return [
    {
      kernel: choice.kind === "direct" ? "conv/direct" : "conv/tiled",
      constants: {
        ...constants,
        ...own.constants,
        VECTOR_A: Number(isTiledVector),
        VECTOR_W: vectorW,
        VECTOR_OUT: isVector,
        GRADIENT: Number(isGradient),
      },
      operands,
      words: [
        ...[images * outHeight * outWidth, n, sourceHeight, sourceWidth, sourceChannels],
        ...[outHeight, outWidth, filterHeight, filterWidth],
        // w is [KH, KW, C, OC]: forward k runs over C and n over OC, backward the other way round.
        ...(isGradient ? [1, allSourceChannels] : [outChannels, 1]),
        ...[...stride, padding[0][0], padding[1][0], tilesN],
        ...groupWords,
        ...own.words,
      ],
      grid: [grid[0], grid[1], phases],
    },
  ];
}

/** How a choice specialises and covers `groups` products side by side; `groupWords` end the parameters. */
function mappingOf(choice: ConvChoice, product: Product, groups: number) {
  const { constants, tilesN, tiles } = coverOf(choice, product);
  return {
    tilesN,
    constants: { ...constants, GROUPED: Number(groups > 1) },
    grid: lineGrid(tiles * groups),
    groupWords: groups > 1 ? [groups, tiles] : [],
  };
}

function lowerFilterGrad(
  site: Site<"conv2dFilterGrad">,
  target: WebgpuTarget,
  choose: ChooseConv,
): KernelCall[] {
  const {
    ins: { x, g },
    outs: { out },
    attrs,
    columnSums: sums,
    scratch,
  } = site;
  const { groups } = attrs;
  const [, height = 0, width = 0] = x.type.shape;
  const [images = 0, outHeight = 0, outWidth = 0] = g.type.shape;
  const [filterHeight = 0, filterWidth = 0, channels = 0, outChannels = 0] = out.type.shape;

  const n = outChannels / groups;
  const m = filterHeight * filterWidth * channels;
  const windows = images * outHeight * outWidth;
  const product = { m, n, k: windows, batches: groups };
  const choice = filterGradChoice(target, g.type.shape, out.type.shape, groups, choose);
  const { tilesN, grid, constants, groupWords } = mappingOf(choice, product, groups);
  const isVector = Number(n % 4 === 0);
  const isDirect = choice.kind === "direct";
  // The barrier-free kernel walks whole rows of windows, the tiled one windows.
  const length = isDirect ? images * outHeight : windows;
  const part = partOf(length, choice.splits, isDirect ? 1 : choice.tile.bk);
  const parts = Math.max(1, Math.ceil(length / part));
  const partials =
    parts === 1
      ? undefined
      : scratch({ dtype: "f32", shape: [parts, sums === undefined ? m : m + 1, outChannels] });
  const call: KernelCall = {
    kernel: isDirect ? "conv/filter_grad" : "conv/filter_grad_tiled",
    constants: {
      ...constants,
      SUMS: sumsConstant(sums, partials),
      VECTOR_X: Number(!isDirect && channels % 4 === 0),
      VECTOR_G: isVector,
      VECTOR_OUT: isVector,
    },
    operands: [
      read(x),
      read(g),
      ...(partials === undefined ? [write(out), ...written(sums)] : [write(partials)]),
    ],
    words: [
      ...[m, n, height, width, channels, outHeight, outWidth, filterWidth],
      ...[...attrs.stride, attrs.padding[0][0], attrs.padding[1][0], tilesN, length, part],
      ...groupWords,
    ],
    grid: [grid[0], grid[1], parts],
  };
  if (partials === undefined) return [call];
  const to: Destination = { out, epilogue: undefined, sums, scratch };
  return [call, sumPartials(partials, 0, parts, m * outChannels, outChannels, to)];
}

function filterGradChoice(
  target: WebgpuTarget,
  [images = 0, height = 0, width = 0]: Shape,
  [filterHeight = 0, filterWidth = 0, channels = 0, outChannels = 0]: Shape,
  groups: number,
  choose: ChooseConv,
): ConvChoice {
  const m = filterHeight * filterWidth * channels;
  const product = { m, n: outChannels / groups, k: images * height * width, batches: groups };
  // Rows are (filter position, channel) here: few channels are no reason against tiles.
  return choose(target, product, m, groups);
}

/** Whether the sums of g over all windows can ride along in the kernel for the filter's gradient. */
export function sumsWindows(
  target: WebgpuTarget,
  { ins, outs, attrs }: OpNode<"conv2dFilterGrad">,
  choose: ChooseConv = chooseConv,
): boolean {
  const { g } = ins;
  const { out } = outs;
  if (sizeOf(g.type.shape) === 0 || sizeOf(out.type.shape) === 0) return false;
  // Groups run by kernels that stage nothing.
  if (attrs.groups !== 1) return false;
  return filterGradChoice(target, g.type.shape, out.type.shape, 1, choose).kind === "tiled";
}
