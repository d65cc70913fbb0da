import { operand, shareStart, word } from "./threads";

/** Operands table [V, D], ids [n], out [n, D]; words: V, D, n. Ids below 0 read as zeros, those beyond the table as NaN. */
export function embedding(args: usize, thread: i32, threads: i32): void {
  const rows = word(args, 3, 0);
  const features = word(args, 3, 1);
  const count = word(args, 3, 2);
  const bytes = <usize>features << 2;
  const table = operand(args, 0);
  const ids = operand(args, 1);
  const end = shareStart(count, thread + 1, threads, 1);
  let i = shareStart(count, thread, threads, 1);
  let out = operand(args, 2) + <usize>i * bytes;
  for (; i < end; i++, out += bytes) {
    const id = load<i32>(ids + (<usize>i << 2));
    if (id >= 0 && id < rows) copyFeatures(out, table + <usize>id * bytes, bytes);
    else if (id < 0) memory.fill(out, 0, bytes);
    else for (let d: usize = 0; d < bytes; d += 4) store<f32>(out + d, NaN);
  }
}

/** Bytes of rows for which a call of the host's copy costs more than it saves. */
const SHORT: usize = 256;

// @ts-ignore: decorator
@inline
function copyFeatures(to: usize, from: usize, bytes: usize): void {
  if (bytes > SHORT) {
    memory.copy(to, from, bytes);
    return;
  }
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, v128.load(from + i));
  for (; i < bytes; i += 4) store<i32>(to + i, load<i32>(from + i));
}

/** Columns that a thread takes together: a cache line. */
const GRAIN: i32 = 16;

/**
 * out[v] = Σ g[i] over the i with ids[i] = v, in the order of i. Operands ids [n], g [n, D], out [V, D]; words: V, D, n.
 * A thread owns a band of columns, or of table rows where there are too few columns, or where most of the work is to fill a
 * table that is longer than the ids; so nothing is shared, and every element is summed in the same order by any number of
 * threads.
 */
export function embeddingGrad(args: usize, thread: i32, threads: i32): void {
  const rows = word(args, 3, 0);
  const features = word(args, 3, 1);
  const count = word(args, 3, 2);
  const ids = operand(args, 0);
  const byColumns = features >= GRAIN * threads && rows <= count;
  const left = byColumns ? shareStart(features, thread, threads, GRAIN) : 0;
  const right = byColumns ? shareStart(features, thread + 1, threads, GRAIN) : features;
  const top = byColumns ? 0 : shareStart(rows, thread, threads, 1);
  const bottom = byColumns ? rows : shareStart(rows, thread + 1, threads, 1);
  const rowBytes = <usize>features << 2;
  const bytes = <usize>(right - left) << 2;
  const g = operand(args, 1) + (<usize>left << 2);
  const out = operand(args, 2) + (<usize>left << 2);
  // A call for each short row takes longer than the row: with it 50,000 of 32 took 0.55 ms on two threads, now 0.25.
  if (bytes === rowBytes) memory.fill(out + <usize>top * rowBytes, 0, <usize>(bottom - top) * rowBytes);
  else for (let v = top; v < bottom; v++) memory.fill(out + <usize>v * rowBytes, 0, bytes);
  for (let i = 0; i < count; i++) {
    const id = load<i32>(ids + (<usize>i << 2));
    if (id >= top && id < bottom) addRow(out + <usize>id * rowBytes, g + <usize>i * rowBytes, bytes);
  }
}

// @ts-ignore: decorator
@inline
function addRow(to: usize, from: usize, bytes: usize): void {
  let i: usize = 0;
  for (; i + 16 <= bytes; i += 16) v128.store(to + i, f32x4.add(v128.load(to + i), v128.load(from + i)));
  for (; i < bytes; i += 4) store<f32>(to + i, load<f32>(to + i) + load<f32>(from + i));
}
