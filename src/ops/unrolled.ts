/**
 * The LSTM step by step, in small ops: what the fused kernels are tested against, and the way to derivatives of its
 * gradient. The equations are in recurrent.ts. The graph grows with T, so this is not for training.
 */
import { type Arithmetic, arithmetic } from "./arithmetic.ts";
import type { Emit, Value } from "./op.ts";
import type { ByInput, ByOutput } from "./vocabulary.ts";

export function unrolledForward(
  emit: Emit,
  { projected, recurrent, h0, c0 }: ByInput<"lstm", Value>,
): ByOutput<"lstm", Value> {
  const m = arithmetic(emit);
  const [steps = 0, batch = 0, units = 0] = projected.type.shape;
  const weights = m.reshape(recurrent, [units, units * 4]);
  const [ys, cells, gates]: [Value[], Value[], Value[]] = [[], [], []];
  let [h, c] = [h0, c0];
  for (let t = 0; t < steps; t++) {
    const product = emit("matmul", { a: h, b: weights }, { transposeA: false, transposeB: false });
    const a = m.add(stepOf(m, projected, t), m.reshape(product.out, [batch, units, 4]));
    const i = m.unary("sigmoid", gateOf(m, a, 0));
    const f = m.unary("sigmoid", gateOf(m, a, 1));
    const g = m.unary("tanh", gateOf(m, a, 2));
    const o = m.unary("sigmoid", gateOf(m, a, 3));
    c = m.add(m.mul(f, c), m.mul(i, g));
    h = m.mul(o, m.unary("tanh", c));
    ys.push(h);
    cells.push(c);
    gates.push(joinGates(emit, [i, f, g, o]));
  }
  return { y: stack(emit, ys), cells: stack(emit, cells), gates: stack(emit, gates) };
}

/** `gGates` [T, B, U, 4] is the gradient with respect to the activated gates themselves, where there is one. */
export function unrolledBackward(
  emit: Emit,
  { recurrent, c0, cells, gates, gY, gCells }: ByInput<"lstmGrad", Value>,
  gGates: Value | undefined,
): ByOutput<"lstmGrad", Value> {
  const m = arithmetic(emit);
  const [steps = 0, batch = 0, units = 0] = cells.type.shape;
  const weights = m.reshape(recurrent, [units, units * 4]);
  const parts = new Array<Value>(steps);
  const zero = m.broadcastTo(m.literal(0), [batch, units]);
  let [gH, gC] = [zero, zero];
  for (let t = steps - 1; t >= 0; t--) {
    const activated = stepOf(m, gates, t);
    const i = gateOf(m, activated, 0);
    const f = gateOf(m, activated, 1);
    const g = gateOf(m, activated, 2);
    const o = gateOf(m, activated, 3);
    const before = t === 0 ? c0 : stepOf(m, cells, t - 1);
    const tanhC = m.unary("tanh", stepOf(m, cells, t));
    const dh = m.add(stepOf(m, gY, t), gH);
    const throughH = m.mul(m.mul(dh, o), m.sub(1, m.unary("square", tanhC)));
    const later = gCells ? m.add(stepOf(m, gCells, t), gC) : gC;
    const dc = m.add(later, throughH);
    const gStep = gGates && stepOf(m, gGates, t);
    const own = (gate: number, x: Value) => (gStep ? m.add(x, gateOf(m, gStep, gate)) : x);
    const part = joinGates(emit, [
      m.mul(own(0, m.mul(dc, g)), sigmoidSlope(m, i)),
      m.mul(own(1, m.mul(dc, before)), sigmoidSlope(m, f)),
      m.mul(own(2, m.mul(dc, i)), m.sub(1, m.unary("square", g))),
      m.mul(own(3, m.mul(dh, tanhC)), sigmoidSlope(m, o)),
    ]);
    parts[t] = part;
    const flat = m.reshape(part, [batch, units * 4]);
    gH = emit("matmul", { a: flat, b: weights }, { transposeA: false, transposeB: true }).out;
    gC = m.mul(dc, f);
  }
  return { gProjected: stack(emit, parts), gH0: gH, gC0: gC };
}

/** One value for each of i f g o. */
type Four = readonly [Value, Value, Value, Value];

/** σ' where s = σ(a). */
function sigmoidSlope(m: Arithmetic, s: Value): Value {
  return m.mul(s, m.sub(1, s));
}

/** Step t of [T, ...], without that dimension. */
function stepOf(m: Arithmetic, x: Value, t: number): Value {
  const [, ...rest] = x.type.shape;
  const starts = [t, ...rest.map(() => 0)];
  return m.reshape(m.slice(x, starts, [1, ...rest]), rest);
}

/** One gate of [B, U, 4] → [B, U]. */
function gateOf(m: Arithmetic, x: Value, gate: number): Value {
  const [batch = 0, units = 0] = x.type.shape;
  return m.reshape(m.slice(x, [0, 0, gate], [batch, units, 1]), [batch, units]);
}

/** Four [B, U] → [B, U, 4]. */
function joinGates(emit: Emit, gates: Four): Value {
  const m = arithmetic(emit);
  const xs = gates.map((x) => m.reshape(x, [...x.type.shape, 1]));
  return emit("concat", { xs }, { axis: 2 }).out;
}

/** T tensors of one shape → [T, ...shape]. */
function stack(emit: Emit, steps: readonly Value[]): Value {
  const m = arithmetic(emit);
  const xs = steps.map((x) => m.reshape(x, [1, ...x.type.shape]));
  return emit("concat", { xs }, { axis: 0 }).out;
}
