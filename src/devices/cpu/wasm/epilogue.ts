/**
 * What a kernel does with its results before it leaves them: an emitted function (../emit) over rows, in place, while they
 * are still in a near cache. Whoever has made a piece of the result calls `finish`, once for each element.
 *
 * Words behind the operands, in front of the kernel's own: slot of the function, or -1 where there is nothing to do; then
 * columns of the result, entries, literals, whether all entries are the same for every element or lie like the result;
 * literals; for each entry the operand, the offset, and the strides from row to row and from column to column.
 */
import { at, firstSlot, operand, operandCount, THREAD_SCRATCH_BYTES, threadScratch } from "./threads";

/** What the function reads of each entry (../emit/entries.ts) lies at the end of a thread's scratch, which no kernel uses. */
const TABLE_BYTES: i32 = 256;
const ENTRY_BYTES: usize = 16;

// Of the present call: each instance has its own globals.
let slot: i32 = -1;
let operands: usize = 0;
let result: usize = 0;
let table: usize = 0;
let literals: usize = 0;
let entries: usize = 0;
let entryCount: i32 = 0;
let columns: i32 = 1;
let isFlat: bool = false;

/** Reads the words; operand `out` is the result. Returns where the kernel's own words are. */
export function openEpilogue(args: usize, out: i32, thread: i32): usize {
  const words = args + (<usize>operandCount(args) << 2);
  slot = at(words, 0);
  if (slot < 0) return words + 4;
  operands = args;
  result = operand(args, out);
  table = threadScratch(thread) + <usize>(THREAD_SCRATCH_BYTES - TABLE_BYTES);
  columns = at(words, 1);
  entryCount = at(words, 2);
  isFlat = at(words, 4) != 0;
  literals = words + 20;
  entries = literals + (<usize>at(words, 3) << 2);
  return entries + (<usize>entryCount << 4);
}

/** `count` elements of each of `rows` rows of the result, `step` bytes from one to the next, from address `from` on. */
export function finish(from: usize, rows: i32, step: usize, count: i32): void {
  if (slot >= 0 && rows > 0 && count > 0) apply(from, rows, step, count);
}

function apply(from: usize, rows: i32, step: usize, count: i32): void {
  if (isFlat && step == <usize>count << 2) {
    count *= rows;
    rows = 1;
  }
  const first = <i32>((from - result) >> 2);
  const row = first / columns;
  const column = first - row * columns;
  const apart = <i32>(step >> 2) / columns;
  for (let i = 0; i < entryCount; i++) {
    const entry = entries + (<usize>i << 4);
    const rowStride = at(entry, 2);
    const offset = at(entry, 1) + row * rowStride + column * at(entry, 3);
    const start = operand(operands, at(entry, 0)) + (<usize>offset << 2);
    v128.store(table + <usize>i * ENTRY_BYTES, i32x4(<i32>start, (apart * rowStride) << 2, 0, 0));
  }
  call_indirect<void>(firstSlot + slot, table, rows, count, literals, 0);
}
