/**
 * A recurrent cell over a whole sequence, forwards or back: which one, only its emitted function knows (../emit/walk.ts),
 * which does a part of a step for some rows and this thread's units. The walk is recurrence.ts's. What lies in memory are
 * *streams*, some numbers a unit each; where a stream's row is at step t its kind says.
 *
 * Words behind the operands: slot of the function, T, B, U, flags, how many streams, products, literals; of each stream
 * operand, numbers a unit, kind; of each product operands of the matrix and of its packed form, streams of what is
 * multiplied, of what the sums go on from (-1: 0) and of the sums; literals. The last operand are the lengths.
 */
import { ZEROS } from "./gemm";
import {
  after, before, begin, has, isLive, meet, multiply, packBackward, packForward, row, rowEnd, stepAt, stepBytes,
  steps, U, unit, unitEnd,
} from "./recurrence";
import { at, firstSlot, operand, operandCount, threadScratch } from "./threads";

// Parts of the function, as ../lowering/walk.ts has them. Before the first step.
const START: i32 = 0;
/** What a second product multiplies. */
const BETWEEN: i32 = 1;
/** The step, and what there is to do for a row that has ended. */
const LIVE: i32 = 2;
const ENDED: i32 = 3;

// Kinds of streams. A part of each step: [T, B, U, n].
const STEP: i32 = 0;
/** The row of a tape, [T + 1, B, U], before the step; after it. */
const BEFORE: i32 = 1;
const AFTER: i32 = 2;
/** The same memory in each step: [B, U, n]; for all rows, too: [U, n]. */
const FIXED: i32 = 3;

/** As in recurrence.ts. */
const BACKWARD: i32 = 32;
/** The last product is a second one in the step; there may be no first. */
const SECOND: i32 = 64;

const STREAM_WORDS: i32 = 3;
const PRODUCT_WORDS: i32 = 5;
/** Of the thread's scratch the first bytes are the tile of a product that fills no panel. */
const TILE_BYTES: usize = 256;

let operands: usize = 0;
let slot: i32 = 0;
let streamCount: i32 = 0, productCount: i32 = 0;
let streams: usize = 0, products: usize = 0, literals: usize = 0;
/** What the function reads of each stream. */
let table: usize = 0;

export function walk(args: usize, thread: i32, threads: i32): void {
  const count = operandCount(args);
  const words = args + (<usize>count << 2);
  operands = args, slot = at(words, 0);
  streamCount = at(words, 5), productCount = at(words, 6);
  streams = words + 32;
  products = streams + (<usize>(streamCount * STREAM_WORDS) << 2);
  literals = products + (<usize>(productCount * PRODUCT_WORDS) << 2);
  table = threadScratch(thread) + TILE_BYTES;
  begin(args, 1, thread, threads);
  if (has(BACKWARD)) backward();
  else forward();
}

function forward(): void {
  run(START, stepAt(0), row, rowEnd);
  for (let p = 0; p < productCount; p++) packForward(matrixOf(p), numbersOf(productStream(p, 4)), packedOf(p));
  const T = steps();
  for (let index = 0; index < T; index++) {
    const t = stepAt(index);
    if (hasFirst()) product(0, t);
    if (has(SECOND)) {
      run(BETWEEN, t, row, rowEnd);
      meet();
      product(productCount - 1, t);
    }
    step(t);
    if (productCount > 0) meet();
  }
}

function hasFirst(): bool {
  return productCount > (has(SECOND) ? 1 : 0);
}

/** The second product's gradient comes first. */
function backward(): void {
  run(START, stepAt(steps() - 1), row, rowEnd);
  for (let p = 0; p < productCount; p++) packBackward(matrixOf(p), numbersOf(productStream(p, 2)), packedOf(p));
  for (let index = steps() - 1; index >= 0; index--) {
    const t = stepAt(index);
    if (has(SECOND)) {
      run(BETWEEN, t, row, rowEnd);
      meet();
      product(productCount - 1, t);
    }
    step(t);
    if (productCount > 0) meet();
    if (hasFirst()) product(0, t);
  }
}

/** Rows that lie one behind the other are one call. */
function step(t: i32): void {
  for (let b = row; b < rowEnd; ) {
    const live = isLive(b, t);
    let end = b + 1;
    while (end < rowEnd && isLive(end, t) == live) end++;
    run(live ? LIVE : ENDED, t, b, end);
    b = end;
  }
}

function run(part: i32, t: i32, first: i32, end: i32): void {
  for (let i = 0; i < streamCount; i++) {
    const numbers = numbersOf(i);
    const rowStep = rowStepOf(i);
    const address = baseOf(i, t) + <usize>first * rowStep + (<usize>(unit * numbers) << 2);
    store<u64>(table + (<usize>i << 3), <u64>address | (<u64>rowStep << 32));
  }
  call_indirect<void>(firstSlot + slot, table, end - first, unitEnd - unit, literals, part);
}

/** This thread's part of a product of step t. */
function product(p: i32, t: i32): void {
  const a = productStream(p, 2), init = productStream(p, 3), out = productStream(p, 4);
  const numbers = numbersOf(out);
  multiply(
    baseOf(a, t), U * numbersOf(a), packedOf(p), init < 0 ? ZEROS : baseOf(init, t), init < 0 ? 0 : rowStepOf(init),
    baseOf(out, t), U * numbers, unit * numbers, unitEnd * numbers,
  );
}

// @ts-ignore: decorator
@inline
function streamWord(stream: i32, word: i32): i32 {
  return at(streams, stream * STREAM_WORDS + word);
}

// @ts-ignore: decorator
@inline
function numbersOf(stream: i32): i32 {
  return streamWord(stream, 1);
}

function rowStepOf(stream: i32): usize {
  return streamWord(stream, 2) > FIXED ? 0 : <usize>(U * numbersOf(stream)) << 2;
}

/** Where the first row's first unit is. */
function baseOf(stream: i32, t: i32): usize {
  const address = operand(operands, streamWord(stream, 0));
  const kind = streamWord(stream, 2);
  if (kind == STEP) return address + <usize>t * <usize>numbersOf(stream) * stepBytes;
  if (kind == BEFORE) return before(address, t);
  return kind == AFTER ? after(address, t) : address;
}

function productStream(p: i32, word: i32): i32 {
  return at(products, p * PRODUCT_WORDS + word);
}

function matrixOf(p: i32): usize {
  return operand(operands, productStream(p, 0));
}

function packedOf(p: i32): usize {
  return operand(operands, productStream(p, 1));
}
