/** One layer of any recurrent cell over a whole sequence. */
import { anything, check, checkOptions, flag, record, text } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { bodyOfCell } from "../graph/cell-body.ts";
import { emit, type GraphValue } from "../graph/graph.ts";
import type { CellBody } from "../ops/cells/body.ts";
import { type Cell, isCell } from "../ops/cells/cell.ts";
import { finalRow } from "../ops/tapes.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { checkTensor, checkTensors, wrap } from "./apply.ts";
import { zeros } from "./creation.ts";
import { checkSequence, outputs, project } from "./recurrent-walk.ts";
import { isFlowWanted, noteWalk } from "./recurrent-watch.ts";

/** How a recurrent layer walks a sequence. */
export interface SequenceOptions {
  /** From the last step to the first; the final state is then that of step 0. */
  readonly reverse?: boolean;
  /**
   * i32[B]: how many steps each sequence has. Behind its end a sequence keeps its state, its y is 0 and no gradient
   * comes from there; what x holds there does not matter, as long as it is finite. Walked in reverse, it begins at its
   * own end.
   */
  readonly lengths?: Tensor;
  /** What `gradientFlow` and `recurrentSteps` call the layer; the kind of cell where nothing is said. */
  readonly name?: string;
}

export const SEQUENCE_RULES = { reverse: flag, lengths: anything, name: text };

/** h at every step, f32[T, B, H], and the state behind the last step of the walk. */
export interface Walked<S> {
  /** The first state at every step, [T, B, U]. */
  readonly y: Tensor;
  /** What the last step left, [B, U] each. */
  readonly state: S;
}

/** Weights of one layer of a cell. I inputs, H hidden units. */
export interface CellWeights {
  /** [I, H, inputs of the cell] */
  readonly input: Tensor;
  /** [H, H, sums of the cell], as [previous unit][unit][sum]; left out where it has none */
  readonly recurrent?: Tensor | undefined;
  /** [H, inputs of the cell] */
  readonly bias: Tensor;
  /** [H] each, by the cell's names */
  readonly vectors?: Readonly<Record<string, Tensor>>;
}

/** The cell's states by its names, [B, H] each. */
export type CellState = Readonly<Record<string, Tensor>>;

/**
 * One layer of a cell over a whole sequence. x f32[T, B, I] → y f32[T, B, H], the cell's first state at every step. The
 * input's part of all steps is one product; what waits for the step before is walked by the device's fused kernels where it
 * has such for the cell (`explain()` tells), otherwise as a `scan`.
 *
 * @throws ArgumentError for weights or a state that the cell does not name, ShapeError where they do not fit,
 *   DTypeError unless they are f32
 */
export function recurrent(
  cell: Cell,
  x: Tensor,
  weights: CellWeights,
  initial?: CellState,
  options: SequenceOptions = {},
): Walked<CellState> {
  check("recurrent", "the cell", cell, isCell, "Make one with cell({ states, sums, step }).");
  const body = bodyOfCell(cell);
  const { name } = body;
  checkOptions(name, options, SEQUENCE_RULES);
  checkSequence(name, x, weights);
  const { input, recurrent: own, bias, vectors = {} } = weights;
  checkTensors(name, { recurrent: own, lengths: options.lengths });
  return walkProjected(
    body,
    project(x, input, bias),
    { recurrent: own, vectors },
    initial,
    options,
  );
}

/** The same, from x·W + b of all steps, f32[T, B, H, inputs of the cell]. */
export function walkProjected(
  cell: CellBody,
  projected: Tensor,
  { recurrent, vectors = {} }: Pick<CellWeights, "recurrent" | "vectors">,
  initial: CellState | undefined,
  { reverse = false, lengths, name = cell.name }: SequenceOptions,
): Walked<CellState> {
  const [, B = 0, H = 0] = projected.shape;
  const start = listed(cell, "state", cell.states, initial ?? {}, () => zeros([B, H]));
  const perUnit = listed(cell, "vector", cell.vectors, vectors);
  const { states, tape } = emit(
    "recurrence",
    {
      projected: projected.value,
      recurrent: recurrent?.value,
      vectors: perUnit.map(({ value }) => value),
      initial: start.map(({ value }) => value),
      lengths: lengths?.value,
    },
    { cell, reverse, flow: isFlowWanted() },
  );
  // Whatever `emit` returns is a graph value: ops see only their types.
  const tapes = states as readonly GraphValue[];
  const gates = tape as GraphValue | undefined;
  noteWalk({
    kind: "walk",
    name,
    cell,
    reverse,
    states: tapes,
    tape: gates,
    lengths: lengths?.value,
  });
  const [h = projected.value] = tapes;
  return {
    y: outputs(wrap(h), reverse, lengths),
    state: Object.fromEntries(
      cell.states.map((of, s) => [of, wrap(finalRow(emit, tapes[s] ?? h, reverse))]),
    ),
  };
}

/** Those of `given` in the order of `names`, and nothing else. */
function listed(
  { name }: CellBody,
  what: string,
  names: readonly string[],
  given: Readonly<Record<string, unknown>>,
  otherwise?: () => Tensor,
): Tensor[] {
  check(name, `the ${what}s`, given, record, `Give { ${names.join(", ")} }.`);
  const unknown = Object.keys(given).find((of) => !names.includes(of));
  if (unknown !== undefined) {
    throw new ArgumentError(
      `${name}: every ${what} must be one of the cell's, ${names.join(", ") || "which has none"}; got "${unknown}". Its names are those of its description.`,
    );
  }
  return names.map((of) => {
    const held = given[of];
    if (held === undefined && otherwise !== undefined) return otherwise();
    checkTensor(name, held, of);
    return held;
  });
}
