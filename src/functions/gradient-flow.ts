import { callable, check } from "../arguments.ts";
import { originalOf } from "../autodiff/checkpoint.ts";
import { type GraphValue, reachable } from "../graph/graph.ts";
import type { CellBody } from "../ops/cells/body.ts";
import { Tensor, type Variable } from "../runtime/tensor.ts";
import type { Shape } from "../tensor/shape.ts";
import { checkVariables, type Operand } from "./apply.ts";
import { unassigned } from "./assigned-meanwhile.ts";
import { arange, tensor, zeros } from "./creation.ts";
import { abs, add, cast, div, greater, less, mul, or, sqrt, square, where } from "./elementwise.ts";
import type { Gradients } from "./gradients.ts";
import { concat, reshape, slice } from "./movement.ts";
import { scalarGradients } from "./pull.ts";
import { type Walk, type WatchedLoop, whileWatching } from "./recurrent-watch.ts";
import { max, sum } from "./reduce.ts";

/** How the gradient of a loss flows through one recurrent layer in one direction, or through one `scan`. */
export interface RecurrentFlow {
  /** Which layer: the cell's name where it has none. */
  readonly name: string;
  /** The cell's name: "rnn", "gru", "lstm", or that of another one; "scan" where a `scan` was walked. */
  readonly cell: string;
  /** Whether it goes from the last step to the first. */
  readonly reverse: boolean;
  /** f32[T]: ‖∂loss/∂h_t‖ over batch and units, through all later steps, of the first state. */
  readonly h: Tensor;
  /** f32[T]: ‖∂loss/∂c_t‖, of a cell with such a state, as an lstm has. */
  readonly c: Tensor | undefined;
  /** The same of all states, by the cell's names. */
  readonly states: Readonly<Record<string, Tensor>>;
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
 * and every `scan` that `fn` walks, in their order. All of it comes from the same backward pass, whose kernels also write
 * ∂loss/∂h_t and ∂loss/∂c_t down; inside a compiled step nothing is read back. A layer with `checkpoint`
 * is looked at part by part and keeps no gates for it; what is held is ∂loss/∂h_t and ∂loss/∂c_t of its steps.
 * Of a `scan` the states are what it carries, by the names that the carry has (one tensor: "carry"), and there are no gates.
 * The measure of Pascanu, Mikolov & Bengio 2013; gates as in Karpathy, Johnson & Fei-Fei 2015.
 * @throws ShapeError unless the loss is one f32 number; ArgumentError for what are no variables or no function, and for a
 *   variable that `fn` reads and then assigns to
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
  const { result: loss, sequences } = whileWatching(
    () => unassigned("gradientFlow", variables, fn),
    {
      wantsFlow: true,
      look: (walk) => {
        const sums = gateSums(walk);
        if (sums !== undefined) gates.set(walk, sums);
      },
    },
  );
  const added = sequences.flatMap((one) => ("kind" in one ? [...one.zeros.values()] : []));
  const found = scalarGradients("gradientFlow", loss, [...variables, ...added]);
  const steps = stepGradients(found);
  const reached = new Map(added.map((zeros, i) => [zeros, found[variables.length + i]]));
  const flow = sequences.flatMap((one) =>
    "kind" in one ? flowOfLoop(one, reached) : flowOfWalk(one, steps, gates),
  );
  const own = variables.map((v, i) => [v, found[i] ?? zeros(v.shape)] as const);
  return { loss, gradients: new Map(own), flow };
}

function flowOfWalk(
  parts: readonly Walk[],
  steps: ReadonlyMap<GraphValue, readonly Tensor[]>,
  gates: ReadonlyMap<Walk, GateSums>,
): RecurrentFlow[] {
  const [first] = parts;
  if (first === undefined) return [];
  const { name, cell, reverse } = first;
  const inTime = reverse ? parts.toReversed() : parts;
  const along = (state: number) => {
    const pieces = inTime.map(
      (part) => steps.get(part.states[0] as GraphValue)?.[state] ?? zeros(stepsOf(part)),
    );
    return norms(pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : concat(pieces));
  };
  const own = parts.flatMap((part) => gates.get(part) ?? []);
  const states = cell.states.map((of, s) => [of, along(s)] as const);
  return flowOf({ name, cell: cell.name, reverse, gates: gatesOf(cell, own) }, states);
}

function flowOfLoop(
  { name, reverse, zeros: added }: WatchedLoop,
  reached: ReadonlyMap<Tensor, Tensor | undefined>,
): RecurrentFlow[] {
  const states = [...added].map(([of, x]) => [of, norms(reached.get(x) ?? x)] as const);
  return flowOf({ name, cell: "scan", reverse, gates: undefined }, states);
}

function flowOf(
  what: Pick<RecurrentFlow, "name" | "cell" | "reverse" | "gates">,
  along: readonly (readonly [string, Tensor])[],
): RecurrentFlow[] {
  const states = Object.fromEntries(along);
  return along.slice(0, 1).map(([, h]) => ({ ...what, h, c: states.c, states }));
}

/**
 * ∂loss/∂state_t of every state, [T, B, U], by the tape of the first: outputs of the walk's gradient op, which reads a copy
 * of the tapes where the walk was a checkpoint.
 */
function stepGradients(gradients: readonly Tensor[]): Map<GraphValue, readonly Tensor[]> {
  const found = new Map<GraphValue, readonly Tensor[]>();
  for (const node of reachable(gradients.map(({ value }) => value))) {
    const [first] = node.op === "recurrenceGrad" ? node.ins.states : [];
    if (node.op === "recurrenceGrad" && first !== undefined && node.outs.flow.length > 0)
      found.set(
        originalOf(first),
        node.outs.flow.map((flow) => new Tensor(flow)),
      );
  }
  return found;
}

/** The shape of what a tape says of every step, behind the row before the first: [T, B, U]. */
function stepsOf({ states }: Walk): Shape {
  const [rows = 1, ...rest] = states[0]?.type.shape ?? [];
  return [rows - 1, ...rest];
}

/** ‖x_t‖ of x [T, …]. What has come far back is small: its squares alone would be 0. */
function norms(x: Tensor): Tensor {
  const [steps = 0, ...rest] = x.shape;
  if (rest.length === 0) return abs(x);
  const over = { axis: rest.map((_, i) => i + 1) };
  const largest = max(abs(x), over);
  const scale = where(greater(largest, 0), largest, 1);
  return mul(scale, sqrt(sum(square(div(x, reshape(scale, [steps, ...rest.map(() => 1)]))), over)));
}

/** The gates of a cell: what its tape holds of a sigmoid or a tanh. They are saturated above 0.9 and below `lowest`. */
function gatesIn({ tape }: CellBody) {
  return tape.flatMap(({ name, activation }, place) =>
    activation === "sigmoid" || activation === "tanh"
      ? [{ name, place, lowest: activation === "sigmoid" ? 0.1 : -0.9 }]
      : [],
  );
}

/** What the gates of a part of a sequence did, over its steps that count. */
interface GateSums {
  /** f32 of one number a gate. */
  readonly sum: Tensor;
  readonly saturated: Tensor;
  /** How many elements of a gate there are; f32[] where lengths decide. */
  readonly count: Operand;
}

function gateSums({ cell, tape, lengths }: Walk): GateSums | undefined {
  const own = gatesIn(cell);
  if (tape === undefined || own.length === 0) return undefined;
  const all = new Tensor(tape);
  const [T = 0, B = 0, U = 0] = all.shape;
  const gates =
    own.length === cell.tape.length
      ? all
      : concat(
          own.map(({ place }) => slice(all, [0, 0, 0, place], [T, B, U, 1])),
          -1,
        );
  const floor = tensor(Float32Array.from(own.map(({ lowest }) => lowest)));
  const live = lengths === undefined ? undefined : liveSteps(new Tensor(lengths), T);
  const total = (x: Tensor) => sum(live === undefined ? x : mul(x, live), { axis: [0, 1, 2] });
  return {
    sum: total(gates),
    saturated: total(cast(or(greater(gates, 0.9), less(gates, floor)), "f32")),
    count: live === undefined ? T * B * U : mul(sum(live), U),
  };
}

function gatesOf(cell: CellBody, parts: readonly GateSums[]): RecurrentFlow["gates"] {
  if (parts.length === 0) return undefined;
  const total = (of: (part: GateSums) => Operand) => parts.map(of).reduce((a, b) => add(a, b));
  const count = total((part) => part.count);
  return {
    names: gatesIn(cell).map(({ name }) => name),
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
