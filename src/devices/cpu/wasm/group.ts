/**
 * Frames of emitted functions (../emit): they share the items of a group's kept dimensions among the threads, tell the
 * function where everything lies, and bring what lies at odd distances into blocks of scratch, and out of them. A row
 * that is cut is done a chunk at a time. No thread waits for another: what is cut leaves partial results, which another
 * call combines.
 *
 * Words behind the operands: slot of the function, entries, literals, kept rank, element rank, then as `rows` and
 * `columns` say; kept sizes, element sizes, literals, and for each entry mode, operand, offset, stride from chunk to chunk,
 * kept strides, element strides.
 */
import { transposeTile } from "./gather";
import { barrier, firstSlot, operandCount, shareStart, threadScratch } from "./threads";

/** In place, by its address. */
const DIRECT: i32 = 0;
/** By way of a block. */
const GATHERED: i32 = 1;
const SCATTERED: i32 = 2;
/** A number, which grows evenly; or in a block. */
const INDEX: i32 = 3;
const INDEX_BLOCK: i32 = 4;

/** Words that the function reads of each entry; ../emit/entries.ts. */
const ENTRY_BYTES: usize = 16;
const MAX_ENTRIES: i32 = 120;
const MAX_RANK: i32 = 16;
const ENTRIES_BYTES: usize = MAX_ENTRIES * 16 + MAX_RANK * 4;

// @ts-ignore: decorator
@external("env", "adopt")
declare function adoptModule(address: usize, bytes: usize, functions: i32): void;

/** Words: address and bytes of a module, how many functions it has. Every thread compiles it, the first one alone. */
export function adopt(args: usize, thread: i32, _threads: i32): void {
  if (thread == 0) adoptModule(at(args, 0), at(args, 1), at(args, 2));
  barrier();
  if (thread != 0) adoptModule(at(args, 0), at(args, 1), at(args, 2));
}

// @ts-ignore: decorator
@external("env", "forget")
declare function forgetFunction(index: i32): void;

/** Words: how many functions nobody calls any longer, and their slots. */
export function forget(args: usize, _thread: i32, _threads: i32): void {
  for (let i = 1; i <= at(args, 0); i++) forgetFunction(firstSlot + at(args, i));
}

// Walked by one call at a time: each instance has its own globals.
let slot: i32 = 0;
let entryCount: i32 = 0;
let keptRank: i32 = 0;
let elementRank: i32 = 0;
let keptSizes: usize = 0;
let elementSizes: usize = 0;
let literals: usize = 0;
let entries: usize = 0;
let entryWords: usize = 0;
let operands: usize = 0;
/** What the function reads, and the coordinates of the item. */
let table: usize = 0;
let coordinates: usize = 0;

// @ts-ignore: decorator
@inline
function at(words: usize, index: i32): i32 {
  return load<i32>(words + (<usize>index << 2));
}

/** Reads the words up to the entries; `own` are those of the frame. */
function prepare(args: usize, thread: i32, own: i32): usize {
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
  entryWords = <usize>(4 + keptRank + elementRank) << 2;
  table = threadScratch(thread);
  coordinates = table + MAX_ENTRIES * ENTRY_BYTES;
  return words + 20;
}

/** Items of the first `rank` kept dimensions. */
function itemsOf(rank: i32): i32 {
  let items = 1;
  for (let d = 0; d < rank; d++) items *= at(keptSizes, d);
  return items;
}

function locate(item: i32, rank: i32): void {
  for (let d = rank - 1; d >= 0; d--) {
    const size = at(keptSizes, d);
    const above = item / size;
    store<i32>(coordinates + (<usize>d << 2), item - above * size);
    item = above;
  }
}

/** Elements from index 0 to the item that `locate` found. */
// @ts-ignore: decorator
@inline
function offsetOf(entry: usize, rank: i32, chunk: i32): i32 {
  let offset = at(entry, 2) + chunk * at(entry, 3);
  for (let d = 0; d < rank; d++) offset += at(coordinates, d) * at(entry, 4 + d);
  return offset;
}

// @ts-ignore: decorator
@inline
function run(count: i32, size: i32, scratch: usize): void {
  call_indirect<void>(firstSlot + slot, table, count, size, literals, scratch);
}

/** Rows that are gathered together where something lies side by side down their columns: a cache line. */
const TILE: i32 = 16;

/**
 * Own words: elements of a row, elements of a chunk, chunks, bytes of scratch that the function takes, and how many rows
 * are gathered together: 0 where there are no blocks, 1, or TILE. Blocks hold what an entry is in the elements of one chunk.
 */
export function rows(args: usize, thread: i32, threads: i32): void {
  const own = prepare(args, thread, 5);
  const count = at(own, 0);
  const size = at(own, 1);
  const chunks = at(own, 2);
  const scratch = table + ENTRIES_BYTES;
  const blocks = scratch + at(own, 3);
  const hasBlocks = at(own, 4) != 0;
  if (at(own, 4) == TILE) {
    tiles(count, size, chunks, scratch, blocks, thread, threads);
    return;
  }
  const items = itemsOf(keptRank);
  if (chunks == 1 && !hasBlocks) {
    wholeRows(items, count, scratch, thread, threads);
    return;
  }
  const end = shareStart(items * chunks, thread + 1, threads, 1);
  for (let unit = shareStart(items * chunks, thread, threads, 1); unit < end; unit++) {
    const item = unit / chunks;
    const chunk = unit - item * chunks;
    const start = chunk * size;
    const present = min(size, count - start);
    locate(item, keptRank);
    placeChunk(start, present, chunk, blocks, size);
    run(1, present, scratch);
    if (hasBlocks) scatterChunk(start, present, blocks, size);
  }
}

/** Rows that lie at one distance from each other are one call. */
function wholeRows(items: i32, count: i32, scratch: usize, thread: i32, threads: i32): void {
  const last = keptRank - 1;
  const neighbours = keptRank > 0 ? at(keptSizes, last) : 1;
  const end = shareStart(items, thread + 1, threads, 1);
  let item = shareStart(items, thread, threads, 1);
  while (item < end) {
    locate(item, keptRank);
    const rows = min(end - item, keptRank > 0 ? neighbours - at(coordinates, last) : 1);
    for (let i = 0; i < entryCount; i++) {
      const entry = entries + <usize>i * entryWords;
      const to = table + <usize>i * ENTRY_BYTES;
      const step = keptRank > 0 ? at(entry, 4 + last) : 0;
      const offset = offsetOf(entry, keptRank, 0);
      if (at(entry, 0) == INDEX) placeIndex(to, offset, step, entry);
      else placeDirect(to, operandOf(entry) + (<usize>offset << 2), step << 2);
    }
    run(rows, count, scratch);
    item += rows;
  }
}

/** Rows of the last kept dimension, a tile of them at a time. */
function tiles(
  count: i32,
  size: i32,
  chunks: i32,
  scratch: usize,
  blocks: usize,
  thread: i32,
  threads: i32,
): void {
  const last = keptRank - 1;
  const all = at(keptSizes, last);
  const tilesInAll = (all + TILE - 1) / TILE;
  const units = itemsOf(last) * tilesInAll * chunks;
  const end = shareStart(units, thread + 1, threads, 1);
  for (let unit = shareStart(units, thread, threads, 1); unit < end; unit++) {
    const rest = unit / chunks;
    const chunk = unit - rest * chunks;
    const item = rest / tilesInAll;
    const row = (rest - item * tilesInAll) * TILE;
    const rows = min(TILE, all - row);
    const start = chunk * size;
    const present = min(size, count - start);
    locate(item, last);
    store<i32>(coordinates + (<usize>last << 2), row);
    placeTile(start, present, chunk, rows, blocks, size);
    run(rows, present, scratch);
    scatterTile(start, present, rows, blocks, size);
  }
}

function placeTile(start: i32, present: i32, chunk: i32, rows: i32, blocks: usize, size: i32): void {
  const blockBytes = (<usize>size * 4 + 15) & ~15;
  for (let i = 0; i < entryCount; i++) {
    const entry = entries + <usize>i * entryWords;
    const to = table + <usize>i * ENTRY_BYTES;
    const mode = at(entry, 0);
    const step = at(entry, 3 + keptRank);
    const offset = offsetOf(entry, keptRank, chunk);
    if (mode == INDEX) {
      placeIndex(to, offset, step, entry);
      continue;
    }
    if (mode == DIRECT) {
      placeDirect(to, operandOf(entry) + (<usize>offset << 2), step << 2);
      continue;
    }
    placeDirect(to, blocks, <i32>blockBytes);
    if (mode == INDEX_BLOCK) {
      for (let r = 0; r < rows; r++)
        countBlock(blocks + <usize>r * blockBytes, offset + r * step, entry, start, present);
    } else if (mode == GATHERED) {
      const base = operandOf(entry) + (<usize>offset << 2);
      const apart = <usize>at(stridesOf(entry), 0) << 2;
      if (step == 1 && elementRank == 1) transposeTile(blocks, blockBytes, base + <usize>start * apart, apart, rows, present);
      else
        for (let r = 0; r < rows; r++)
          gatherBlock(blocks + <usize>r * blockBytes, base + (<usize>(r * step) << 2), entry, start, present);
    }
    blocks += TILE * blockBytes;
  }
}

function scatterTile(start: i32, present: i32, rows: i32, blocks: usize, size: i32): void {
  const blockBytes = (<usize>size * 4 + 15) & ~15;
  for (let i = 0; i < entryCount; i++) {
    const entry = entries + <usize>i * entryWords;
    const mode = at(entry, 0);
    if (mode == DIRECT || mode == INDEX) continue;
    if (mode == SCATTERED) {
      const step = at(entry, 3 + keptRank);
      const to = operandOf(entry) + (<usize>offsetOf(entry, keptRank, 0) << 2);
      const apart = <usize>at(stridesOf(entry), 0) << 2;
      if (step == 1 && elementRank == 1) transposeTile(to + <usize>start * apart, apart, blocks, blockBytes, present, rows);
      else
        for (let r = 0; r < rows; r++)
          scatterBlock(to + (<usize>(r * step) << 2), blocks + <usize>r * blockBytes, entry, start, present);
    }
    blocks += TILE * blockBytes;
  }
}

/** Where the operand begins whose number stands in the entry. */
// @ts-ignore: decorator
@inline
function operandOf(entry: usize): usize {
  return load<u32>(operands + (<usize>at(entry, 1) << 2));
}

// @ts-ignore: decorator
@inline
function placeDirect(to: usize, address: usize, step: i32): void {
  store<u32>(to, <u32>address);
  store<i32>(to, step, 4);
}

// @ts-ignore: decorator
@inline
function placeIndex(to: usize, value: i32, step: i32, entry: usize): void {
  store<i32>(to, value);
  store<i32>(to, step, 4);
  store<i32>(to, elementRank > 0 ? at(entry, 3 + keptRank + elementRank) : 0, 12);
}

/** Tells the function where elements [start, start + present) of the row lie; gathers those that lie apart. */
function placeChunk(start: i32, present: i32, chunk: i32, blocks: usize, size: i32): void {
  const blockBytes = (<usize>size * 4 + 15) & ~15;
  for (let i = 0; i < entryCount; i++) {
    const entry = entries + <usize>i * entryWords;
    const to = table + <usize>i * ENTRY_BYTES;
    const mode = at(entry, 0);
    const offset = offsetOf(entry, keptRank, chunk);
    if (mode == INDEX) {
      placeIndex(to, offset, 0, entry);
      continue;
    }
    if (mode == DIRECT) {
      placeDirect(to, operandOf(entry) + (<usize>offset << 2), 0);
      continue;
    }
    placeDirect(to, blocks, 0);
    if (present == 0) continue;
    if (mode == INDEX_BLOCK) countBlock(blocks, offset, entry, start, present);
    else if (mode == GATHERED) gatherBlock(blocks, operandOf(entry) + (<usize>offset << 2), entry, start, present);
    blocks += blockBytes;
  }
}

function scatterChunk(start: i32, present: i32, blocks: usize, size: i32): void {
  if (present == 0) return;
  const blockBytes = (<usize>size * 4 + 15) & ~15;
  for (let i = 0; i < entryCount; i++) {
    const entry = entries + <usize>i * entryWords;
    const mode = at(entry, 0);
    if (mode == DIRECT || mode == INDEX) continue;
    if (mode == SCATTERED) {
      // Stores are not cut into chunks of their own.
      const to = operandOf(entry) + (<usize>offsetOf(entry, keptRank, 0) << 2);
      scatterBlock(to, blocks, entry, start, present);
    }
    blocks += blockBytes;
  }
}

/** Elements from the row's start to its element `(row, 0)`; `row` counts in all element dimensions but the last. */
// @ts-ignore: decorator
@inline
function startOf(row: i32, strides: usize): i32 {
  let offset = 0;
  for (let d = elementRank - 2; d >= 0; d--) {
    const size = at(elementSizes, d);
    const above = row / size;
    offset += (row - above * size) * at(strides, d);
    row = above;
  }
  return offset;
}

// @ts-ignore: decorator
@inline
function stridesOf(entry: usize): usize {
  return entry + (<usize>(4 + keptRank) << 2);
}

function gatherBlock(to: usize, base: usize, entry: usize, start: i32, count: i32): void {
  const strides = stridesOf(entry);
  const columns = at(elementSizes, elementRank - 1);
  const stride = at(strides, elementRank - 1);
  let row = start / columns;
  let column = start - row * columns;
  while (count > 0) {
    const present = min(count, columns - column);
    const from = base + (<usize>(startOf(row, strides) + column * stride) << 2);
    copyRun(to, 4, from, <usize>stride << 2, present);
    to += <usize>present << 2;
    count -= present;
    column = 0;
    row++;
  }
}

function scatterBlock(base: usize, from: usize, entry: usize, start: i32, count: i32): void {
  const strides = stridesOf(entry);
  const columns = at(elementSizes, elementRank - 1);
  const stride = at(strides, elementRank - 1);
  let row = start / columns;
  let column = start - row * columns;
  while (count > 0) {
    const present = min(count, columns - column);
    const to = base + (<usize>(startOf(row, strides) + column * stride) << 2);
    copyRun(to, <usize>stride << 2, from, 4, present);
    from += <usize>present << 2;
    count -= present;
    column = 0;
    row++;
  }
}

/** `count` elements, `toStep` and `fromStep` bytes apart. */
// @ts-ignore: decorator
@inline
function copyRun(to: usize, toStep: usize, from: usize, fromStep: usize, count: i32): void {
  let i = 0;
  if (toStep == 4 && fromStep == 4) {
    for (; i + 4 <= count; i += 4) {
      v128.store(to, v128.load(from));
      to += 16;
      from += 16;
    }
  } else if (toStep == 4 && fromStep == 0) {
    const value = v128.load32_splat(from);
    for (; i + 4 <= count; i += 4) {
      v128.store(to, value);
      to += 16;
    }
  }
  for (; i < count; i++) {
    store<i32>(to, load<i32>(from));
    to += toStep;
    from += fromStep;
  }
}

/** An index by its strides. */
function countBlock(to: usize, offset: i32, entry: usize, start: i32, count: i32): void {
  const strides = stridesOf(entry);
  const columns = at(elementSizes, elementRank - 1);
  const stride = at(strides, elementRank - 1);
  for (let i = start; i < start + count; i++) {
    const row = i / columns;
    store<i32>(to, offset + startOf(row, strides) + (i - row * columns) * stride);
    to += 4;
  }
}

/** Columns of one call. */
const GROUP: i32 = 32;

/**
 * Own words: elements of a run, runs, elements or runs of a chunk, chunks, whether it is runs that are cut. The last kept
 * dimension is the columns; of two element dimensions the first counts runs.
 */
export function columns(args: usize, thread: i32, threads: i32): void {
  const own = prepare(args, thread, 5);
  const elements = at(own, 0);
  const runs = at(own, 1);
  const size = at(own, 2);
  const chunks = at(own, 3);
  const cutsRuns = at(own, 4) != 0;
  const last = keptRank - 1;
  const all = at(keptSizes, last);
  const groups = (all + GROUP - 1) / GROUP;
  const units = itemsOf(last) * groups * chunks;
  const end = shareStart(units, thread + 1, threads, 1);
  for (let unit = shareStart(units, thread, threads, 1); unit < end; unit++) {
    const rest = unit / chunks;
    const chunk = unit - rest * chunks;
    const item = rest / groups;
    const column = (rest - item * groups) * GROUP;
    locate(item, last);
    for (let i = 0; i < entryCount; i++) placeColumns(i, column, chunk);
    const present = min(size, (cutsRuns ? runs : elements) - chunk * size);
    call_indirect<void>(
      firstSlot + slot,
      table,
      min(GROUP, all - column),
      cutsRuns ? elements : present,
      literals,
      cutsRuns ? present : runs,
    );
  }
}

function placeColumns(i: i32, column: i32, chunk: i32): void {
  const entry = entries + <usize>i * entryWords;
  const to = table + <usize>i * ENTRY_BYTES;
  const stride = at(entry, 3 + keptRank);
  const offset = offsetOf(entry, keptRank - 1, chunk) + column * stride;
  const strides = stridesOf(entry);
  const inner = at(strides, elementRank - 1);
  const outer = elementRank > 1 ? at(strides, 0) : 0;
  if (at(entry, 0) == INDEX) {
    store<i32>(to, offset);
    store<i32>(to, inner, 4);
    store<i32>(to, outer, 8);
    store<i32>(to, stride, 12);
    return;
  }
  store<u32>(to, <u32>(operandOf(entry) + (<usize>offset << 2)));
  store<i32>(to, inner << 2, 4);
  store<i32>(to, outer << 2, 8);
}
