/** The frame of functions over columns. */
import {
  addressOf,
  elementRank,
  elementStrides,
  entryCount,
  entryOf,
  INDEX,
  itemsOf,
  keptRank,
  keptStride,
  lastSize,
  locate,
  offsetOf,
  place,
  prepare,
  run,
} from "./group";
import { at, shareStart } from "./threads";

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
  const all = lastSize();
  const groups = (all + GROUP - 1) / GROUP;
  const units = itemsOf(last) * groups * chunks;
  const end = shareStart(units, thread + 1, threads, 1);
  for (let unit = shareStart(units, thread, threads, 1); unit < end; unit++) {
    const rest = unit / chunks;
    const chunk = unit - rest * chunks;
    const item = rest / groups;
    const column = (rest - item * groups) * GROUP;
    locate(item, last, column);
    for (let i = 0; i < entryCount; i++) placeColumns(i, chunk);
    const present = min(size, (cutsRuns ? runs : elements) - chunk * size);
    run(min(GROUP, all - column), cutsRuns ? elements : present, cutsRuns ? present : runs);
  }
}

function placeColumns(i: i32, chunk: i32): void {
  const entry = entryOf(i);
  const strides = elementStrides(entry);
  const inner = at(strides, elementRank - 1);
  const outer = elementRank > 1 ? at(strides, 0) : 0;
  if (at(entry, 0) == INDEX) place(i, offsetOf(entry, chunk), inner, outer, keptStride(entry));
  else place(i, <i32>addressOf(entry, chunk), inner << 2, outer << 2, 0);
}
