import { callable, check } from "../arguments.ts";
import { originalOf } from "../autodiff/checkpoint.ts";
import { reachable } from "../graph/graph.ts";
import { Tensor, type Variable } from "../runtime/tensor.ts";
import type { Shape } from "../tensor/shape.ts";
import { checkVariables, type Operand } from "./apply.ts";
import { arange, tensor, zeros } from "./creation.ts";
import { abs, add, cast, div, greater, less, mul, or, sqrt, square, where } from "./elementwise.ts";
import { type Gradients, gradientsOf } from "./gradients.ts";
import { concat, reshape, slice } from "./movement.ts";
import { type Walk, whileWatching } from "./recurrent-watch.ts";
import { max, sum } from "./reduce.ts";

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
 * ∂loss/∂c_t down; inside a compiled step nothing is read back. A layer with `checkpoint`
 * is looked at part by part and keeps no gates for it; what is held is ∂loss/∂h_t and ∂loss/∂c_t of its steps.
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
  check("gradientFlow", "fn", fn, callable);
  checkVariables("gradientFlow", variables, "variables");
  // Gates are looked at where they are, before a part's are let go or the backward pass takes their memory.
  const gates = new Map<Walk, GateSums>();
  const { result: loss, sequences } = whileWatching(fn, (walk) => {
    const sums = gateSums(walk);
    if (sums !== undefined) gates.set(walk, sums);
  });
  const gradients = gradientsOf(loss, variables);
  const steps = stepGradients([...gradients.values()]);
  const flow = sequences.flatMap((parts) => {
    const [first] = parts;
    if (first === undefined) return [];
    const { name, cell, reverse } = first;
    const inTime = reverse ? parts.toReversed() : parts;
    const along = (at: (found: StepGradients | undefined) => Tensor | undefined) => {
      const pieces = inTime.map((part) => at(steps.get(part.tape)) ?? zeros(stepsOf(part)));
      return norms(pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : concat(pieces));
    };
    return {
      name,
      cell,
      reverse,
      h: along((found) => found?.gH),
      c: cell === "lstm" ? along((found) => found?.gC) : undefined,
      gates: gatesOf(
        cell,
        parts.flatMap((part) => gates.get(part) ?? []),
      ),
    };
  });
  return { loss, gradients, flow };
}

interface StepGradients {
  readonly gH: Tensor;
  readonly gC: Tensor | undefined;
}

/**
 * ∂loss/∂h_t and ∂loss/∂c_t, [T, B, U], by the tape of the walk: outputs of its gradient op, which reads a copy of the
 * tape where the walk was a checkpoint.
 */
function stepGradients(gradients: readonly Tensor[]): Map<Walk["tape"], StepGradients> {
  const found = new Map<Walk["tape"], StepGradients>();
  for (const node of reachable(gradients.map(({ value }) => value))) {
    if (node.op === "lstmGrad" && node.outs.gH !== undefined) {
      const gC = node.outs.gC && new Tensor(node.outs.gC);
      found.set(originalOf(node.ins.cells), { gH: new Tensor(node.outs.gH), gC });
    } else if ((node.op === "rnnGrad" || node.op === "gruGrad") && node.outs.gH !== undefined) {
      found.set(originalOf(node.ins.states), { gH: new Tensor(node.outs.gH), gC: undefined });
    }
  }
  return found;
}

/** The shape of what a tape says of every step, behind the row before the first: [T, B, U]. */
function stepsOf({ tape }: Walk): Shape {
  const [rows = 1, ...rest] = tape.type.shape;
  return [rows - 1, ...rest];
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

/** What the gates of a part of a sequence did, over its steps that count. */
interface GateSums {
  /** f32 of one number a gate. */
  readonly sum: Tensor;
  readonly saturated: Tensor;
  /** How many elements of a gate there are; f32[] where lengths decide. */
  readonly count: Operand;
}

function gateSums({ cell, gates: value, lengths }: Walk): GateSums | undefined {
  if (cell === "rnn" || value === undefined) return undefined;
  const { names, lowest } = GATES[cell];
  const all = new Tensor(value);
  const [T = 0, B = 0, U = 0] = all.shape;
  const gates = names.length === 4 ? all : slice(all, [0, 0, 0, 0], [T, B, U, names.length]);
  const floor = tensor(Float32Array.from(lowest), [names.length]);
  const live = lengths === undefined ? undefined : liveSteps(new Tensor(lengths), T);
  const total = (x: Tensor) => sum(live === undefined ? x : mul(x, live), { axis: [0, 1, 2] });
  return {
    sum: total(gates),
    saturated: total(cast(or(greater(gates, 0.9), less(gates, floor)), "f32")),
    count: live === undefined ? T * B * U : mul(sum(live), U),
  };
}

function gatesOf(cell: Walk["cell"], parts: readonly GateSums[]): RecurrentFlow["gates"] {
  if (cell === "rnn" || parts.length === 0) return undefined;
  const total = (of: (part: GateSums) => Operand) => parts.map(of).reduce((a, b) => add(a, b));
  const count = total((part) => part.count);
  return {
    names: GATES[cell].names,
    mean: div(
      total((part) => part.sum),
      count,
    ),
    saturated: div(
      total((part) => part.saturated),
      count,
    ),
  };
}

/** f32 [T, B, 1, 1]: 1 while a sequence lasts. */
function liveSteps(lengths: Tensor, T: number): Tensor {
  const step = reshape(arange(T), [T, 1]);
  const isLive = cast(greater(reshape(lengths, [1, lengths.size]), step), "f32");
  return reshape(isLive, [T, lengths.size, 1, 1]);
}
