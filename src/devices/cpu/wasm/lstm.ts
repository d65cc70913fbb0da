/** LSTM over whole sequences. Equations are in ops/lstm.ts, the walk is recurrence.ts's. Gates are i f g o. */
import { sigmoid, tanh, unlessTiny } from "./gates";
import { column0, column1, column2, column3, storeFours, storeOnes } from "./interleave";
import {
  advance, after, before, begin, clear, clearState, FLOW, G_CELLS, isLive, keep, meet, optional, packBackward,
  packForward, retreat, row, rowBytes, rowEnd, startTape, stepAt, stepBytes, steps, unit, unitEnd,
} from "./recurrence";
import { operand } from "./threads";

/** Operands gates (projected, overwritten), recurrent, h0, c0, states, cells, packed; then lengths. */
export function lstm(args: usize, thread: i32, threads: i32): void {
  begin(args, 7, thread, threads);
  const states = operand(args, 4), cells = operand(args, 5), packed = operand(args, 6);
  startTape(operand(args, 2), states);
  startTape(operand(args, 3), cells);
  packForward(operand(args, 1), 4, packed);
  const T = steps();
  for (let index = 0; index < T; index++) {
    const t = stepAt(index);
    const gates = operand(args, 0) + (<usize>t * stepBytes << 2);
    const h = before(states, t), c = before(cells, t);
    const nextH = after(states, t), nextC = after(cells, t);
    advance(h, 4, packed, gates, rowBytes << 2, gates);
    for (let b = row; b < rowEnd; b++) {
      const at = <usize>b * rowBytes;
      forwardRow(gates + (at << 2), c + at, nextC + at, nextH + at);
      if (!isLive(b, t)) keep(h + at, nextH + at), keep(c + at, nextC + at);
    }
    meet();
  }
}

/** Activates one row's gates; c_t = f · c + i · g and h_t = o · tanh(c_t). */
function forwardRow(gates: usize, before: usize, cells: usize, states: usize): void {
  for (let u = unit; u < unitEnd; u += 4) {
    const at = <usize>u << 2, units = unitEnd - u;
    const from = gates + (at << 2);
    const p = v128.load(from), q = v128.load(from, 16), r = v128.load(from, 32), s = v128.load(from, 48);
    const i = sigmoid(column0(p, q, r, s)), f = sigmoid(column1(p, q, r, s));
    const g = tanh(column2(p, q, r, s)), o = sigmoid(column3(p, q, r, s));
    const c = f32x4.add(f32x4.mul(f, v128.load(before + at)), f32x4.mul(i, g));
    storeOnes(cells + at, c, units);
    storeOnes(states + at, f32x4.mul(o, tanh(c)), units);
    storeFours(from, i, f, g, o, units);
  }
}

/**
 * Operands gates (overwritten by their gradients), recurrent, cells, gY, gH0, gC0, packed; then
 * lengths, gCells, gH, gC. The gradients of h and c on their way back live where those of h0 and c0 are asked for.
 */
export function lstmGrad(args: usize, thread: i32, threads: i32): void {
  begin(args, 7, thread, threads);
  const cells = operand(args, 2), gY = operand(args, 3), dh = operand(args, 4), dc = operand(args, 5);
  const packed = operand(args, 6);
  const gCells = optional(G_CELLS), gH = optional(FLOW), gC = optional(FLOW);
  clearState(dh);
  clearState(dc);
  packBackward(operand(args, 1), 4, packed);
  for (let index = steps() - 1; index >= 0; index--) {
    const t = stepAt(index);
    const at = <usize>t * stepBytes;
    const gates = operand(args, 0) + (at << 2);
    const c = before(cells, t), nextC = after(cells, t);
    for (let b = row; b < rowEnd; b++) {
      const r = <usize>b * rowBytes;
      const gCell = gCells ? gCells + at + r : 0;
      const flowH = gH ? gH + at + r : 0, flowC = gC ? gC + at + r : 0;
      if (isLive(b, t)) {
        backwardRow(gates + (r << 2), c + r, nextC + r, gY + at + r, gCell, dh + r, dc + r, flowH, flowC);
      } else {
        passRow(gY + at + r, gCell, dh + r, dc + r);
        clear(gates + (r << 2), 4);
        if (gH) clear(flowH, 1), clear(flowC, 1);
      }
    }
    meet();
    retreat(gates, 4, packed, dh);
  }
}

/** One row: gradients of its gates, what reaches c before, and 0 for what reaches h before beside the product. */
function backwardRow(
  gates: usize, before: usize, cells: usize, gY: usize, gCells: usize, dh: usize, dc: usize, gH: usize, gC: usize,
): void {
  const one = f32x4.splat(1);
  for (let u = unit; u < unitEnd; u += 4) {
    const at = <usize>u << 2, units = unitEnd - u;
    const from = gates + (at << 2);
    const p = v128.load(from), q = v128.load(from, 16), r = v128.load(from, 32), s = v128.load(from, 48);
    const i = column0(p, q, r, s), f = column1(p, q, r, s), g = column2(p, q, r, s), o = column3(p, q, r, s);
    const gh = unlessTiny(f32x4.add(v128.load(gY + at), v128.load(dh + at)));
    let gc = v128.load(dc + at);
    if (gCells) gc = f32x4.add(gc, v128.load(gCells + at));
    const tanhC = tanh(v128.load(cells + at));
    gc = unlessTiny(f32x4.add(gc, f32x4.mul(f32x4.mul(gh, o), f32x4.sub(one, f32x4.mul(tanhC, tanhC)))));
    storeFours(
      from,
      f32x4.mul(f32x4.mul(gc, g), f32x4.mul(i, f32x4.sub(one, i))),
      f32x4.mul(f32x4.mul(gc, v128.load(before + at)), f32x4.mul(f, f32x4.sub(one, f))),
      f32x4.mul(f32x4.mul(gc, i), f32x4.sub(one, f32x4.mul(g, g))),
      f32x4.mul(f32x4.mul(gh, tanhC), f32x4.mul(o, f32x4.sub(one, o))),
      units,
    );
    storeOnes(dc + at, f32x4.mul(gc, f), units);
    storeOnes(dh + at, f32x4.splat(0), units);
    if (gH) storeOnes(gH + at, gh, units), storeOnes(gC + at, gc, units);
  }
}

/** A row that has ended: the gradients of its state pass. */
function passRow(gY: usize, gCells: usize, dh: usize, dc: usize): void {
  for (let u = unit; u < unitEnd; u += 4) {
    const at = <usize>u << 2, units = unitEnd - u;
    storeOnes(dh + at, f32x4.add(v128.load(gY + at), v128.load(dh + at)), units);
    if (gCells) storeOnes(dc + at, f32x4.add(v128.load(gCells + at), v128.load(dc + at)), units);
  }
}
