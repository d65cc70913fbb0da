/**
 * Interprets a fused elementwise program over blocks of `BLOCK` elements that stay in L1: one operation after the
 * other over the whole block, so that deciding which costs next to nothing. ../lowering/elementwise.ts decides where
 * registers live. A place is where a register's block begins: in the thread's scratch, or, for inputs that are read
 * in order and results that may be written at once, in the operand itself.
 *
 * Words behind the operands: elements, rank, inputs, constants, instructions, outputs, places; the shape; per input operand,
 * mode, place, strides; per constant place, bits; per instruction op, d, a, b, c; per output operand, place, direct.
 */
import { perform } from "./elementwise-loops";
import { operand, operandCount, shareStart, threadScratch } from "./threads";

const BLOCK: i32 = 512;
const BLOCK_BYTES: usize = BLOCK * 4;

/** How an input is read: in order, one element for all, or by its strides. */
const CONTIGUOUS: i32 = 0;
const SCALAR: i32 = 1;

/** The pointers of the places, then their blocks. */
const MAX_PLACES: i32 = 480;
const POINTERS_BYTES: usize = MAX_PLACES * 4;

// Walked by one block at a time and never by another thread: each instance has its own globals.
let pointers: usize = 0;
let blocks: usize = 0;
let rank: i32 = 0;
let shape: usize = 0;

// @ts-ignore: decorator
@inline
function at(words: usize, index: i32): i32 {
  return load<i32>(words + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
function pointer(place: i32): usize {
  return load<u32>(pointers + (<usize>place << 2));
}

// @ts-ignore: decorator
@inline
function setPointer(place: i32, address: usize): void {
  store<u32>(pointers + (<usize>place << 2), <u32>address);
}

// @ts-ignore: decorator
@inline
function block(place: i32): usize {
  return blocks + <usize>place * BLOCK_BYTES;
}

function fill(address: usize, bits: i32, count: i32): void {
  const value = i32x4.splat(bits);
  const end = address + (<usize>count << 2);
  let to = address;
  for (; to + 16 <= end; to += 16) v128.store(to, value);
  for (; to < end; to += 4) store<i32>(to, bits);
}

function copyElements(to: usize, from: usize, count: i32): void {
  const end = to + (<usize>count << 2);
  for (; to + 16 <= end; to += 16) {
    v128.store(to, v128.load(from));
    from += 16;
  }
  for (; to < end; to += 4) {
    store<i32>(to, load<i32>(from));
    from += 4;
  }
}

/** Elements [start, start + count) of the shape's order, read by `strides`. */
function gatherBlock(to: usize, base: usize, strides: usize, start: i32, count: i32): void {
  const last = rank - 1;
  const columns = at(shape, last);
  const stride = at(strides, last);
  let column = start % columns;
  let row = start / columns;
  while (count > 0) {
    // The row's place by its coordinates: a division each, once for a run of columns.
    let offset = column * stride;
    let rest = row;
    for (let d = last - 1; d >= 0; d--) {
      const size = at(shape, d);
      const above = rest / size;
      offset += (rest - above * size) * at(strides, d);
      rest = above;
    }
    const run = min(count, columns - column);
    let from = base + (<usize>offset << 2);
    if (stride == 1) copyElements(to, from, run);
    else if (stride == 0) fill(to, load<i32>(from), run);
    else {
      const step = <usize>stride << 2;
      for (let i = 0; i < run; i++) {
        store<i32>(to + (<usize>i << 2), load<i32>(from));
        from += step;
      }
    }
    to += <usize>run << 2;
    count -= run;
    column = 0;
    row++;
  }
}

/** Points every place at its block and fills those that never change. */
function prepare(args: usize, places: i32, inputs: usize, inputCount: i32, constants: usize, constantCount: i32): void {
  for (let place = 0; place < places; place++) setPointer(place, block(place));
  const inputWords = 3 + rank;
  for (let i = 0; i < inputCount; i++) {
    const input = inputs + ((<usize>i * inputWords) << 2);
    if (at(input, 1) == SCALAR) fill(block(at(input, 2)), load<i32>(operand(args, at(input, 0))), BLOCK);
  }
  for (let i = 0; i < constantCount; i++) {
    fill(block(at(constants, 2 * i)), at(constants, 2 * i + 1), BLOCK);
  }
}

export function elementwise(args: usize, thread: i32, threads: i32): void {
  const words = args + (<usize>operandCount(args) << 2);
  const count = at(words, 0);
  rank = at(words, 1);
  const inputCount = at(words, 2);
  const constantCount = at(words, 3);
  const instructionCount = at(words, 4);
  const outputCount = at(words, 5);
  const places = at(words, 6);
  shape = words + 28;
  const inputs = shape + (<usize>rank << 2);
  const inputBytes: usize = (3 + rank) << 2;
  const constants = inputs + <usize>inputCount * inputBytes;
  const instructions = constants + ((<usize>constantCount * 2) << 2);
  const instructionsEnd = instructions + <usize>instructionCount * 20;

  const end = shareStart(count, thread + 1, threads, BLOCK);
  let start = shareStart(count, thread, threads, BLOCK);
  if (start >= end) return;
  pointers = threadScratch(thread);
  blocks = pointers + POINTERS_BYTES;
  prepare(args, places, inputs, inputCount, constants, constantCount);

  while (start < end) {
    // The last few elements that fill no vector are a block of their own, which is written by way of the scratch.
    const left = end - start;
    const isTail = left < 4;
    const size = isTail ? left : min(left & ~3, BLOCK);
    const bytes: usize = ((size + 3) & ~3) << 2;
    const offset = <usize>start << 2;

    for (let input = inputs; input < constants; input += inputBytes) {
      const mode = at(input, 1);
      if (mode == SCALAR) continue;
      const base = operand(args, at(input, 0));
      const place = at(input, 2);
      if (mode == CONTIGUOUS) setPointer(place, base + offset);
      else gatherBlock(block(place), base, input + 12, start, size);
    }
    for (let i = 0; i < outputCount; i++) {
      const output = instructionsEnd + ((<usize>i * 3) << 2);
      if (!at(output, 2)) continue;
      const place = at(output, 1);
      setPointer(place, isTail ? block(place) : operand(args, at(output, 0)) + offset);
    }
    for (let i = instructions; i < instructionsEnd; i += 20) {
      perform(at(i, 0), pointer(at(i, 1)), pointer(at(i, 2)), pointer(at(i, 3)), pointer(at(i, 4)), bytes);
    }
    for (let i = 0; i < outputCount; i++) {
      const output = instructionsEnd + ((<usize>i * 3) << 2);
      if (at(output, 2) && !isTail) continue;
      copyElements(operand(args, at(output, 0)) + offset, pointer(at(output, 1)), size);
    }
    start += size;
  }
}
