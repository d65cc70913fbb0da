/**
 * The GRU as a loop of small ops: what the fused kernels are tested against, and the way to derivatives of its gradient.
 * The equations are in gru.ts.
 */
import { arithmetic } from "./arithmetic.ts";
import type { Emit, Loop, Value } from "./op.ts";
import {
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
  { projected, recurrent, bias, h0, lengths }: ByInput<"gru", Value>,
  { reverse }: Recurrence,
  loop: Loop,
): ByOutput<"gru", Value> {
  const m = arithmetic(emit);
  const { steps, batch, units } = extentOf(projected.type.shape);
  const weights = m.reshape(recurrent, [units, units * 3]);
  const { ys } = loop(
    ({ h }, { x, t }) => {
      const product = emit(
        "matmul",
        { a: h, b: weights },
        { transposeA: false, transposeB: false },
      );
      const sums = m.reshape(product.out, [batch, units, 3]);
      const r = m.unary("sigmoid", m.add(gateOf(m, x, 0), gateOf(m, sums, 0)));
      const z = m.unary("sigmoid", m.add(gateOf(m, x, 1), gateOf(m, sums, 1)));
      const candidate = m.add(gateOf(m, sums, 2), bias);
      const n = m.unary("tanh", m.add(gateOf(m, x, 2), m.mul(r, candidate)));
      const next = m.add(m.mul(m.sub(1, z), n), m.mul(z, h));
      const carry = { h: whereLive(m, liveRows(m, lengths, t), next, h) };
      return { carry, y: { ...carry, gates: joinGates(emit, [r, z, n, candidate]) } };
    },
    { h: h0 },
    { x: projected, t: stepNumbers(emit, lengths, steps) },
    reverse,
  );
  return { states: tapeOf(emit, h0, ys.h, reverse), gates: ys.gates };
}

/** `gGates` [T, B, U, 4] is the gradient with respect to the tape r z n m itself, where there is one. */
export function loopBackward(
  emit: Emit,
  { recurrent, states, gates, gY, lengths }: ByInput<"gruGrad", Value>,
  { reverse, flow }: Recurrence,
  loop: Loop,
  gGates?: Value,
): ByOutput<"gruGrad", Value> {
  const m = arithmetic(emit);
  const { steps, batch, units } = extentOf(gates.type.shape);
  const weights = m.reshape(recurrent, [units, units * 3]);
  const { carry, ys } = loop(
    ({ gH }, step) => {
      const live = liveRows(m, lengths, step.t);
      const [r, z, n, candidate] = [0, 1, 2, 3].map((k) =>
        gateOf(m, step.gates, k),
      ) as unknown as Four;
      const all = m.add(step.gY, gH);
      const dh = whereLive(m, live, all, 0);
      const own = (gate: number, x: Value) =>
        step.gGates ? m.add(x, gateOf(m, step.gGates, gate)) : x;
      const dn = m.mul(own(2, m.mul(dh, m.sub(1, z))), m.sub(1, m.unary("square", n)));
      const dz = m.mul(own(1, m.mul(dh, m.sub(step.h, n))), sigmoidSlope(m, z));
      const dr = m.mul(own(0, m.mul(dn, candidate)), sigmoidSlope(m, r));
      const sums = joinGates(emit, [dr, dz, own(3, m.mul(dn, r))]);
      const flat = m.reshape(sums, [batch, units * 3]);
      const back = emit("matmul", { a: flat, b: weights }, { transposeA: false, transposeB: true });
      const kept = live === undefined ? m.mul(dh, z) : whereLive(m, live, m.mul(dh, z), all);
      return {
        carry: { gH: m.add(back.out, kept) },
        y: { projected: joinGates(emit, [dr, dz, dn]), sums, ...(flow && { dh }) },
      };
    },
    { gH: zeros(emit, [batch, units]) },
    {
      gates,
      h: before(emit, states, reverse),
      gY,
      gGates,
      t: stepNumbers(emit, lengths, steps),
    },
    !reverse,
  );
  return { gProjected: ys.projected, gSums: ys.sums, gH0: carry.gH, gH: ys.dh };
}

/** One value for each of r z n m. */
type Four = readonly [Value, Value, Value, Value];
