import { callable, check, checkOptions, count, flag, type Rule, whole } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import * as verbs from "../functions.ts";
import { checkOutputPadding, EXTRA, LINE_RULES, WINDOW_RULES, WINDOW_SIZE } from "../internals.ts";
import { type Initialiser, kaimingUniform } from "./initialise.ts";
import type { Module } from "./module.ts";
import {
  checkCounts,
  INITIALISE_RULES,
  type InitialiseOptions,
  keysOf,
  lasting,
  parameter,
} from "./options.ts";
import { type LayerDescription, weightedLayer } from "./weighted.ts";

interface ConvolutionOptions extends InitialiseOptions {
  /** Whether there is one; true. */
  readonly bias?: boolean;
  /** How the bias begins; `kaimingUniform`, by the fans of the weight. */
  readonly initialiseBias?: Initialiser;
}

/** How a convolution over images is made. */
export interface Conv2dLayerOptions extends verbs.Conv2dOptions, ConvolutionOptions {}
/** How a convolution over a line is made. */
export interface Conv1dLayerOptions extends verbs.Conv1dOptions, ConvolutionOptions {}
/** How a transposed convolution over images is made. */
export interface Conv2dTransposeLayerOptions
  extends verbs.Conv2dTransposeOptions,
    ConvolutionOptions {}
/** How a transposed convolution over a line is made. */
export interface Conv1dTransposeLayerOptions
  extends verbs.Conv1dTransposeOptions,
    ConvolutionOptions {}

type Kernel = number | readonly [rows: number, columns: number];

/**
 * y = x ∗ W + b, a cross-correlation. x: f32[N, H, W, inputs] → f32[N, OH, OW, outputs].
 * W is [KH, KW, inputs / groups, outputs]; in a state dict it is PyTorch's [outputs, inputs / groups, KH, KW].
 * @throws ArgumentError where groups do not divide inputs and outputs.
 */
export function conv2d(
  inputs: number,
  outputs: number,
  kernel: Kernel,
  options: Conv2dLayerOptions = {},
): Module {
  const sizes = sizesOf("conv2d", kernel);
  return convolution(
    "conv2d",
    { inputs, outputs, sizes, rules: PLANE_RULES },
    options,
    verbs.conv2d,
  );
}

/**
 * The same along one dimension. x: f32[N, L, inputs] → f32[N, OL, outputs]. W is [K, inputs / groups, outputs]; in a state
 * dict it is PyTorch's [outputs, inputs / groups, K].
 * @throws ArgumentError for sizes and options that break their rules, and where groups do not divide inputs and
 *   outputs; where it is called, ShapeError for inputs of other channels or smaller than the kernel, DTypeError unless
 *   they are f32
 */
export function conv1d(
  inputs: number,
  outputs: number,
  kernel: number,
  options: Conv1dLayerOptions = {},
): Module {
  checkCounts("conv1d", { kernel });
  const of = { inputs, outputs, sizes: [kernel], rules: OWN_LINE_RULES };
  return convolution("conv1d", of, options, verbs.conv1d);
}

/**
 * The transpose of a convolution, which makes images larger: x f32[N, H, W, inputs] → f32[N, OH, OW, outputs], see the verb.
 * W is [KH, KW, outputs / groups, inputs]; in a state dict it is PyTorch's [inputs, outputs / groups, KH, KW].
 * @throws ArgumentError for sizes and options that break their rules, and where groups do not divide inputs and
 *   outputs; where it is called, ShapeError for inputs of other channels or smaller than the kernel, DTypeError unless
 *   they are f32
 */
export function conv2dTranspose(
  inputs: number,
  outputs: number,
  kernel: Kernel,
  options: Conv2dTransposeLayerOptions = {},
): Module {
  const sizes = sizesOf("conv2dTranspose", kernel);
  const rules = { ...PLANE_RULES, outputPadding: EXTRA };
  const of = { inputs, outputs, sizes, rules, isTransposed: true };
  return convolution("conv2dTranspose", of, options, verbs.conv2dTranspose);
}

/**
 * The same along one dimension. x: f32[N, L, inputs] → f32[N, OL, outputs]; W [K, outputs / groups, inputs].
 * @throws ArgumentError for sizes and options that break their rules, and where groups do not divide inputs and
 *   outputs; where it is called, ShapeError for inputs of other channels or smaller than the kernel, DTypeError unless
 *   they are f32
 */
export function conv1dTranspose(
  inputs: number,
  outputs: number,
  kernel: number,
  options: Conv1dTransposeLayerOptions = {},
): Module {
  checkCounts("conv1dTranspose", { kernel });
  const rules = { ...OWN_LINE_RULES, outputPadding: whole };
  const of = { inputs, outputs, sizes: [kernel], rules, isTransposed: true };
  return convolution("conv1dTranspose", of, options, verbs.conv1dTranspose);
}

const OWN_LINE_RULES = { ...LINE_RULES, dilation: count };
const PLANE_RULES = { ...WINDOW_RULES, dilation: WINDOW_SIZE };

function sizesOf(kind: string, kernel: Kernel): number[] {
  check(kind, "the kernel", kernel, WINDOW_SIZE);
  return typeof kernel === "number" ? [kernel, kernel] : [...kernel];
}

interface Layout {
  readonly inputs: number;
  readonly outputs: number;
  /** Of the kernel. */
  readonly sizes: readonly number[];
  readonly rules: Readonly<Record<string, Rule>>;
  readonly isTransposed?: boolean;
}

function convolution<Options extends object>(
  kind: string,
  { inputs, outputs, sizes, rules, isTransposed = false }: Layout,
  options: ConvolutionOptions & Options & { readonly groups?: number },
  convolve: (x: verbs.Tensor, w: verbs.Tensor, options: Options) => verbs.Tensor,
): Module {
  checkCounts(kind, { inputs, outputs });
  checkOptions<Partial<Record<string, unknown>>>(kind, options, {
    ...INITIALISE_RULES,
    ...rules,
    bias: flag,
    initialiseBias: callable,
    groups: count,
  });
  const { initialise = kaimingUniform, initialiseBias = kaimingUniform, ...others } = options;
  const { bias: hasBias = true, seed, ...given } = others;
  const { groups = 1 } = options;
  checkGroups(kind, groups, inputs, outputs);
  if (isTransposed) checkExtra(kind, sizes.length, options);
  const area = sizes.reduce((product, n) => product * n, 1);
  const [from, to] = isTransposed ? [outputs, inputs] : [inputs, outputs];
  // As PyTorch's and Keras's, in groups and of a transpose, too: by the dimensions of the weight.
  const fans = { in: (area * from) / groups, out: area * to };
  const key = keysOf(seed);
  const shape = [...sizes, from / groups, to];
  const weight = parameter(`${kind}.weight`, shape, initialise, fans, key(0));
  const bias = hasBias
    ? parameter(`${kind}.bias`, [outputs], initialiseBias, fans, key(1))
    : undefined;
  const rank = sizes.length;
  const layout = {
    names: ["weight"],
    permutation: [rank + 1, rank, ...sizes.keys()],
    shape: [to, from / groups, ...sizes],
  };
  const inGroups = groups === 1 ? "" : `, ${groups} groups`;
  const described: LayerDescription = {
    description: `${kind}(${inputs}, ${outputs}, ${sizes.join(" × ")}${inGroups})`,
    // Of lines [N, L, C] it is L.
    ...(rank === 1 && { timeAxis: 1 }),
    made: [kind, inputs, outputs, rank === 1 ? sizes[0] : sizes, lasting(options)],
  };
  return weightedLayer(kind, described, {
    weight,
    layout,
    bias,
    outputs: isTransposed ? 1 : 0,
    apply(x, own) {
      // What is left of the options are the verb's.
      const y = convolve(x, own, given as unknown as Options);
      return bias === undefined ? y : verbs.add(y, bias);
    },
  });
}

/** What a result may have more than its stride says. @throws ArgumentError */
function checkExtra(kind: string, rank: number, options: verbs.Conv2dTransposeOptions): void {
  const { stride = 1, dilation = 1, outputPadding = 0, padding } = options;
  const each = (one: number | readonly number[]) =>
    typeof one === "number" ? Array<number>(rank).fill(one) : one;
  const of = { stride: each(stride), dilation: each(dilation), isSame: padding === "same" };
  checkOutputPadding(kind, each(outputPadding), of);
}

function checkGroups(kind: string, groups: number, inputs: number, outputs: number): void {
  if (inputs % groups === 0 && outputs % groups === 0) return;
  throw new ArgumentError(
    `${kind}: groups must divide the layer's inputs and outputs; got ${inputs} inputs, ${outputs} outputs, groups ${groups}. Groups as many as inputs make a depthwise convolution.`,
  );
}
