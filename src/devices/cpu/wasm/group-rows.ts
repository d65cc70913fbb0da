/** The frame of functions over rows. */
import {
  addressOf,
  DIRECT,
  elementRank,
  elementStrides,
  entryCount,
  entryOf,
  GATHERED,
  INDEX,
  INDEX_BLOCK,
  itemsOf,
  keptRank,
  keptStride,
  lastSize,
  locate,
  offsetOf,
  place,
  prepare,
  run,
  SCATTERED,
  scratch,
} from "./group";
import { countBlock, moveBlock } from "./group-blocks";
import { transposeTile } from "./strides";
import { at, shareStart } from "./threads";

/** Places at whose multiples packed tensors start; ops/packed.ts. */
const PACKED: i32 = 64;

// Of the present call: rows whose blocks lie side by side, bytes of one of those, and where the first begins.
let tile: i32 = 0;
let blockBytes: usize = 0;
let blocks: usize = 0;
/** Elements [start, start + present) of `rows` rows of the last kept dimension. */
let start: i32 = 0;
let present: i32 = 0;
let rowCount: i32 = 0;

/**
 * Own words: elements of a row, elements of a chunk, chunks, bytes of scratch that the function takes, and how many rows
 * of the last kept dimension are gathered together: 0 where there are no blocks, 1, or TILE_ROWS. Blocks hold what an entry
 * is in the elements of one chunk. Then whether the chunks are pieces of packed tensors, whose starts and elements are the
 * words behind the entries; how many entries move along with a piece, the others with its number; and the first of them that
 * is stored for each element. Then rows of a part, if something is added up over rows, and how many of the last entries are
 * such sums: each part has its own.
 */
export function rows(args: usize, thread: i32, threads: i32): void {
  const own = prepare(args, thread, 10);
  const count = at(own, 0);
  const size = at(own, 1);
  const chunks = at(own, 2);
  if (at(own, 5) != 0) {
    packed(chunks, at(own, 6), at(own, 7), thread, threads);
    return;
  }
  const hasBlocks = at(own, 4) != 0;
  tile = max(at(own, 4), 1);
  blockBytes = (<usize>size * 4 + 15) & ~15;
  blocks = scratch + at(own, 3);
  if (chunks == 1 && !hasBlocks) {
    if (at(own, 8) == 0) wholeRows(count, thread, threads);
    else rowsInParts(count, at(own, 8), at(own, 9), thread, threads);
    return;
  }
  const last = keptRank - 1;
  const all = lastSize();
  const tiles = (all + tile - 1) / tile;
  const units = itemsOf(last) * tiles * chunks;
  const end = shareStart(units, thread + 1, threads, 1);
  for (let unit = shareStart(units, thread, threads, 1); unit < end; unit++) {
    const rest = unit / chunks;
    const chunk = unit - rest * chunks;
    const item = rest / tiles;
    const row = (rest - item * tiles) * tile;
    locate(item, last, row);
    rowCount = min(tile, all - row);
    start = chunk * size;
    present = min(size, count - start);
    gatherRows(chunk);
    run(rowCount, present, <i32>scratch);
    if (hasBlocks) scatterRows();
  }
}

/** A piece of a pack at a time. Behind the last one of a tensor 0 is stored up to where the next one starts. */
function packed(pieces: i32, moved: i32, firstStore: i32, thread: i32, threads: i32): void {
  const table = entryOf(entryCount);
  const end = shareStart(pieces, thread + 1, threads, 1);
  for (let piece = shareStart(pieces, thread, threads, 1); piece < end; piece++) {
    const from = at(table, 2 * piece);
    const length = at(table, 2 * piece + 1);
    for (let i = 0; i < entryCount; i++) {
      const entry = entryOf(i);
      const chunk = i < moved ? from : piece;
      if (at(entry, 0) == INDEX) place(i, offsetOf(entry, chunk), 0, 0, at(entry, 3));
      else place(i, <i32>addressOf(entry, chunk), 0, 0, 0);
    }
    run(1, length, <i32>scratch);
    const padding = <usize>(-length & (PACKED - 1)) << 2;
    if (padding == 0) continue;
    for (let i = firstStore; i < moved; i++)
      memory.fill(addressOf(entryOf(i), from + length), 0, padding);
  }
}

function wholeRows(count: i32, thread: i32, threads: i32): void {
  const items = itemsOf(keptRank);
  walkRows(count, shareStart(items, thread, threads, 1), shareStart(items, thread + 1, threads, 1), 0);
}

/** Sums over the rows of a part begin with 0. */
function rowsInParts(count: i32, size: i32, totals: i32, thread: i32, threads: i32): void {
  const items = itemsOf(keptRank);
  const parts = (items + size - 1) / size;
  const end = shareStart(parts, thread + 1, threads, 1);
  for (let part = shareStart(parts, thread, threads, 1); part < end; part++) {
    for (let i = entryCount - totals; i < entryCount; i++)
      memory.fill(addressOf(entryOf(i), part), 0, <usize>count << 2);
    walkRows(count, part * size, min(items, part * size + size), part);
  }
}

/** Rows that lie at one distance from each other are one call. */
function walkRows(count: i32, item: i32, end: i32, part: i32): void {
  const all = lastSize();
  start = 0;
  present = count;
  for (; item < end; item += rowCount) {
    locate(item, keptRank, 0);
    rowCount = min(end - item, all - (item % all));
    gatherRows(part);
    run(rowCount, count, <i32>scratch);
  }
}

/** Tells the function where the rows lie; brings those into blocks that lie apart. */
function gatherRows(chunk: i32): void {
  let block = blocks;
  for (let i = 0; i < entryCount; i++) {
    const entry = entryOf(i);
    const mode = at(entry, 0);
    const step = keptStride(entry);
    if (mode == INDEX) {
      const lane = elementRank > 0 ? at(elementStrides(entry), elementRank - 1) : 0;
      place(i, offsetOf(entry, chunk), step, 0, lane);
    } else if (mode == DIRECT) {
      place(i, <i32>addressOf(entry, chunk), step << 2, 0, 0);
    } else {
      place(i, <i32>block, <i32>blockBytes, 0, 0);
      if (mode != SCATTERED && present > 0) gather(block, entry, mode, step, chunk);
      block += tile * blockBytes;
    }
  }
}

function gather(block: usize, entry: usize, mode: i32, step: i32, chunk: i32): void {
  const from = addressOf(entry, chunk);
  if (mode == GATHERED && isDown(step)) {
    const apart = <usize>at(elementStrides(entry), 0) << 2;
    transposeTile(block, blockBytes, from + <usize>start * apart, apart, rowCount, present);
    return;
  }
  for (let r = 0; r < rowCount; r++) {
    if (mode == INDEX_BLOCK) countBlock(block, offsetOf(entry, chunk) + r * step, entry, start, present);
    else moveBlock(block, from + (<usize>(r * step) << 2), entry, start, present, false);
    block += blockBytes;
  }
}

function scatterRows(): void {
  if (present == 0) return;
  let block = blocks;
  for (let i = 0; i < entryCount; i++) {
    const entry = entryOf(i);
    const mode = at(entry, 0);
    if (mode == DIRECT || mode == INDEX) continue;
    if (mode == SCATTERED) scatter(block, entry);
    block += tile * blockBytes;
  }
}

/** Stores are not cut into chunks of their own. */
function scatter(block: usize, entry: usize): void {
  const step = keptStride(entry);
  const to = addressOf(entry, 0);
  if (isDown(step)) {
    const apart = <usize>at(elementStrides(entry), 0) << 2;
    transposeTile(to + <usize>start * apart, apart, block, blockBytes, present, rowCount);
    return;
  }
  for (let r = 0; r < rowCount; r++) {
    moveBlock(block, to + (<usize>(r * step) << 2), entry, start, present, true);
    block += blockBytes;
  }
}

/** Whether rows lie side by side, and their elements down from them. */
// @ts-ignore: decorator
@inline
function isDown(step: i32): bool {
  return step == 1 && elementRank == 1 && rowCount > 1;
}
