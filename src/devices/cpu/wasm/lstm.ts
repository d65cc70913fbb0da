/**
 * LSTM over whole sequences (ops/recurrent.ts has the equations). The recurrent matrix is packed once a sequence;
 * each step is a product that adds h_{t-1} · R to the projected input where it lies, and a pass over the gates while
 * they are in the cache. Backward mirrors it: dh_t = gY_t + dgates_{t+1} · Rᵀ, then the gates' gradients in place.
 *
 * Rows of a batch never talk to each other, so with rows enough every thread walks all steps of its own rows without
 * waiting for anyone. With fewer than ROWS a thread they share the units instead, and meet once a step.
 */
import { copyTile, tileStart, ZEROS } from "./gemm";
import { packColumns, packTransposed } from "./gemm-pack";
import { setOperands, setResult, stridedTile } from "./gemm-tiles";
import { sigmoid, tanh } from "./lstm-gates";
import { barrier, operand, shareStart, threadScratch, word } from "./threads";

/** Rows that a thread must have for rows to be shared rather than units. */
const ROWS: i32 = 4;

// This thread's part of the sequence at hand: rows [row, rowEnd), units [unit, unitEnd).
let T: i32 = 0, B: i32 = 0, U: i32 = 0;
let byRows: bool = false;
let row: i32 = 0, rowEnd: i32 = 0, unit: i32 = 0, unitEnd: i32 = 0;

/** Reads words T, B, U and takes this thread's part; units are shared in multiples of `grain`. */
function takePart(words: usize, grain: i32, thread: i32, threads: i32): void {
  T = word(words, 0, 0), B = word(words, 0, 1), U = word(words, 0, 2);
  byRows = B >= ROWS * threads;
  row = byRows ? shareStart(B, thread, threads, 1) : 0;
  rowEnd = byRows ? shareStart(B, thread + 1, threads, 1) : B;
  unit = byRows ? 0 : shareStart(U, thread, threads, grain);
  unitEnd = byRows ? U : shareStart(U, thread + 1, threads, grain);
}

/**
 * out = init + a · packed for this thread's rows and columns [first, end) of `width`. `first` is a multiple of 8;
 * a, init and out point at row 0, the steps are bytes from row to row; an initStep of 0 is one row for all.
 */
function multiply(
  a: usize, depth: i32, packed: usize, init: usize, initStep: usize, out: usize, width: i32, first: i32, end: i32,
  tile: usize,
): void {
  const aStep = <usize>depth << 2, outStep = <usize>width << 2;
  const rows = rowEnd - row;
  const tiles = (rows + 5) / 6;
  setOperands(depth, aStep, 4, 32);
  for (let n = first; n < end; n += 8) {
    const b = packed + (<usize>(n >> 3) * <usize>depth << 5);
    const at = <usize>n << 2;
    const columns = min(8, width - n);
    setResult(columns == 8 ? initStep : 32, columns == 8 ? outStep : 32);
    for (let t = 0; t < tiles; t++) {
      const r = row + tileStart(rows, t, tiles);
      const count = row + tileStart(rows, t + 1, tiles) - r;
      const from = init + <usize>r * initStep + (initStep ? at : 0);
      const to = out + <usize>r * outStep + at;
      if (columns == 8) stridedTile(count, a + <usize>r * aStep, b, from, to);
      else {
        copyTile(from, initStep, tile, 32, count, columns);
        stridedTile(count, a + <usize>r * aStep, b, tile, tile);
        copyTile(tile, 32, to, outStep, count, columns);
      }
    }
  }
}

/** Operands gates (projected, overwritten), recurrent, h0, c0, y, cells, scratch[ceil(U / 2) · 8 · U]; words T, B, U. */
export function lstm(args: usize, thread: i32, threads: i32): void {
  takePart(args + 28, 2, thread, threads);
  if (T == 0 || B == 0 || U == 0) return;
  const packed = operand(args, 6);
  const width = U * 4;
  const panels = (width + 7) >> 3;
  const own = shareStart(panels, thread, threads, 1), ownEnd = shareStart(panels, thread + 1, threads, 1);
  packColumns(operand(args, 1) + (<usize>own << 5), <usize>width << 2, U, ownEnd - own, packed + (<usize>(own * U) << 5));
  barrier();
  const stepBytes = <usize>(B * U) << 2;
  let gates = operand(args, 0), y = operand(args, 4), cells = operand(args, 5);
  let h = operand(args, 2), c = operand(args, 3);
  for (let t = 0; t < T; t++) {
    multiply(h, U, packed, gates, <usize>width << 2, gates, width, unit * 4, unitEnd * 4, threadScratch(thread));
    for (let b = row; b < rowEnd; b++) {
      const at = <usize>(b * U) << 2;
      forwardRow(gates + (at << 2), c + at, cells + at, y + at);
    }
    h = y, c = cells;
    gates += stepBytes << 2, y += stepBytes, cells += stepBytes;
    if (!byRows) barrier();
  }
}

// Four units at a time: gates lie interleaved, so four vectors are transposed on the way in and out.
let i4: v128 = i32x4.splat(0), f4: v128 = i32x4.splat(0), g4: v128 = i32x4.splat(0), o4: v128 = i32x4.splat(0);

// @ts-ignore: decorator
@inline
function loadGates(at: usize): void {
  const a = v128.load(at), b = v128.load(at, 16), c = v128.load(at, 32), d = v128.load(at, 48);
  const ab = i32x4.shuffle(a, b, 0, 4, 1, 5), cd = i32x4.shuffle(c, d, 0, 4, 1, 5);
  const AB = i32x4.shuffle(a, b, 2, 6, 3, 7), CD = i32x4.shuffle(c, d, 2, 6, 3, 7);
  i4 = i64x2.shuffle(ab, cd, 0, 2), f4 = i64x2.shuffle(ab, cd, 1, 3);
  g4 = i64x2.shuffle(AB, CD, 0, 2), o4 = i64x2.shuffle(AB, CD, 1, 3);
}

// @ts-ignore: decorator
@inline
function storeGates(at: usize): void {
  const a = i32x4.shuffle(i4, f4, 0, 4, 1, 5), b = i32x4.shuffle(g4, o4, 0, 4, 1, 5);
  const c = i32x4.shuffle(i4, f4, 2, 6, 3, 7), d = i32x4.shuffle(g4, o4, 2, 6, 3, 7);
  v128.store(at, i64x2.shuffle(a, b, 0, 2));
  v128.store(at, i64x2.shuffle(a, b, 1, 3), 16);
  v128.store(at, i64x2.shuffle(c, d, 0, 2), 32);
  v128.store(at, i64x2.shuffle(c, d, 1, 3), 48);
}

/** One unit's gates, each in all lanes: what is left over where units are no multiple of four. */
// @ts-ignore: decorator
@inline
function loadGate(at: usize): void {
  i4 = v128.load32_splat(at), f4 = v128.load32_splat(at, 4);
  g4 = v128.load32_splat(at, 8), o4 = v128.load32_splat(at, 12);
}

// @ts-ignore: decorator
@inline
function storeGate(at: usize): void {
  v128.store32_lane(at, i4, 0, 0), v128.store32_lane(at, f4, 0, 4);
  v128.store32_lane(at, g4, 0, 8), v128.store32_lane(at, o4, 0, 12);
}

/** Activates i, f, g, o; returns c_t = f · c_{t-1} + i · g. */
// @ts-ignore: decorator
@inline
function nextCell(before: v128): v128 {
  i4 = sigmoid(i4), f4 = sigmoid(f4), g4 = tanh(g4), o4 = sigmoid(o4);
  return f32x4.add(f32x4.mul(f4, before), f32x4.mul(i4, g4));
}

/** Gates, cell and output of this thread's units in one row of the batch. */
function forwardRow(gates: usize, before: usize, cells: usize, y: usize): void {
  let u = unit;
  for (; u + 4 <= unitEnd; u += 4) {
    const at = <usize>u << 2;
    loadGates(gates + (at << 2));
    const c = nextCell(v128.load(before + at));
    v128.store(cells + at, c);
    v128.store(y + at, f32x4.mul(o4, tanh(c)));
    storeGates(gates + (at << 2));
  }
  for (; u < unitEnd; u++) {
    const at = <usize>u << 2;
    loadGate(gates + (at << 2));
    const c = nextCell(v128.load32_splat(before + at));
    v128.store32_lane(cells + at, c, 0);
    v128.store32_lane(y + at, f32x4.mul(o4, tanh(c)), 0);
    storeGate(gates + (at << 2));
  }
}

/** Operands gates (overwritten by their gradients), recurrent, c0, cells, gY, gH0, gC0, scratch[ceil(U / 8) · 32 · U]; words T, B, U. */
export function lstmGrad(args: usize, thread: i32, threads: i32): void {
  backward(args, 0, args + 32, thread, threads);
}

/** Operands as `lstmGrad`, then gCells. */
export function lstmGradCells(args: usize, thread: i32, threads: i32): void {
  backward(args, operand(args, 8), args + 36, thread, threads);
}

function backward(args: usize, gCells: usize, words: usize, thread: i32, threads: i32): void {
  takePart(words, 8, thread, threads);
  if (B == 0 || U == 0) return;
  const packed = operand(args, 7), tile = threadScratch(thread);
  const depth = U * 4;
  const panels = (U + 7) >> 3;
  const own = shareStart(panels, thread, threads, 1), ownEnd = shareStart(panels, thread + 1, threads, 1);
  if (own < ownEnd) {
    packTransposed(
      operand(args, 1) + (<usize>(own * 8 * depth) << 2), <usize>depth << 2, U - own * 8, depth, ownEnd - own,
      packed + (<usize>(own * depth) << 5),
    );
  }
  const rowBytes = <usize>U << 2;
  const stepBytes = <usize>(B * U) << 2;
  const gates = operand(args, 0), c0 = operand(args, 2), cells = operand(args, 3), gY = operand(args, 4);
  // The gradients of h_t and c_t live where those of h_0 and c_0 are asked for.
  const dh = operand(args, 5), dc = operand(args, 6);
  for (let b = row; b < rowEnd; b++) {
    const at = <usize>(b * U + unit) << 2;
    memory.fill(dc + at, 0, <usize>(unitEnd - unit) << 2);
    memory.fill(dh + at, 0, <usize>(unitEnd - unit) << 2);
  }
  barrier();
  for (let t = T - 1; t >= 0; t--) {
    const at = <usize>t * stepBytes;
    const last = t == T - 1;
    if (!last) multiply(gates + (at + stepBytes << 2), depth, packed, gY + at, rowBytes, dh, U, unit, unitEnd, tile);
    for (let b = row; b < rowEnd; b++) {
      const r = <usize>b * rowBytes;
      backwardRow(
        gates + (at + r << 2), (t == 0 ? c0 : cells + at - stepBytes) + r, cells + at + r,
        (last ? gY + at : dh) + r, gCells == 0 ? 0 : gCells + at + r, dc + r,
      );
    }
    if (!byRows) barrier();
  }
  if (T > 0) multiply(gates, depth, packed, ZEROS, 0, dh, U, unit, unitEnd, tile);
}

/** From the gates, c_t, c_{t-1}, dh and dc the gates' gradients; returns the gradient of c_{t-1}. */
// @ts-ignore: decorator
@inline
function gateGradients(before: v128, c: v128, dh: v128, dcNext: v128): v128 {
  const one = f32x4.splat(1);
  const tanhC = tanh(c);
  const slope = f32x4.sub(one, f32x4.mul(tanhC, tanhC));
  const dc = f32x4.add(dcNext, f32x4.mul(f32x4.mul(dh, o4), slope));
  const i = i4, f = f4, g = g4, o = o4;
  i4 = f32x4.mul(f32x4.mul(dc, g), f32x4.mul(i, f32x4.sub(one, i)));
  f4 = f32x4.mul(f32x4.mul(dc, before), f32x4.mul(f, f32x4.sub(one, f)));
  g4 = f32x4.mul(f32x4.mul(dc, i), f32x4.sub(one, f32x4.mul(g, g)));
  o4 = f32x4.mul(f32x4.mul(dh, tanhC), f32x4.mul(o, f32x4.sub(one, o)));
  return f32x4.mul(dc, f);
}

function backwardRow(gates: usize, before: usize, cells: usize, dh: usize, gCells: usize, dc: usize): void {
  let u = unit;
  for (; u + 4 <= unitEnd; u += 4) {
    const at = <usize>u << 2;
    loadGates(gates + (at << 2));
    let next = v128.load(dc + at);
    if (gCells != 0) next = f32x4.add(next, v128.load(gCells + at));
    v128.store(dc + at, gateGradients(v128.load(before + at), v128.load(cells + at), v128.load(dh + at), next));
    storeGates(gates + (at << 2));
  }
  for (; u < unitEnd; u++) {
    const at = <usize>u << 2;
    loadGate(gates + (at << 2));
    let next = v128.load32_splat(dc + at);
    if (gCells != 0) next = f32x4.add(next, v128.load32_splat(gCells + at));
    const back = gateGradients(
      v128.load32_splat(before + at), v128.load32_splat(cells + at), v128.load32_splat(dh + at), next,
    );
    v128.store32_lane(dc + at, back, 0);
    storeGate(gates + (at << 2));
  }
}
