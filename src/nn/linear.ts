import { callable, checkOptions, flag } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { add, describe, matmul, reshape, sizeOf, type Tensor } from "../functions.ts";
import { module } from "./define.ts";
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

export interface LinearOptions extends InitialiseOptions {
  readonly bias?: boolean;
  readonly initialiseBias?: Initialiser;
}

/**
 * y = x · W + b. x: f32[..., inputs] → f32[..., outputs].
 * W is [inputs, outputs]; in a state dict it is PyTorch's [outputs, inputs].
 */
export function linear(inputs: number, outputs: number, options: LinearOptions = {}): Module {
  checkCounts("linear", { inputs, outputs });
  checkOptions("linear", options, { ...INITIALISE_RULES, bias: flag, initialiseBias: callable });
  const { initialise = kaimingUniform, initialiseBias = kaimingUniform } = options;
  const fans = { in: inputs, out: outputs };
  const key = keysOf(options.seed);
  const weight = parameter("linear.weight", [inputs, outputs], initialise, fans, key(0));
  const bias =
    options.bias === false
      ? undefined
      : parameter("linear.bias", [outputs], initialiseBias, fans, key(1));
  const layout = { names: ["weight"], permutation: [1, 0], shape: [outputs, inputs] };
  const apply = (rows: Tensor) => {
    const product = matmul(rows, weight);
    return bias === undefined ? product : add(product, bias);
  };
  return module("linear", {
    description: `linear(${inputs}, ${outputs})`,
    timeAxis: "any",
    made: ["linear", inputs, outputs, lasting(options)],
    parameters: { weight: { variable: weight, layout }, ...(bias && { bias }) },
    forward(x) {
      if (x.shape.at(-1) !== inputs) {
        throw new ShapeError(
          `linear: the input's last dimension must be the layer's inputs; got input ${describe(x.type)} for linear(${inputs}, ${outputs}). Give the layer as many inputs as a row has; images are flattened first.`,
        );
      }
      if (x.shape.length === 2) return apply(x);
      // As one matrix, so that the bias joins the product in one kernel.
      const leading = x.shape.slice(0, -1);
      const y = apply(reshape(x, [sizeOf(leading), inputs]));
      return reshape(y, [...leading, outputs]);
    },
  });
}
