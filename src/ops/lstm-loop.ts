/**
 * The LSTM as a loop of small ops: what the fused kernels are tested against, and the way to derivatives of its gradient.
 * The equations are in lstm.ts.
 */
import { arithmetic } from "./arithmetic.ts";
import type { Emit, Loop, Value } from "./op.ts";
import {
  after,
  before,
  extentOf,
  gateOf,
  joinGates,
  liveRows,
  sigmoidSlope,
  stepNumbers,
  tapeOf,
  whereLive,
  zeros,
} from "./tapes.ts";
import type { ByInput, ByOutput, Recurrence } from "./vocabulary.ts";

export function loopForward(
  emit: Emit,
  { projected, recurrent, h0, c0, lengths }: ByInput<"lstm", Value>,
  { reverse }: Recurrence,
  loop: Loop,
): ByOutput<"lstm", Value> {
  const m = arithmetic(emit);
  const { steps, batch, units } = extentOf(projected.type.shape);
  const weights = m.reshape(recurrent, [units, units * 4]);
  const { ys } = loop(
    ({ h, c }, { x, t }) => {
      const live = liveRows(m, lengths, t);
      const product = emit(
        "matmul",
        { a: h, b: weights },
        { transposeA: false, transposeB: false },
      );
      const a = m.add(x, m.reshape(product.out, [batch, units, 4]));
      const i = m.unary("sigmoid", gateOf(m, a, 0));
      const f = m.unary("sigmoid", gateOf(m, a, 1));
      const g = m.unary("tanh", gateOf(m, a, 2));
      const o = m.unary("sigmoid", gateOf(m, a, 3));
      const next = m.add(m.mul(f, c), m.mul(i, g));
      const carry = {
        h: whereLive(m, live, m.mul(o, m.unary("tanh", next)), h),
        c: whereLive(m, live, next, c),
      };
      return { carry, y: { ...carry, gates: joinGates(emit, [i, f, g, o]) } };
    },
    { h: h0, c: c0 },
    { x: projected, t: stepNumbers(emit, lengths, steps) },
    reverse,
  );
  return {
    states: tapeOf(emit, h0, ys.h, reverse),
    cells: tapeOf(emit, c0, ys.c, reverse),
    gates: ys.gates,
  };
}

/** `gGates` [T, B, U, 4] is the gradient with respect to the activated gates themselves, where there is one. */
export function loopBackward(
  emit: Emit,
  { recurrent, cells, gates, gY, gCells, lengths }: ByInput<"lstmGrad", Value>,
  { reverse, flow }: Recurrence,
  loop: Loop,
  gGates?: Value,
): ByOutput<"lstmGrad", Value> {
  const m = arithmetic(emit);
  const { steps, batch, units } = extentOf(gates.type.shape);
  const weights = m.reshape(recurrent, [units, units * 4]);
  const zero = zeros(emit, [batch, units]);
  const { carry, ys } = loop(
    ({ gH, gC }, step) => {
      const live = liveRows(m, lengths, step.t);
      const [i, f, g, o] = [0, 1, 2, 3].map((k) => gateOf(m, step.gates, k)) as unknown as Four;
      const tanhC = m.unary("tanh", step.cellsAfter);
      const allH = m.add(step.gY, gH);
      const allC = step.gCells ? m.add(step.gCells, gC) : gC;
      const dh = whereLive(m, live, allH, 0);
      const throughH = m.mul(m.mul(dh, o), m.sub(1, m.unary("square", tanhC)));
      const dc = m.add(whereLive(m, live, allC, 0), throughH);
      const own = (gate: number, x: Value) =>
        step.gGates ? m.add(x, gateOf(m, step.gGates, gate)) : x;
      const part = joinGates(emit, [
        m.mul(own(0, m.mul(dc, g)), sigmoidSlope(m, i)),
        m.mul(own(1, m.mul(dc, step.cellsBefore)), sigmoidSlope(m, f)),
        m.mul(own(2, m.mul(dc, i)), m.sub(1, m.unary("square", g))),
        m.mul(own(3, m.mul(dh, tanhC)), sigmoidSlope(m, o)),
      ]);
      const flat = m.reshape(part, [batch, units * 4]);
      const back = emit("matmul", { a: flat, b: weights }, { transposeA: false, transposeB: true });
      return {
        carry: {
          gH: live === undefined ? back.out : m.add(back.out, whereLive(m, live, zero, allH)),
          gC: whereLive(m, live, m.mul(dc, f), allC),
        },
        y: { part, ...(flow && { dh, dc }) },
      };
    },
    { gH: zero, gC: zero },
    {
      gates,
      cellsBefore: before(emit, cells, reverse),
      cellsAfter: after(emit, cells, reverse),
      gY,
      gCells,
      gGates,
      t: stepNumbers(emit, lengths, steps),
    },
    !reverse,
  );
  return { gProjected: ys.part, gH0: carry.gH, gC0: carry.gC, gH: ys.dh, gC: ys.dc };
}

/** One value for each of i f g o. */
type Four = readonly [Value, Value, Value, Value];
