/**
 * Optimizers: one op updates all parameters. p, g: one parameter and its gradient; state is one flat f32 tensor in
 * which the part of each parameter starts where `packedOffsets` says; the padding between them is left as it is.
 * Where `apply` is 0, parameters and state stay unchanged.
 *
 * State fades by a factor a step where there is no gradient, as for a word that does not occur. What has become too
 * small to matter is 0 on every device, before it is subnormal: cpus are ten times as slow with such numbers, and GPUs
 * may or may not have them.
 */
import { ArgumentError, ShapeError } from "../errors.ts";
import { describe, sizeOf, type TensorType } from "../tensor/shape.ts";
import { arithmetic } from "./arithmetic.ts";
import { checkDType, checkOption, checkScalar, checkShape, complaint, given } from "./check.ts";
import type { OpTable } from "./op.ts";
import { PACK_ALIGNMENT, packedOffsets } from "./packed.ts";

/** Below it velocity and m are 0: with an epsilon of 1e-8 a parameter would move by 1e-20 learning rates. */
export const LEAST_MOMENT = 2 ** -96;
/** Below it v is 0, and a square adds nothing to it: √v is less than 1e-18, far below any epsilon. */
export const LEAST_SQUARE = 2 ** -120;

/** So many partial sums keep a large GPU busy; longer runs than this would hold too many small tensors. */
const MANY_SUMS = 512;
const LEAST_RUN = 1024;
const MOST_RUN = 2 ** 17;

/** Places that one partial sum of squares covers, of `length` in all. */
export function squaresRun(length: number): number {
  const share = Math.ceil(length / MANY_SUMS / PACK_ALIGNMENT) * PACK_ALIGNMENT;
  return Math.min(Math.max(share, LEAST_RUN), MOST_RUN);
}

interface Updated {
  readonly parameters: readonly TensorType[];
  readonly gradients: readonly TensorType[];
}

/** Gradients have the types of their parameters, and each state tensor has room for all of them. */
function checkUpdate(op: string, ins: Updated, state: Readonly<Record<string, TensorType>>): void {
  const { parameters, gradients } = ins;
  if (parameters.length !== gradients.length) {
    throw new ArgumentError(
      complaint(
        op,
        "there must be a gradient for every parameter",
        `${parameters.length} parameters and ${gradients.length} gradients`,
        "Give them in the same order.",
      ),
    );
  }
  parameters.forEach((parameter, i) => {
    const gradient = gradients[i] ?? parameter;
    checkDType(op, `parameter ${i}`, parameter, ["f32"]);
    checkDType(op, `gradient ${i}`, gradient, ["f32"]);
    const meaning = `Parameter ${i} is ${describe(parameter)}.`;
    checkShape(op, `gradient ${i}`, gradient, parameter.shape, meaning);
  });
  const { length } = packedOffsets(parameters.map((p) => p.shape));
  for (const [name, type] of Object.entries(state)) {
    checkDType(op, name, type, ["f32"]);
    checkShape(op, name, type, [length], "State has packedOffsets(shapes).length elements.");
  }
}

function checkDecay(op: string, weightDecay: number): void {
  checkOption(op, "weightDecay", weightDecay, weightDecay >= 0, "0 or more");
}

const reason = (op: string) => ({
  notDifferentiable: `${op} changes parameters in place; a gradient through training steps is not provided.`,
});

export const optimizerOps = {
  /**
   * Σ x² over all tensors, in partial sums: the elements that lie packed at places p · n to (p + 1) · n, where n is
   * `squaresRun` of their length, make out[p]. `watched` are tensors for the first xs, one for each, of its shape: where one
   * of their elements is not finite, neither is the sum of x there.
   */
  squareSums: {
    inputs: { xs: "many", watched: "many" },
    outputs: { out: "one" },
    cost: "expensive",
    packs: ["xs", "watched"],
    infer({ xs, watched }) {
      xs.forEach((x, i) => {
        checkDType("sumOfSquares", `x ${i}`, x, ["f32"]);
      });
      if (xs.length === 0) {
        const remedy = "Give one or more.";
        throw new ShapeError(
          complaint("sumOfSquares", "there must be a tensor", "no tensors", remedy),
        );
      }
      watched.forEach((x, i) => {
        checkDType("sumOfSquares", `watched ${i}`, x, ["f32"]);
        const meaning = "What is watched has the shapes of what is summed.";
        checkShape("sumOfSquares", `watched ${i}`, x, xs[i]?.shape ?? [], meaning);
      });
      const { length } = packedOffsets(xs.map(({ shape }) => shape));
      return {
        out: { dtype: "f32", shape: [Math.max(1, Math.ceil(length / squaresRun(length)))] },
      };
    },
    vjp(emit, { ins, cotangents }) {
      const m = arithmetic(emit);
      const g = given(cotangents.out);
      const [sums = 1] = g.type.shape;
      const shapes = ins.xs.map(({ type }) => type.shape);
      const { offsets, length } = packedOffsets(shapes);
      const run = squaresRun(length);
      const each = m.broadcastTo(m.reshape(m.mul(2, g), [sums, 1]), [sums, run]);
      const packed = m.reshape(each, [sums * run]);
      return {
        xs: ins.xs.map((x, i) => {
          const { shape } = x.type;
          const own = m.slice(packed, [offsets[i] ?? 0], [sizeOf(shape)]);
          return m.mul(m.reshape(own, shape), x);
        }),
        watched: ins.watched.map(() => undefined),
      };
    },
  },

  /**
   * Stochastic gradient descent with PyTorch's momentum (no dampening):
   *   d = scale · g + weightDecay · p        (L2 regularisation)
   *   velocity = momentum · velocity + d      (0 where its size is below LEAST_MOMENT)
   *   p = p − learningRate · (nesterov ? d + momentum · velocity : velocity)
   */
  sgd: {
    inputs: {
      parameters: "many",
      gradients: "many",
      velocity: "one",
      learningRate: "one",
      scale: "one",
      apply: "one",
    },
    outputs: { parameters: "many", velocity: "one" },
    cost: "expensive",
    overwrites: { parameters: "parameters", velocity: "velocity" },
    packs: ["parameters", "gradients"],
    infer(ins, { momentum, nesterov, weightDecay }) {
      const { velocity, learningRate, scale, apply } = ins;
      checkUpdate("sgd", ins, { velocity });
      for (const [name, type] of Object.entries({ learningRate, scale, apply })) {
        checkScalar("sgd", name, type);
      }
      checkOption("sgd", "momentum", momentum, momentum >= 0, "0 or more");
      checkOption("sgd", "momentum", momentum, !nesterov || momentum > 0, "above 0 for nesterov");
      checkDecay("sgd", weightDecay);
      return { parameters: ins.parameters, velocity };
    },
    vjp: (_emit, { ins }) => ({
      parameters: ins.parameters.map(() => reason("sgd")),
      gradients: ins.gradients.map(() => reason("sgd")),
      velocity: reason("sgd"),
      learningRate: reason("sgd"),
      scale: reason("sgd"),
      apply: reason("sgd"),
    }),
  },

  /**
   * Adam (Kingma & Ba 2015, algorithm 1) with decoupled weight decay (Loshchilov & Hutter 2019), t = step:
   *   d = scale · g
   *   m = beta1 · m + (1 − beta1) · d         (0 where its size is below LEAST_MOMENT)
   *   v = beta2 · v + (1 − beta2) · d²        (0, both the second term and the sum, where below LEAST_SQUARE)
   *   p = p − learningRate · (m / (1 − beta1ᵗ) / (√(v / (1 − beta2ᵗ)) + epsilon) + weightDecay · p)
   */
  adam: {
    inputs: {
      parameters: "many",
      gradients: "many",
      m: "one",
      v: "one",
      learningRate: "one",
      step: "one",
      scale: "one",
      apply: "one",
    },
    outputs: { parameters: "many", m: "one", v: "one" },
    cost: "expensive",
    overwrites: { parameters: "parameters", m: "m", v: "v" },
    packs: ["parameters", "gradients"],
    infer(ins, { beta1, beta2, epsilon, weightDecay }) {
      const { m, v, learningRate, step, scale, apply } = ins;
      checkUpdate("adam", ins, { m, v });
      for (const [name, type] of Object.entries({ learningRate, step, scale, apply })) {
        checkScalar("adam", name, type);
      }
      checkOption("adam", "beta1", beta1, beta1 >= 0 && beta1 < 1, "from 0 to below 1");
      checkOption("adam", "beta2", beta2, beta2 >= 0 && beta2 < 1, "from 0 to below 1");
      checkOption("adam", "epsilon", epsilon, epsilon > 0, "above 0");
      checkDecay("adam", weightDecay);
      return { parameters: ins.parameters, m, v };
    },
    vjp: (_emit, { ins }) => ({
      parameters: ins.parameters.map(() => reason("adam")),
      gradients: ins.gradients.map(() => reason("adam")),
      m: reason("adam"),
      v: reason("adam"),
      learningRate: reason("adam"),
      step: reason("adam"),
      scale: reason("adam"),
      apply: reason("adam"),
    }),
  },
} satisfies Pick<OpTable, "squareSums" | "sgd" | "adam">;
