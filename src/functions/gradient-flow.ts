import { reachable } from "../graph/graph.ts";
import { Tensor, type Variable } from "../runtime/tensor.ts";
import { arange, tensor, zeros } from "./creation.ts";
import { abs, cast, div, greater, less, mul, or, sqrt, square, where } from "./elementwise.ts";
import { type Gradients, gradientsOf } from "./gradients.ts";
import { reshape, slice } from "./movement.ts";
import { type Walk, whileWatching } from "./recurrent-watch.ts";
import { max, mean, sum } from "./reduce.ts";

/** How the gradient of a loss flows through one recurrent layer in one direction. */
export interface RecurrentFlow {
  readonly name: string;
  readonly cell: "rnn" | "gru" | "lstm";
  readonly reverse: boolean;
  /** f32[T]: ‖∂loss/∂h_t‖ over batch and units, through all later steps. */
  readonly h: Tensor;
  /** f32[T]: ‖∂loss/∂c_t‖; of an lstm. */
  readonly c: Tensor | undefined;
  /** What the gates did in the forward pass, f32 of one number a gate; ended sequences do not count. */
  readonly gates:
    | {
        readonly names: readonly string[];
        readonly mean: Tensor;
        /** Share of elements above 0.9 or below 0.1 (of a tanh: −0.9), where gradients hardly pass. */
        readonly saturated: Tensor;
      }
    | undefined;
}

/**
 * Loss and gradients as `valueAndGrad` has them, and how the gradient flows back in time through every recurrent layer
 * that `fn` walks, in their order. All of it comes from the same backward pass, whose kernels also write ∂loss/∂h_t and
 * ∂loss/∂c_t down; inside a compiled step nothing is read back. A layer with `checkpoint` keeps its gates for this once.
 * The measure of Pascanu, Mikolov & Bengio 2013; gates as in Karpathy, Johnson & Fei-Fei 2015.
 */
export function gradientFlow(
  variables: readonly Variable[],
  fn: () => Tensor,
): {
  readonly loss: Tensor;
  readonly gradients: Gradients;
  readonly flow: readonly RecurrentFlow[];
} {
  const { result: loss, walks } = whileWatching(fn);
  // Before the backward pass, which takes the gates' memory.
  const gates = walks.map(gatesOf);
  const gradients = gradientsOf(loss, variables);
  const steps = stepGradients([...gradients.values()]);
  const flow = walks.map((walk, i): RecurrentFlow => {
    const { name, cell, reverse, tape } = walk;
    const found = steps.get(tape);
    const none = () => zeros([Math.max(0, (tape.type.shape[0] ?? 1) - 1)]);
    return {
      name,
      cell,
      reverse,
      h: found ? norms(found.gH) : none(),
      c: cell === "lstm" ? (found?.gC ? norms(found.gC) : none()) : undefined,
      gates: gates[i],
    };
  });
  return { loss, gradients, flow };
}

interface StepGradients {
  readonly gH: Tensor;
  readonly gC: Tensor | undefined;
}

/** ∂loss/∂h_t and ∂loss/∂c_t, [T, B, U], by the tape of the layer: outputs of its gradient op. */
function stepGradients(gradients: readonly Tensor[]): Map<Walk["tape"], StepGradients> {
  const found = new Map<Walk["tape"], StepGradients>();
  for (const node of reachable(gradients.map(({ value }) => value))) {
    if (node.op === "lstmGrad" && node.outs.gH !== undefined) {
      const gC = node.outs.gC && new Tensor(node.outs.gC);
      found.set(node.ins.cells, { gH: new Tensor(node.outs.gH), gC });
    } else if ((node.op === "rnnGrad" || node.op === "gruGrad") && node.outs.gH !== undefined) {
      found.set(node.ins.states, { gH: new Tensor(node.outs.gH), gC: undefined });
    }
  }
  return found;
}

/** ‖x_t‖ of x [T, B, U]. What has come far back is small: its squares alone would be 0. */
function norms(x: Tensor): Tensor {
  const over = { axis: [1, 2] };
  const largest = max(abs(x), over);
  const scale = where(greater(largest, 0), largest, 1);
  return mul(scale, sqrt(sum(square(div(x, reshape(scale, [scale.size, 1, 1]))), over)));
}

const GATES = {
  lstm: { names: ["input", "forget", "candidate", "output"], lowest: [0.1, 0.1, -0.9, 0.1] },
  gru: { names: ["reset", "update", "candidate"], lowest: [0.1, 0.1, -0.9] },
} as const;

function gatesOf({ cell, gates: value, lengths }: Walk): RecurrentFlow["gates"] {
  if (cell === "rnn" || value === undefined) return undefined;
  const { names, lowest } = GATES[cell];
  const all = new Tensor(value);
  const [T = 0, B = 0, U = 0] = all.shape;
  const gates = names.length === 4 ? all : slice(all, [0, 0, 0, 0], [T, B, U, names.length]);
  const floor = tensor(Float32Array.from(lowest), [names.length]);
  const live = lengths === undefined ? undefined : liveSteps(new Tensor(lengths), T);
  const average = (x: Tensor) =>
    live === undefined
      ? mean(x, { axis: [0, 1, 2] })
      : div(sum(mul(x, live), { axis: [0, 1, 2] }), mul(sum(live), U));
  return {
    names,
    mean: average(gates),
    saturated: average(cast(or(greater(gates, 0.9), less(gates, floor)), "f32")),
  };
}

/** f32 [T, B, 1, 1]: 1 while a sequence lasts. */
function liveSteps(lengths: Tensor, T: number): Tensor {
  const step = reshape(arange(T), [T, 1]);
  const isLive = cast(greater(reshape(lengths, [1, lengths.size]), step), "f32");
  return reshape(isLive, [T, lengths.size, 1, 1]);
}
