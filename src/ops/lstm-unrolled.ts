/**
 * The LSTM step by step, in small ops: what the fused kernels are tested against, and the way to derivatives of its
 * gradient. The equations are in lstm.ts. The graph grows with T, so this is not for training.
 */
import { arithmetic } from "./arithmetic.ts";
import type { Emit, Value } from "./op.ts";
import {
  after,
  before,
  extentOf,
  gateOf,
  joinGates,
  liveRows,
  sigmoidSlope,
  stack,
  stepOf,
  walk,
  whereLive,
  zerosLike,
} from "./recurrence.ts";
import type { ByInput, ByOutput, Recurrence } from "./vocabulary.ts";

export function unrolledForward(
  emit: Emit,
  { projected, recurrent, h0, c0, lengths }: ByInput<"lstm", Value>,
  { reverse }: Recurrence,
): ByOutput<"lstm", Value> {
  const m = arithmetic(emit);
  const { steps, batch, units } = extentOf(projected.type.shape);
  const weights = m.reshape(recurrent, [units, units * 4]);
  const [states, cells, gates]: [Value[], Value[], Value[]] = [[h0], [c0], []];
  let [h, c] = [h0, c0];
  for (const t of walk(steps, reverse)) {
    const live = liveRows(m, lengths, t);
    const product = emit("matmul", { a: h, b: weights }, { transposeA: false, transposeB: false });
    const a = m.add(stepOf(m, projected, t), m.reshape(product.out, [batch, units, 4]));
    const i = m.unary("sigmoid", gateOf(m, a, 0));
    const f = m.unary("sigmoid", gateOf(m, a, 1));
    const g = m.unary("tanh", gateOf(m, a, 2));
    const o = m.unary("sigmoid", gateOf(m, a, 3));
    const cell = m.add(m.mul(f, c), m.mul(i, g));
    h = whereLive(m, live, m.mul(o, m.unary("tanh", cell)), h);
    c = whereLive(m, live, cell, c);
    states.push(h);
    cells.push(c);
    gates[t] = joinGates(emit, [i, f, g, o]);
  }
  const tape = (rows: Value[]) => stack(emit, reverse ? rows.reverse() : rows);
  return { states: tape(states), cells: tape(cells), gates: stack(emit, gates) };
}

/** `gGates` [T, B, U, 4] is the gradient with respect to the activated gates themselves, where there is one. */
export function unrolledBackward(
  emit: Emit,
  { recurrent, cells, gates, gY, gCells, lengths }: ByInput<"lstmGrad", Value>,
  { reverse, flow }: Recurrence,
  gGates: Value | undefined,
): ByOutput<"lstmGrad", Value> {
  const m = arithmetic(emit);
  const { steps, batch, units } = extentOf(gates.type.shape);
  const weights = m.reshape(recurrent, [units, units * 4]);
  const [cellsBefore, cellsAfter] = [before(emit, cells, reverse), after(emit, cells, reverse)];
  const [parts, flowH, flowC] = [[], [], []] as [Value[], Value[], Value[]];
  const zero = zerosLike(emit, stepOf(m, gY, 0));
  let [gH, gC] = [zero, zero];
  for (const t of walk(steps, !reverse)) {
    const live = liveRows(m, lengths, t);
    const activated = stepOf(m, gates, t);
    const [i, f, g, o] = [0, 1, 2, 3].map((gate) => gateOf(m, activated, gate)) as unknown as Four;
    const tanhC = m.unary("tanh", stepOf(m, cellsAfter, t));
    const allH = m.add(stepOf(m, gY, t), gH);
    const allC = gCells ? m.add(stepOf(m, gCells, t), gC) : gC;
    const dh = whereLive(m, live, allH, 0);
    const throughH = m.mul(m.mul(dh, o), m.sub(1, m.unary("square", tanhC)));
    const dc = m.add(whereLive(m, live, allC, 0), throughH);
    const gStep = gGates && stepOf(m, gGates, t);
    const own = (gate: number, x: Value) => (gStep ? m.add(x, gateOf(m, gStep, gate)) : x);
    const part = joinGates(emit, [
      m.mul(own(0, m.mul(dc, g)), sigmoidSlope(m, i)),
      m.mul(own(1, m.mul(dc, stepOf(m, cellsBefore, t))), sigmoidSlope(m, f)),
      m.mul(own(2, m.mul(dc, i)), m.sub(1, m.unary("square", g))),
      m.mul(own(3, m.mul(dh, tanhC)), sigmoidSlope(m, o)),
    ]);
    [parts[t], flowH[t], flowC[t]] = [part, dh, dc];
    const flat = m.reshape(part, [batch, units * 4]);
    const back = emit("matmul", { a: flat, b: weights }, { transposeA: false, transposeB: true });
    gH = live === undefined ? back.out : m.add(back.out, whereLive(m, live, zero, allH));
    gC = whereLive(m, live, m.mul(dc, f), allC);
  }
  return {
    gProjected: stack(emit, parts),
    gH0: gH,
    gC0: gC,
    gH: flow ? stack(emit, flowH) : undefined,
    gC: flow ? stack(emit, flowC) : undefined,
  };
}

/** One value for each of i f g o. */
type Four = readonly [Value, Value, Value, Value];
