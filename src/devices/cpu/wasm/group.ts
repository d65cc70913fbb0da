/**
 * What frames of emitted functions (../emit) have in common: they share the items of a group's kept dimensions among the
 * threads and tell the function where everything lies. What is cut is done a chunk at a time. No thread waits for
 * another: chunks leave partial results, which another call combines.
 *
 * Words behind the operands: slot of the function, entries, literals, kept rank, element rank, then as `rows` and
 * `columns` say; kept sizes, element sizes, literals, and for each entry mode, operand, offset, stride from chunk to chunk,
 * kept strides, element strides.
 */
import { at, firstSlot, operandCount, threadScratch } from "./threads";

// Modes. In place, by its address.
export const DIRECT: i32 = 0;
/** By way of a block. */
export const GATHERED: i32 = 1;
export const SCATTERED: i32 = 2;
/** A number, which grows evenly; or in a block. */
export const INDEX: i32 = 3;
export const INDEX_BLOCK: i32 = 4;

const MAX_ENTRIES: i32 = 120;
const MAX_RANK: i32 = 16;
const ENTRY_BYTES: usize = 16;
const TABLE_BYTES: usize = MAX_ENTRIES * 16;

// Walked by one call at a time: each instance has its own globals.
let slot: i32 = 0;
let operands: usize = 0;
let keptSizes: usize = 0;
let literals: usize = 0;
let entries: usize = 0;
let entryBytes: usize = 0;
/** What the function reads of each entry, and the coordinates of the item. */
let table: usize = 0;
let coordinates: usize = 0;
export let entryCount: i32 = 0;
export let keptRank: i32 = 0;
export let elementRank: i32 = 0;
export let elementSizes: usize = 0;
/** This thread's, behind those. */
export let scratch: usize = 0;

/** Reads the words up to the entries; returns where those of the frame are, `own` of them. */
export function prepare(args: usize, thread: i32, own: i32): usize {
  const words = args + (<usize>operandCount(args) << 2);
  operands = args;
  slot = at(words, 0);
  entryCount = at(words, 1);
  keptRank = at(words, 3);
  elementRank = at(words, 4);
  keptSizes = words + (<usize>(5 + own) << 2);
  elementSizes = keptSizes + (<usize>keptRank << 2);
  literals = elementSizes + (<usize>elementRank << 2);
  entries = literals + (<usize>at(words, 2) << 2);
  entryBytes = <usize>(4 + keptRank + elementRank) << 2;
  table = threadScratch(thread);
  coordinates = table + TABLE_BYTES;
  scratch = coordinates + MAX_RANK * 4;
  return words + 20;
}

/** Size of the last kept dimension. */
export function lastSize(): i32 {
  return keptRank > 0 ? at(keptSizes, keptRank - 1) : 1;
}

/** Items of the first `rank` kept dimensions. */
export function itemsOf(rank: i32): i32 {
  let items = 1;
  for (let d = 0; d < rank; d++) items *= at(keptSizes, d);
  return items;
}

/** Goes to an item of the first `rank` kept dimensions; in the last one it is at `last` if they are not all. */
export function locate(item: i32, rank: i32, last: i32): void {
  for (let d = rank - 1; d >= 0; d--) {
    const size = at(keptSizes, d);
    const above = item / size;
    store<i32>(coordinates + (<usize>d << 2), item - above * size);
    item = above;
  }
  if (rank < keptRank) store<i32>(coordinates + (<usize>rank << 2), last);
}

// @ts-ignore: decorator
@inline
export function entryOf(i: i32): usize {
  return entries + <usize>i * entryBytes;
}

/** Elements from the operand's start to the chunk of the item that `locate` went to. */
// @ts-ignore: decorator
@inline
export function offsetOf(entry: usize, chunk: i32): i32 {
  let offset = at(entry, 2) + chunk * at(entry, 3);
  for (let d = 0; d < keptRank; d++) offset += at(coordinates, d) * at(entry, 4 + d);
  return offset;
}

/** Address of that place. */
// @ts-ignore: decorator
@inline
export function addressOf(entry: usize, chunk: i32): usize {
  return load<u32>(operands + (<usize>at(entry, 1) << 2)) + (<usize>offsetOf(entry, chunk) << 2);
}

/** Stride of the last kept dimension. */
// @ts-ignore: decorator
@inline
export function keptStride(entry: usize): i32 {
  return keptRank > 0 ? at(entry, 3 + keptRank) : 0;
}

// @ts-ignore: decorator
@inline
export function elementStrides(entry: usize): usize {
  return entry + (<usize>(4 + keptRank) << 2);
}

/** What the function reads of entry `i`; ../emit/entries.ts. */
// @ts-ignore: decorator
@inline
export function place(i: i32, first: i32, second: i32, third: i32, fourth: i32): void {
  v128.store(table + <usize>i * ENTRY_BYTES, i32x4(first, second, third, fourth));
}

// @ts-ignore: decorator
@inline
export function run(count: i32, size: i32, last: i32): void {
  call_indirect<void>(firstSlot + slot, table, count, size, literals, last);
}
