/** The simple recurrent layer over whole sequences. Equations are in ops/rnn.ts, the walk is recurrence.ts's. */
import { tanh, unlessTiny } from "./gates";
import { storeOnes } from "./interleave";
import {
  advance, after, before, begin, clear, clearState, FLOW, has, isLive, keep, meet, optional, packBackward,
  packForward, RELU, retreat, row, rowBytes, rowEnd, startTape, stepAt, stepBytes, steps, unit, unitEnd,
} from "./recurrence";
import { operand } from "./threads";

/** Operands projected, recurrent, h0, states, packed; then lengths. */
export function rnn(args: usize, thread: i32, threads: i32): void {
  begin(args, 5, thread, threads);
  const projected = operand(args, 0), states = operand(args, 3), packed = operand(args, 4);
  startTape(operand(args, 2), states);
  packForward(operand(args, 1), 1, packed);
  const T = steps();
  for (let index = 0; index < T; index++) {
    const t = stepAt(index);
    const h = before(states, t), next = after(states, t);
    advance(h, 1, packed, projected + <usize>t * stepBytes, rowBytes, next);
    for (let b = row; b < rowEnd; b++) {
      const at = <usize>b * rowBytes;
      if (isLive(b, t)) activateRow(next + at);
      else keep(h + at, next + at);
    }
    meet();
  }
}

function activateRow(at: usize): void {
  const relu = has(RELU);
  for (let u = unit; u < unitEnd; u += 4) {
    const to = at + (<usize>u << 2);
    const x = v128.load(to);
    storeOnes(to, relu ? f32x4.max(x, f32x4.splat(0)) : tanh(x), unitEnd - u);
  }
}

/** Operands recurrent, states, gY, gProjected, gH0, packed; then lengths, gH. */
export function rnnGrad(args: usize, thread: i32, threads: i32): void {
  begin(args, 6, thread, threads);
  const states = operand(args, 1), gY = operand(args, 2), gProjected = operand(args, 3), dh = operand(args, 4);
  const packed = operand(args, 5);
  const gH = optional(FLOW);
  clearState(dh);
  packBackward(operand(args, 0), 1, packed);
  for (let index = steps() - 1; index >= 0; index--) {
    const t = stepAt(index);
    const at = <usize>t * stepBytes, h = after(states, t);
    for (let b = row; b < rowEnd; b++) {
      const r = <usize>b * rowBytes;
      backwardRow(h + r, gY + at + r, gProjected + at + r, dh + r, gH ? gH + at + r : 0, isLive(b, t));
    }
    meet();
    retreat(gProjected + at, 1, packed, dh);
  }
}

/** One row; leaves in dh what reaches the state before beside the product. */
function backwardRow(h: usize, gY: usize, gates: usize, dh: usize, gH: usize, live: bool): void {
  const one = f32x4.splat(1), zero = f32x4.splat(0);
  const relu = has(RELU);
  for (let u = unit; u < unitEnd; u += 4) {
    const at = <usize>u << 2, units = unitEnd - u;
    const y = v128.load(h + at);
    const all = unlessTiny(f32x4.add(v128.load(gY + at), v128.load(dh + at)));
    if (!live) {
      storeOnes(dh + at, all, units);
      continue;
    }
    const slope = relu ? v128.and(one, f32x4.gt(y, zero)) : f32x4.sub(one, f32x4.mul(y, y));
    storeOnes(gates + at, f32x4.mul(all, slope), units);
    storeOnes(dh + at, zero, units);
    if (gH) storeOnes(gH + at, all, units);
  }
  if (live) return;
  clear(gates, 1);
  if (gH) clear(gH, 1);
}
