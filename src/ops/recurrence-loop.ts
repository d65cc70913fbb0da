/** What a recurrence and its gradient mean: loops of the cell's own step, made of small ops. */
import { present } from "../present.ts";
import { arithmetic } from "./arithmetic.ts";
import type { CellBody } from "./cells/body.ts";
import type { Emit, Loop, Named, Value } from "./op.ts";
import {
  after,
  before,
  extentOf,
  liveRows,
  stepNumbers,
  tapeOf,
  whereLive,
  zeros,
} from "./tapes.ts";
import type { Attrs, ByInput, ByOutput } from "./vocabulary.ts";

/** Each number of the last dimension by itself: [..., n] → n of [...]. */
export function lastOf(emit: Emit, x: Value): Value[] {
  const m = arithmetic(emit);
  const rest = x.type.shape.slice(0, -1);
  const count = x.type.shape.at(-1) ?? 0;
  if (count === 1) return [m.reshape(x, rest)];
  return Array.from({ length: count }, (_, i) =>
    m.reshape(m.slice(x, [...rest.map(() => 0), i], [...rest, 1]), rest),
  );
}

/** The same back again, along a new last dimension. */
export function joinedLast(emit: Emit, xs: readonly Value[]): Value {
  const m = arithmetic(emit);
  const wide = xs.map((x) => m.reshape(x, [...x.type.shape, 1]));
  const [only, ...others] = wide;
  if (only !== undefined && others.length === 0) return only;
  const axis = (only?.type.shape.length ?? 1) - 1;
  return emit("concat", { xs: wide }, { axis }).out;
}

export function loopForward(
  emit: Emit,
  { projected, recurrent, vectors, initial, lengths }: ByInput<"recurrence", Value>,
  { cell, reverse }: Attrs<"recurrence">,
  loop: Loop,
): ByOutput<"recurrence", Value> {
  const m = arithmetic(emit);
  const extent = extentOf(projected.type.shape);
  const { steps, batch, units } = extent;
  const [weights, later] = matricesOf(emit, cell, recurrent, units);
  const { ys } = loop(
    (carry, { x, t }) => {
      const h = listed(carry);
      const inputs = lastOf(emit, present(x));
      const sums = sumsOf(emit, cell, inputs, 0, multiply(emit, h[0], weights, units));
      const at = { inputs, sums, before: h, vectors };
      if (later !== undefined) {
        const product = multiply(emit, whole(cell.between(emit, at)), later, units);
        sums.push(...sumsOf(emit, cell, inputs, cell.firstSums, product));
      }
      const { after: made, tape } = cell.advance(emit, at);
      const live = liveRows(m, lengths, t);
      const next = made.map((value, s) => whereLive(m, live, whole(value), present(h[s])));
      return {
        carry: numbered(next),
        y: {
          ...numbered(next),
          ...(tape.length > 0 && {
            tape: joinedLast(
              emit,
              tape.map((value) => whereLive(m, live, whole(value), 0)),
            ),
          }),
        } satisfies Named as Named,
      };
    },
    numbered(initial),
    { x: projected, t: stepNumbers(emit, lengths, steps) },
    reverse,
  );
  return {
    states: initial.map((first, s) => tapeOf(emit, first, present(ys[s]), reverse)),
    tape: ys.tape,
  };

  /** A step may give what is the same for all rows. */
  function whole(x: Value): Value {
    return x.type.shape.length === 2 ? x : m.broadcastTo(x, [batch, units]);
  }
}

/** `gTape` is the gradient with respect to the tape itself, where there is one. */
export function loopBackward(
  emit: Emit,
  { recurrent, vectors, states, tape, gStates, lengths }: ByInput<"recurrenceGrad", Value>,
  { cell, reverse, flow, watched }: Attrs<"recurrenceGrad">,
  loop: Loop,
  gTape?: Value,
): ByOutput<"recurrenceGrad", Value> {
  const m = arithmetic(emit);
  const { batch, units, steps } = extentOf(present(states[0]).type.shape);
  const [weights, later] = matricesOf(emit, cell, recurrent, units);
  const each = <T>(prefix: string, values: readonly T[]) =>
    Object.fromEntries(values.map((value, i) => [`${prefix} ${i}`, value]));
  const { carry, ys } = loop(
    (carried, step) => {
      const live = liveRows(m, lengths, step.t);
      const all = listed(carried).map((g, s) => {
        const place = watched.indexOf(s);
        return place === -1 ? g : m.add(g, present(step[`g ${place}`]));
      });
      const gAfter = all.map((g) => whereLive(m, live, g, 0));
      const at = {
        tape: step.tape === undefined ? [] : lastOf(emit, step.tape),
        before: states.map((_, s) => present(step[`before ${s}`])),
        after: states.map((_, s) => present(step[`after ${s}`])),
        vectors,
        gAfter,
        ...(step.gTape && {
          gTape: lastOf(emit, step.gTape).map((g) => whereLive(m, live, g, 0)),
        }),
      };
      const wide = (gs: readonly Value[]) => gs.map((g) => whereLive(m, live, whole(g), 0));
      const gBetween =
        later && multiplyBack(emit, wide(cell.retreatBetween(emit, at)), later, units);
      const { gInputs, gSums, gBefore, gVectors, flow: reached } = cell.retreat(emit, at, gBetween);
      const sums = wide(gSums);
      const back = weights && multiplyBack(emit, sums.slice(0, cell.firstSums), weights, units);
      const next = all.map((g, s) => {
        const beside = gBefore[s] && whole(gBefore[s]);
        const through = s === 0 ? back : undefined;
        const both = through && beside ? m.add(through, beside) : (through ?? beside);
        return whereLive(m, live, both ?? zeros(emit, [batch, units]), g);
      });
      return {
        carry: numbered(next),
        y: {
          gProjected: joinedLast(emit, wide(gInputs)),
          ...(!cell.isJoint && sums.length > 0 && { gSums: joinedLast(emit, sums) }),
          ...(gVectors.length > 0 && { gVectors: joinedLast(emit, wide(gVectors)) }),
          ...(flow && each("flow", wide(reached))),
        } satisfies Named as Named,
      };
    },
    numbered(states.map(() => zeros(emit, [batch, units]))),
    {
      tape,
      gTape,
      ...each(
        "before",
        states.map((x) => before(emit, x, reverse)),
      ),
      ...each(
        "after",
        states.map((x) => after(emit, x, reverse)),
      ),
      ...each("g", gStates),
      t: stepNumbers(emit, lengths, steps - 1),
    } as Named,
    !reverse,
  );
  return {
    gProjected: present(ys.gProjected),
    gSums: ys.gSums,
    gVectors: ys.gVectors,
    gInitial: listed(carry),
    flow: flow ? states.map((_, s) => present(ys[`flow ${s}`])) : [],
  };

  function whole(x: Value): Value {
    return x.type.shape.length === 2 ? x : m.broadcastTo(x, [batch, units]);
  }
}

/** The recurrent weights of the first product, and of the second: [U, U · sums]. */
function matricesOf(
  emit: Emit,
  { firstSums, sums }: CellBody,
  recurrent: Value | undefined,
  units: number,
): (Value | undefined)[] {
  if (recurrent === undefined) return [];
  const m = arithmetic(emit);
  const flat = (from: number, count: number) =>
    count === 0
      ? undefined
      : m.reshape(m.slice(recurrent, [0, 0, from], [units, units, count]), [units, units * count]);
  return [flat(0, firstSums), flat(firstSums, sums.length - firstSums)];
}

/** x [B, U] · weights → [B, U, sums]. */
function multiply(
  emit: Emit,
  x: Value | undefined,
  weights: Value | undefined,
  units: number,
): Value | undefined {
  if (x === undefined || weights === undefined) return undefined;
  const [batch = 0] = x.type.shape;
  const sums = (weights.type.shape[1] ?? 0) / units;
  const product = emit("matmul", { a: x, b: weights }, { transposeA: false, transposeB: false });
  return arithmetic(emit).reshape(product.out, [batch, units, sums]);
}

/** Gradients of sums, [B, U] each, · weightsᵀ → [B, U]. */
function multiplyBack(emit: Emit, gSums: readonly Value[], weights: Value, units: number): Value {
  const joined = joinedLast(emit, gSums);
  const [batch = 0] = joined.type.shape;
  const a = arithmetic(emit).reshape(joined, [batch, units * gSums.length]);
  return emit("matmul", { a, b: weights }, { transposeA: false, transposeB: true }).out;
}

/** Each sum of a product, from the `first` of the cell's on, with the input of its name. */
function sumsOf(
  emit: Emit,
  cell: CellBody,
  inputs: readonly Value[],
  first: number,
  product: Value | undefined,
): Value[] {
  if (product === undefined) return [];
  const m = arithmetic(emit);
  return lastOf(emit, product).map((sum, i) => {
    const input = inputs[cell.inputs.indexOf(cell.sums[first + i] ?? "")];
    return input === undefined ? sum : m.add(input, sum);
  });
}

const numbered = (values: readonly Value[]): Named =>
  Object.fromEntries(values.map((value, i) => [i, value]));

const listed = (values: Named): Value[] => Object.values(values).map(present);
