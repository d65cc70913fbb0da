import { count, flag, notNegative, positive, share } from "../arguments.ts";
import {
  add,
  div,
  matmul,
  mul,
  reshape,
  type Shape,
  sizeOf,
  slice,
  sqrt,
  square,
  sum,
  type Tensor,
  transpose,
} from "../functions.ts";
import { packed, packedOffsets } from "../internals.ts";
import { adamDirection } from "./adam.ts";
import { makeOptimizer } from "./core.ts";
import { fadedMoment, type Site, type Updated } from "./expression.ts";
import type { Optimizer, OptimizerOptions, ParameterGroup } from "./optimizer.ts";

/** What each group of parameters can be told by itself. */
export interface MuonSettings {
  /** Of matrices; 0.95. */
  readonly momentum?: number;
  /** Looks ahead by one step of the momentum; true. */
  readonly nesterov?: boolean;
  /** Newton-Schulz iterations; 5. */
  readonly iterations?: number;
  /** Decoupled from the gradient, as AdamW's; 0. */
  readonly weightDecay?: number;
  /** Whether matrices are updated by Muon; false for embeddings and the last layer, which Adam does better; true. */
  readonly orthogonal?: boolean;
  /** Of Adam, which updates what is no matrix; 0.9. */
  readonly beta1?: number;
  /** The same; 0.999. */
  readonly beta2?: number;
  /** The same; 1e-8. */
  readonly epsilon?: number;
}

/** What `optim.muon` can be told. */
export interface MuonOptions
  extends OptimizerOptions<ParameterGroup & MuonSettings>,
    MuonSettings {}

type Settings = Required<MuonSettings>;

/**
 * Muon for matrices, of which filters are some, [KH · KW · C, OC], and Adam for all other parameters. A matrix moves along its
 * momentum with all singular values brought near 1: v ← μ·v + (1 − μ)·g, d = (1 − μ)·g + μ·v,
 * p ← p − learningRate · (0.2 · √max(rows, columns) · orthogonal(d) + weightDecay·p), which is as long as a step of Adam,
 * so that both take one learning rate. Jordan et al. 2024; the factor is Liu et al. 2025, "Muon is scalable".
 * @throws ArgumentError for options that break their rules; where it updates, for gradients of other variables, and
 *   ShapeError for those of another shape
 */
export function muon(options: MuonOptions): Optimizer {
  return makeOptimizer<Settings>("muon", options, {
    settings: {
      momentum: [share, 0.95],
      nesterov: [flag, true],
      iterations: [count, 5],
      weightDecay: [notNegative, 0],
      orthogonal: [flag, true],
      beta1: [share, 0.9],
      beta2: [share, 0.999],
      epsilon: [positive, 1e-8],
    },
    state: () => ["velocity", "m", "v"],
    holds: (settings, name, shape) => (name === "velocity") === isOrthogonal(settings, shape),
    isFlat: false,
    isDecoupled: () => true,
    update,
  });
}

const isOrthogonal = ({ orthogonal }: Settings, shape: Shape) => orthogonal && shape.length >= 2;

function update(site: Site, settings: Settings): Updated {
  const { gradient, shapes } = site;
  const gradients = parts(gradient, shapes);
  const isMatrix = shapes.map((shape) => isOrthogonal(settings, shape));
  const only = <T>(all: readonly T[], matrices: boolean) =>
    all.filter((_, i) => isMatrix[i] === matrices);
  const matrices = only(shapes, true);
  const others = only(shapes, false);
  const moved =
    matrices.length === 0 ? undefined : momentum(packed(only(gradients, true)), site, settings);
  const adam =
    others.length === 0
      ? undefined
      : adamDirection({ ...site, gradient: packed(only(gradients, false)) }, settings);
  const turned = moved && parts(moved.direction, matrices).map((d) => orthogonal(d, settings));
  const [forMatrices, forOthers] = [turned ?? [], adam ? parts(adam.direction, others) : []];
  const next = { matrices: forMatrices.values(), others: forOthers.values() };
  const directions = isMatrix.flatMap((is) => next[is ? "matrices" : "others"].next().value ?? []);
  return {
    direction: packed(directions),
    state: { ...(moved && { velocity: moved.velocity }), ...adam?.state },
  };
}

/** Tensors of `shapes` that lie packed. */
function parts(flat: Tensor, shapes: readonly Shape[]): Tensor[] {
  const { offsets } = packedOffsets(shapes);
  return shapes.map((shape, i) => reshape(slice(flat, [offsets[i] ?? 0], [sizeOf(shape)]), shape));
}

function momentum(gradient: Tensor, { held }: Site, { momentum: kept, nesterov }: Settings) {
  const g = mul(gradient, 1 - kept);
  const velocity = fadedMoment(add(mul(held("velocity"), kept), g));
  return { velocity, direction: nesterov ? add(g, mul(velocity, kept)) : velocity };
}

/**
 * U·Vᵀ of x = U·S·Vᵀ, nearly: X ← a·X + (b·X·Xᵀ + c·(X·Xᵀ)²)·X brings all singular values up to 1 to between 0.7 and 1.2
 * in five iterations, the constants are those of Jordan et al. 2024. Times 0.2 · √max(rows, columns).
 */
function orthogonal(x: Tensor, { iterations }: Settings): Tensor {
  const columns = x.shape.at(-1) ?? 1;
  const rows = x.size / columns;
  const matrix = reshape(x, [rows, columns]);
  const isTall = rows > columns;
  let turned = isTall ? transpose(matrix) : matrix;
  turned = div(turned, add(sqrt(sum(square(turned))), 1e-7));
  for (let i = 0; i < iterations; i++) {
    const squared = matmul(turned, transpose(turned));
    const inner = add(mul(squared, -4.775), mul(matmul(squared, squared), 2.0315));
    turned = add(mul(turned, 3.4445), matmul(inner, turned));
  }
  const back = isTall ? transpose(turned) : turned;
  return reshape(mul(back, 0.2 * Math.sqrt(Math.max(rows, columns))), x.shape);
}
