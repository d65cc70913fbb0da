/**
 * The GRU step by step, in small ops: what the fused kernels are tested against, and the way to derivatives of its
 * gradient. The equations are in gru.ts. The graph grows with T, so this is not for training.
 */
import { arithmetic } from "./arithmetic.ts";
import type { Emit, Value } from "./op.ts";
import {
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
  { projected, recurrent, bias, h0, lengths }: ByInput<"gru", Value>,
  { reverse }: Recurrence,
): ByOutput<"gru", Value> {
  const m = arithmetic(emit);
  const { steps, batch, units } = extentOf(projected.type.shape);
  const weights = m.reshape(recurrent, [units, units * 3]);
  const [states, gates]: [Value[], Value[]] = [[h0], []];
  let h = h0;
  for (const t of walk(steps, reverse)) {
    const product = emit("matmul", { a: h, b: weights }, { transposeA: false, transposeB: false });
    const sums = m.reshape(product.out, [batch, units, 3]);
    const x = stepOf(m, projected, t);
    const r = m.unary("sigmoid", m.add(gateOf(m, x, 0), gateOf(m, sums, 0)));
    const z = m.unary("sigmoid", m.add(gateOf(m, x, 1), gateOf(m, sums, 1)));
    const candidate = m.add(gateOf(m, sums, 2), bias);
    const n = m.unary("tanh", m.add(gateOf(m, x, 2), m.mul(r, candidate)));
    const next = m.add(m.mul(m.sub(1, z), n), m.mul(z, h));
    h = whereLive(m, liveRows(m, lengths, t), next, h);
    states.push(h);
    gates[t] = joinGates(emit, [r, z, n, candidate]);
  }
  return { states: stack(emit, reverse ? states.reverse() : states), gates: stack(emit, gates) };
}

/** `gGates` [T, B, U, 4] is the gradient with respect to the tape r z n m itself, where there is one. */
export function unrolledBackward(
  emit: Emit,
  { recurrent, states, gates, gY, lengths }: ByInput<"gruGrad", Value>,
  { reverse, flow }: Recurrence,
  gGates: Value | undefined,
): ByOutput<"gruGrad", Value> {
  const m = arithmetic(emit);
  const { steps, batch, units } = extentOf(gates.type.shape);
  const weights = m.reshape(recurrent, [units, units * 3]);
  const statesBefore = before(emit, states, reverse);
  const [projected, summed, flows] = [[], [], []] as [Value[], Value[], Value[]];
  const zero = zerosLike(emit, stepOf(m, gY, 0));
  let gH: Value = zero;
  for (const t of walk(steps, !reverse)) {
    const live = liveRows(m, lengths, t);
    const tape = stepOf(m, gates, t);
    const [r, z, n, candidate] = [0, 1, 2, 3].map((gate) =>
      gateOf(m, tape, gate),
    ) as unknown as Four;
    const h = stepOf(m, statesBefore, t);
    const all = m.add(stepOf(m, gY, t), gH);
    const dh = whereLive(m, live, all, 0);
    const gStep = gGates && stepOf(m, gGates, t);
    const own = (gate: number, x: Value) => (gStep ? m.add(x, gateOf(m, gStep, gate)) : x);
    const dn = m.mul(own(2, m.mul(dh, m.sub(1, z))), m.sub(1, m.unary("square", n)));
    const dz = m.mul(own(1, m.mul(dh, m.sub(h, n))), sigmoidSlope(m, z));
    const dr = m.mul(own(0, m.mul(dn, candidate)), sigmoidSlope(m, r));
    const sums = joinGates(emit, [dr, dz, own(3, m.mul(dn, r))]);
    const flat = m.reshape(sums, [batch, units * 3]);
    const back = emit("matmul", { a: flat, b: weights }, { transposeA: false, transposeB: true });
    const kept = live === undefined ? m.mul(dh, z) : whereLive(m, live, m.mul(dh, z), all);
    gH = m.add(back.out, kept);
    [projected[t], summed[t], flows[t]] = [joinGates(emit, [dr, dz, dn]), sums, dh];
  }
  return {
    gProjected: stack(emit, projected),
    gSums: stack(emit, summed),
    gH0: gH,
    gH: flow ? stack(emit, flows) : undefined,
  };
}

/** One value for each of r z n m. */
type Four = readonly [Value, Value, Value, Value];
