/**
 * GRU over whole sequences. Equations are in ops/gru.ts, the walk is recurrence.ts's. Gates are r z n; n needs h · R
 * apart from the input's part, so a step's product goes to memory of its own and the gates add the two.
 */
import { sigmoid, tanh, unlessTiny } from "./gates";
import { ZEROS } from "./gemm";
import { column0, column1, column2, column3, storeFours, storeOnes, storeThrees, third0, third1, third2 } from "./interleave";
import {
  advance, after, before, begin, clear, clearState, FLOW, isLive, keep, meet, optional, packBackward, packForward,
  retreat, row, rowBytes, rowEnd, startTape, stepAt, stepBytes, steps, unit, unitEnd,
} from "./recurrence";
import { operand } from "./threads";

/** Operands projected, recurrent, bias, h0, states, gates, packed, sums[3 · B · U]; then lengths. */
export function gru(args: usize, thread: i32, threads: i32): void {
  begin(args, 8, thread, threads);
  const bias = operand(args, 2), states = operand(args, 4), packed = operand(args, 6), sums = operand(args, 7);
  startTape(operand(args, 3), states);
  packForward(operand(args, 1), 3, packed);
  const T = steps();
  for (let index = 0; index < T; index++) {
    const t = stepAt(index);
    const at = <usize>t * stepBytes;
    const projected = operand(args, 0) + at * 3, gates = operand(args, 5) + (at << 2);
    const h = before(states, t), next = after(states, t);
    advance(h, 3, packed, ZEROS, 0, sums);
    for (let b = row; b < rowEnd; b++) {
      const r = <usize>b * rowBytes;
      forwardRow(projected + r * 3, sums + r * 3, bias, h + r, next + r, gates + (r << 2));
      if (!isLive(b, t)) keep(h + r, next + r);
    }
    meet();
  }
}

/** One row's tape r z n m and h_t = (1 - z) · n + z · h. */
function forwardRow(projected: usize, sums: usize, bias: usize, before: usize, states: usize, gates: usize): void {
  const one = f32x4.splat(1);
  for (let u = unit; u < unitEnd; u += 4) {
    const at = <usize>u << 2, units = unitEnd - u;
    const x = projected + at * 3, y = sums + at * 3;
    const xa = v128.load(x), xb = v128.load(x, 16), xc = v128.load(x, 32);
    const ya = v128.load(y), yb = v128.load(y, 16), yc = v128.load(y, 32);
    const r = sigmoid(f32x4.add(third0(xa, xb, xc), third0(ya, yb, yc)));
    const z = sigmoid(f32x4.add(third1(xa, xb, xc), third1(ya, yb, yc)));
    const m = f32x4.add(third2(ya, yb, yc), v128.load(bias + at));
    const n = tanh(f32x4.add(third2(xa, xb, xc), f32x4.mul(r, m)));
    const kept = f32x4.mul(z, v128.load(before + at));
    storeOnes(states + at, f32x4.add(f32x4.mul(f32x4.sub(one, z), n), kept), units);
    storeFours(gates + (at << 2), r, z, n, m, units);
  }
}

/**
 * Operands recurrent, states, gates, gY, gProjected, gSums, gH0, packed; then lengths, gH. The
 * gradient of h on its way back lives where that of h0 is asked for.
 */
export function gruGrad(args: usize, thread: i32, threads: i32): void {
  begin(args, 8, thread, threads);
  const states = operand(args, 1), gY = operand(args, 3), dh = operand(args, 6), packed = operand(args, 7);
  const gH = optional(FLOW);
  clearState(dh);
  packBackward(operand(args, 0), 3, packed);
  for (let index = steps() - 1; index >= 0; index--) {
    const t = stepAt(index);
    const at = <usize>t * stepBytes;
    const gates = operand(args, 2) + (at << 2), h = before(states, t);
    const gProjected = operand(args, 4) + at * 3, gSums = operand(args, 5) + at * 3;
    for (let b = row; b < rowEnd; b++) {
      const r = <usize>b * rowBytes;
      const flow = gH ? gH + at + r : 0;
      if (isLive(b, t)) {
        backwardRow(gates + (r << 2), h + r, gY + at + r, dh + r, gProjected + r * 3, gSums + r * 3, flow);
      } else {
        passRow(gY + at + r, dh + r);
        clear(gProjected + r * 3, 3);
        clear(gSums + r * 3, 3);
        if (gH) clear(flow, 1);
      }
    }
    meet();
    retreat(gSums, 3, packed, dh);
  }
}

/** One row: gradients of its gates, of h · R, and what reaches h before beside the product: dh · z. */
function backwardRow(
  gates: usize, before: usize, gY: usize, dh: usize, gProjected: usize, gSums: usize, gH: usize,
): void {
  const one = f32x4.splat(1);
  for (let u = unit; u < unitEnd; u += 4) {
    const at = <usize>u << 2, units = unitEnd - u;
    const from = gates + (at << 2);
    const a = v128.load(from), b = v128.load(from, 16), c = v128.load(from, 32), d = v128.load(from, 48);
    const r = column0(a, b, c, d), z = column1(a, b, c, d), n = column2(a, b, c, d), m = column3(a, b, c, d);
    const gh = unlessTiny(f32x4.add(v128.load(gY + at), v128.load(dh + at)));
    const open = f32x4.mul(gh, f32x4.sub(one, z));
    const dn = f32x4.mul(open, f32x4.sub(one, f32x4.mul(n, n)));
    const dz = f32x4.mul(f32x4.mul(open, z), f32x4.sub(v128.load(before + at), n));
    const dr = f32x4.mul(f32x4.mul(dn, m), f32x4.mul(r, f32x4.sub(one, r)));
    storeThrees(gProjected + at * 3, dr, dz, dn, units);
    storeThrees(gSums + at * 3, dr, dz, f32x4.mul(dn, r), units);
    storeOnes(dh + at, f32x4.mul(gh, z), units);
    if (gH) storeOnes(gH + at, gh, units);
  }
}

/** A row that has ended: the gradient of its state passes. */
function passRow(gY: usize, dh: usize): void {
  for (let u = unit; u < unitEnd; u += 4) {
    const at = <usize>u << 2;
    storeOnes(dh + at, f32x4.add(v128.load(gY + at), v128.load(dh + at)), unitEnd - u);
  }
}
