import { checkOptions, finite, positive, rule, whole } from "../arguments.ts";
import {
  div,
  type Key,
  matmul,
  maximum,
  mul,
  reshape,
  sizeOf,
  sqrt,
  square,
  stopGradient,
  sum,
  type Tensor,
  transpose,
  variable,
} from "../functions.ts";
import { normal } from "./initialise.ts";
import type { Module } from "./module.ts";
import { keysOf, lasting } from "./options.ts";
import { reparametrised, shapeInDict, weightedOf } from "./weighted.ts";

/** How the singular value is looked for. */
export interface SpectralNormOptions {
  /** Steps of the power iteration each time the layer is applied in training; 1. */
  readonly powerIterations?: number;
  /** The least that a vector is divided by; 1e-12. */
  readonly epsilon?: number;
  /** The dimension of PyTorch's weight that counts the matrix' rows: 0, or 1 for a transposed convolution. */
  readonly dim?: number;
  /** Of the vectors that the iteration starts from. */
  readonly seed?: number;
}

/**
 * `layer` with its weight divided by that matrix' largest singular value σ: W = weight_orig / σ, so that no input grows by
 * more than its length. The weight as a matrix has a row for each output. σ = uᵀ · weight_orig · v, of vectors that come
 * closer with each step of a power iteration in training, v ← Wᵀu / ‖Wᵀu‖ and u ← Wv / ‖Wv‖; no gradient passes through
 * them. In evaluation they stay. A state dict has PyTorch's names (torch.nn.utils.spectral_norm): weight_orig, bias and the
 * buffers weight_u and weight_v. The layer itself is not to be used any more. Miyato et al. 2018, algorithm 1.
 * @throws ArgumentError for a layer that is no linear one, no convolution and no transposed one
 */
export function spectralNorm(layer: Module, options: SpectralNormOptions = {}): Module {
  const of = weightedOf("spectralNorm", layer);
  const { weight, layout } = of;
  const shape = shapeInDict(of);
  checkOptions("spectralNorm", options, {
    powerIterations: whole,
    epsilon: positive,
    dim: rule(`a dimension of PyTorch's weight [${shape.join(", ")}]`, (value) =>
      shape.some((_, d) => d === value),
    ),
    seed: finite,
  });
  const { powerIterations = 1, epsilon = 1e-12, dim = of.outputs, seed } = options;
  const order = [dim, ...shape.keys()].filter((d, i) => i === 0 || d !== dim);
  const permutation = order.map((d) => layout.permutation[d] ?? 0);
  const rows = shape[dim] ?? 1;
  const columns = sizeOf(shape) / rows;
  const key = keysOf(seed);
  const u = variable(unit(rows, key(0)), [rows], "weight_u", "f32");
  const v = variable(unit(columns, key(1)), [columns], "weight_v", "f32");
  const normalised = (x: Tensor) => div(x, maximum(sqrt(sum(square(x))), epsilon));
  const parameters = {
    weight_orig: { variable: weight, layout: { ...layout, names: ["weight_orig"] } },
  };
  const buffers = { weight_u: u, weight_v: v };
  const made = ["spectralNorm", layer, lasting(options)] as const;
  const own = { parameters, buffers, made };
  return reparametrised("spectralNorm", layer, of, own, ({ isTraining }) => {
    const matrix = reshape(transpose(weight, permutation), [rows, columns]);
    let left = reshape(u, [1, rows]);
    let right = reshape(v, [columns, 1]);
    if (isTraining && powerIterations > 0) {
      const fixed = stopGradient(matrix);
      for (let i = 0; i < powerIterations; i++) {
        right = reshape(normalised(matmul(left, fixed)), [columns, 1]);
        left = reshape(normalised(matmul(fixed, right)), [1, rows]);
      }
      u.assign(reshape(left, [rows]));
      v.assign(reshape(right, [columns]));
    }
    const sigma = sum(mul(reshape(left, [rows, 1]), matmul(matrix, right)));
    return div(weight, sigma);
  });
}

/** A direction that no dimension is preferred in. */
function unit(count: number, key: Key): Float32Array {
  const x = normal(1)([count], { in: count, out: count }, key);
  const length = Math.sqrt(x.reduce((total, value) => total + value * value, 0));
  return x.map((value) => value / length);
}
