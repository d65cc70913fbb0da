import { callable, checkOptions, flag } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { add, describe, matmul, reshape, sizeOf, type Tensor } from "../functions.ts";
import { checkFloats } from "./floats.ts";
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
import { weightedLayer } from "./weighted.ts";

/** How `nn.linear` is made. */
export interface LinearOptions extends InitialiseOptions {
  /** Whether there is one; true. */
  readonly bias?: boolean;
  /** How the bias begins; `kaimingUniform`, by the fans of the weight. */
  readonly initialiseBias?: Initialiser;
}

/**
 * y = x · W + b. x: f32[..., inputs] → f32[..., outputs]. W is [inputs, outputs]; in a state dict it is PyTorch's
 * [outputs, inputs]. Both start as U(−1/√inputs, 1/√inputs), PyTorch's default.
 * @throws ArgumentError for sizes that are not whole numbers of 1 or more, and for options that break their rules;
 *   where it is called, ShapeError for inputs of another last dimension, DTypeError unless they are f32
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
  const described = {
    description: `linear(${inputs}, ${outputs})`,
    timeAxis: "any",
    made: ["linear", inputs, outputs, lasting(options)],
  } as const;
  return weightedLayer("linear", described, { weight, layout, bias, outputs: 0, apply });

  function apply(x: Tensor, own: Tensor): Tensor {
    if (x.shape.at(-1) !== inputs) {
      throw new ShapeError(
        `linear: the input's last dimension must be the layer's inputs; got input ${describe(x.type)} for linear(${inputs}, ${outputs}). Give the layer as many inputs as a row has; images are flattened first.`,
      );
    }
    checkFloats("linear", x);
    const leading = x.shape.slice(0, -1);
    // As one matrix, so that the bias joins the product in one kernel.
    const product = matmul(leading.length === 1 ? x : reshape(x, [sizeOf(leading), inputs]), own);
    const y = bias === undefined ? product : add(product, bias);
    return leading.length === 1 ? y : reshape(y, [...leading, outputs]);
  }
}
