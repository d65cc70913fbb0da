import { callable, check, checkOptions, count, flag } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { add, type Conv2dOptions, conv2d as convolve } from "../functions.ts";
import { WINDOW_RULES, WINDOW_SIZE } from "../internals.ts";
import { module } from "./define.ts";
import { type Initialiser, kaimingUniform } from "./initialise.ts";
import type { Module } from "./module.ts";
import {
  checkCounts,
  INITIALISE_RULES,
  type InitialiseOptions,
  keysOf,
  parameter,
} from "./options.ts";

export interface Conv2dLayerOptions extends Conv2dOptions, InitialiseOptions {
  readonly bias?: boolean;
  readonly initialiseBias?: Initialiser;
}

/**
 * y = x ∗ W + b, a cross-correlation. x: f32[N, H, W, inputs] → f32[N, OH, OW, outputs].
 * W is [KH, KW, inputs / groups, outputs]; in a state dict it is PyTorch's [outputs, inputs / groups, KH, KW].
 * @throws ArgumentError where groups do not divide inputs and outputs.
 */
export function conv2d(
  inputs: number,
  outputs: number,
  kernel: number | readonly [rows: number, columns: number],
  options: Conv2dLayerOptions = {},
): Module {
  checkCounts("conv2d", { inputs, outputs });
  check("conv2d", "the kernel", kernel, WINDOW_SIZE);
  const [rows, columns] = typeof kernel === "number" ? [kernel, kernel] : kernel;
  checkOptions("conv2d", options, {
    ...INITIALISE_RULES,
    ...WINDOW_RULES,
    bias: flag,
    initialiseBias: callable,
    groups: count,
    dilation: WINDOW_SIZE,
  });
  const { stride = 1, padding = "valid", dilation = 1 } = options;
  const { initialise = kaimingUniform, initialiseBias = kaimingUniform, groups = 1 } = options;
  checkGroups(groups, inputs, outputs);
  const fans = { in: (rows * columns * inputs) / groups, out: (rows * columns * outputs) / groups };
  const key = keysOf(options.seed);
  const shape = [rows, columns, inputs / groups, outputs];
  const weight = parameter("conv2d.weight", shape, initialise, fans, key(0));
  const bias =
    options.bias === false
      ? undefined
      : parameter("conv2d.bias", [outputs], initialiseBias, fans, key(1));
  const layout = {
    names: ["weight"],
    permutation: [3, 2, 0, 1],
    shape: [outputs, inputs / groups, rows, columns],
  };
  const inGroups = groups === 1 ? "" : `, ${groups} groups`;
  return module("conv2d", {
    description: `conv2d(${inputs}, ${outputs}, ${rows} × ${columns}${inGroups})`,
    parameters: { weight: { variable: weight, layout }, ...(bias && { bias }) },
    forward(x) {
      const y = convolve(x, weight, { stride, padding, groups, dilation });
      return bias === undefined ? y : add(y, bias);
    },
  });
}

function checkGroups(groups: number, inputs: number, outputs: number): void {
  if (inputs % groups === 0 && outputs % groups === 0) return;
  throw new ArgumentError(
    `conv2d: groups must divide the layer's inputs and outputs; got ${inputs} inputs, ${outputs} outputs, groups ${groups}. Groups as many as inputs make a depthwise convolution.`,
  );
}
