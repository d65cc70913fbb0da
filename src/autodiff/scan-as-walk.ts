/**
 * A scan whose step is that of a recurrent cell is that cell's walk: products of one state with captured weights, and
 * elementwise otherwise. So a cell that someone writes with `scan` has the fused kernels, forwards and backwards. What no
 * device walks is a loop again (scheduler/expand.ts).
 */
import { bodyOfCell } from "../graph/cell-body.ts";
import { firstId, type Given } from "../graph/close-over.ts";
import { emitAgain } from "../graph/emit-again.ts";
import { emit, type GraphValue } from "../graph/graph.ts";
import { type Cell, cell } from "../ops/cells/cell.ts";
import type { Value } from "../ops/op.ts";
import type { StepOutputs } from "../ops/step-body.ts";
import { before, finalRow, after as rowsAfter, zeros } from "../ops/tapes.ts";
import { type Shape, sameShape, sizeOf } from "../tensor/shape.ts";
import { type Joined, joinSums } from "./join-sums.ts";
import { type Leaf, StepReader } from "./step-expression.ts";
import { WalkInputs } from "./walk-inputs.ts";

/** Elements of a state from which on a step is worth a dispatch of its own. */
const MOST_REPEATED = 4096;

export interface Walked {
  readonly carry: readonly Value[];
  readonly ys: readonly Value[];
}

/** What the scan gives, by the walk of a cell; or why its step is none. Products of slices are in front of the loop already. */
export function walkOfStep(
  carry: readonly Given[],
  xs: readonly Given[],
  { next, ys }: StepOutputs<GraphValue>,
  { steps, reverse }: { readonly steps: number; readonly reverse: boolean },
): Walked | string {
  const shape = carry[0]?.value.type.shape;
  if (shape === undefined) return "it carries nothing";
  const isFloat = ({ value: { type } }: Pick<Given, "value">) => type.dtype === "f32";
  const isState = (given: Pick<Given, "value">) =>
    isFloat(given) && sameShape(given.value.type.shape, shape);
  if (!carry.every(isFloat)) return "its carry is not f32 throughout";
  if (!carry.every(isState)) return "its states differ in shape";
  // Rows of units; a number is one of one.
  const [units, batch] = [shape.at(-1) ?? 1, sizeOf(shape.slice(0, -1))];
  if (steps * batch * units === 0) return "it has no steps, rows or units";
  const given = carry.map(({ source }) => source.out);
  // What is given at every step is given already.
  const wholes = new Map(xs.map(({ source, value }) => [source.out, value]));
  // What else a step gives is a state that no step reads.
  const isMore = (y: GraphValue) => !wholes.has(y) && !next.includes(y) && !given.includes(y);
  const more = [...new Set(ys)].filter(isMore);
  if (!more.every((y) => isState({ value: y })))
    return "its y is neither what it carries nor f32 of its shape";
  const after = [...next, ...more];
  if (after.every(({ node }) => node.op === "source")) return "its step computes nothing";
  const sources = [carry, xs].map((list) => list.map(({ source }) => source));
  const [states = [], slices = []] = sources;
  const reader = new StepReader(states, slices, [batch, units], [...next, ...ys]);
  const made = after.map((value) => reader.read(value));
  if (reader.why !== undefined) return reader.why;
  if (reader.multiplied.size > 1) return "it multiplies more than one state";
  // The state that is multiplied comes first.
  const [first = 0] = reader.multiplied;
  const order = [first, ...after.keys()].filter((s, i) => i === 0 || s !== first);
  const step = joinSums(
    order.map((s) => made[s] as GraphValue),
    reader.leaves,
  );
  // Its walk would read as much as its tape is of what is the same at every step, or of nothing, to save what a step costs
  // beside its work.
  const read = [...step.inputs.values()];
  const repeats = read.length === 0 || read.some(({ of }) => of.kind === "captured");
  if (repeats && step.sums.size === 0 && batch * units > MOST_REPEATED)
    return "it reads the same at every step and no weights, and its steps are large";
  const ins = new WalkInputs(xs, { steps, batch, units }, firstId(states));
  const projected = ins.projected([...step.inputs.values()]);
  const recurrent = ins.recurrent([...step.sums.values()]);
  const vectors = [...step.vectors.values()].map(({ value, at }) => ins.vector(value, at));
  if (ins.why !== undefined) return ins.why;
  const walked = emit(
    "recurrence",
    {
      projected,
      recurrent,
      vectors,
      initial: order.map((s) => {
        const value = carry[s]?.value;
        return value === undefined ? zeros(emit, [batch, units]) : shaped(value, [batch, units]);
      }),
      lengths: undefined,
    },
    {
      cell: bodyOfCell(cellOf(step, order, reader.leaves)),
      reverse,
      flow: false,
    },
  );
  const tapeOf = (s: number) => walked.states[order.indexOf(s)] as Value;
  return {
    carry: carry.map((_, s) => shaped(finalRow(emit, tapeOf(s), reverse), shape)),
    ys: ys.map((y) => {
      const whole = wholes.get(y);
      if (whole !== undefined) return whole;
      const s = after.indexOf(y);
      const rows =
        s >= 0
          ? rowsAfter(emit, tapeOf(s), reverse)
          : before(emit, tapeOf(given.indexOf(y)), reverse);
      return shaped(rows, [steps, ...shape]);
    }),
  };
}

function shaped(value: Value, shape: Shape): Value {
  return sameShape(value.type.shape, shape) ? value : emit("reshape", { x: value }, { shape }).out;
}

/** `order` are the states by their places in the carry. */
function cellOf(
  { after, inputs, sums, vectors }: Joined,
  order: readonly number[],
  leaves: ReadonlyMap<GraphValue, Leaf>,
): Cell {
  const named = (prefix: string, stands: ReadonlyMap<GraphValue, unknown>) =>
    [...stands.keys()].map((stand, i) => [stand, `${prefix} ${i}`] as const);
  const names = new Map([
    ...named("sum", sums),
    ...named("vector", vectors),
    ...named("input", inputs).filter(([stand]) => !sums.has(stand)),
  ]);
  const nameOf = (stand: GraphValue) => names.get(stand) ?? "";
  const states = order.map((s) => `state ${s}`);
  return cell<string, string, string, string, string>({
    name: "scan",
    states,
    // A walk has a sequence, if one of zeros that nothing reads.
    inputs: inputs.size > 0 ? [...inputs.keys()].map(nameOf) : ["nothing"],
    sums: [...sums.keys()].map(nameOf),
    vectors: [...vectors.keys()].map(nameOf),
    step(_, x, before, perUnit) {
      const known = new Map([...names].map(([stand, name]) => [stand, x[name] ?? perUnit[name]]));
      for (const [stand, leaf] of leaves)
        if (leaf.kind === "state") known.set(stand, before[`state ${leaf.state}`]);
      const made = emitAgain(emit, after, known as Map<GraphValue, Value>);
      return Object.fromEntries(states.map((of, s) => [of, made[s] as Value]));
    },
  });
}
