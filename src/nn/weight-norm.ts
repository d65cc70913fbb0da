import { checkOptions, rule } from "../arguments.ts";
import { div, mul, sqrt, square, sum, type Tensor, type Variable, variable } from "../functions.ts";
import type { Module } from "./module.ts";
import { lasting } from "./options.ts";
import { reparametrised, shapeInDict, weightedOf } from "./weighted.ts";

/** Which outputs have a length of their own. */
export interface WeightNormOptions {
  /**
   * The dimension of PyTorch's weight along which norms are taken apart, 0: of outputs, or of a transposed convolution's
   * inputs; "all" for one norm of all elements.
   */
  readonly dim?: number | "all";
}

/**
 * `layer` with its weight as a direction and a length: W = weight_g · weight_v / ‖weight_v‖, for each output apart where no
 * other `dim` is said. Both start as those of the layer's weight and take its place; the layer itself is not to be used
 * any more. A state dict has PyTorch's names (torch.nn.utils.weight_norm): weight_g, weight_v and bias. Salimans & Kingma
 * 2016.
 *
 * ```ts
 * const model = nn.sequential(nn.weightNorm(nn.linear(784, 128)), nn.relu(), nn.linear(128, 10));
 * ```
 * @throws ArgumentError for a layer that is no linear one, no convolution and no transposed one
 */
export function weightNorm(layer: Module, options: WeightNormOptions = {}): Module {
  const of = weightedOf("weightNorm", layer);
  const shape = shapeInDict(of);
  checkOptions("weightNorm", options, {
    dim: rule(
      `a dimension of PyTorch's weight [${shape.join(", ")}], or "all"`,
      (value) => value === "all" || shape.some((_, d) => d === value),
    ),
  });
  const { dim = 0 } = options;
  const { weight, layout } = of;
  // Where that dimension lies in the weight itself.
  const own = dim === "all" ? -1 : (layout.permutation[dim] ?? -1);
  const axes = weight.shape.flatMap((_, d) => (d === own ? [] : [d]));
  const norm = (v: Tensor) => sqrt(sum(square(v), { axis: axes, keepDims: true }));
  const g = lengthsOf(weight, own, norm);
  const merged = dim === "all" ? [] : shape.map((n, d) => (d === dim ? n : 1));
  const parameters = {
    weight_g: {
      variable: g,
      layout: { names: ["weight_g"], permutation: layout.permutation, shape: merged },
    },
    weight_v: { variable: weight, layout: { ...layout, names: ["weight_v"] } },
  };
  const made = ["weightNorm", layer, lasting(options)] as const;
  return reparametrised("weightNorm", layer, of, { parameters, made }, () =>
    mul(weight, div(g, norm(weight))),
  );
}

/** A variable of the weight's norms, [1, …, n, …, 1]: from the host's numbers where they are there, else on the device. */
function lengthsOf(weight: Variable, axis: number, norm: (v: Tensor) => Tensor): Variable {
  const shape = weight.shape.map((n, d) => (d === axis ? n : 1));
  const count = axis < 0 ? 1 : (weight.shape[axis] ?? 1);
  const squares = new Float64Array(count);
  const { host } = weight.cell;
  const isThere = host !== undefined && weight.assigned === undefined;
  if (isThere) {
    const stride = axis < 0 ? weight.size : weight.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
    for (const [i, x] of host.entries()) {
      const at = Math.floor(i / stride) % count;
      squares[at] = (squares[at] ?? 0) + x * x;
    }
  }
  const g = variable(Float32Array.from(squares, Math.sqrt), shape, "weight_g", "f32");
  if (!isThere) g.assign(norm(weight));
  return g;
}
