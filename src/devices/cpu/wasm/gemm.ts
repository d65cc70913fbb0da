/**
 * Matrix products. C is cut into blocks of at most `nc` columns and sums of at most `kc` terms; of each block B is
 * packed into panels that all threads share (it stays in a core's second-level cache), then every thread takes
 * strips of up to 6 rows of A, packs the strip (first-level cache) and multiplies it with the panels. Transposition
 * is a matter of packing only. C itself carries the sums from one block of terms to the next.
 *
 * Threads split rows, or columns where there are few rows; never the terms of a sum. So results do not depend on
 * how many threads there are. Two packed blocks take turns, which leaves one barrier a block. Of a batch of products each
 * thread takes some as a whole where that shares at least as evenly, or where one is smaller than a barrier is long.
 */
import { finish, openEpilogue } from "./epilogue";
import { packColumns, packRows, packStrip, packTransposed } from "./gemm-pack";
import { packedTile, setOperands, stridedTile } from "./gemm-tiles";
import { barrier, operand, shareStart, threadScratch, word } from "./threads";
import { setResult } from "./tile";

/** Eight zeros: what sums start from. */
export const ZEROS: usize = memory.data(32, 16);

/** Rows of tile `index` of `tiles` that cover `count` rows as evenly as they can: where it starts. */
// @ts-ignore: decorator
@inline
export function tileStart(count: i32, index: i32, tiles: i32): i32 {
  return <i32>((<i64>count * index) / tiles);
}

/** Copies `rows` × `columns` floats. */
export function copyTile(from: usize, fromStep: usize, to: usize, toStep: usize, rows: i32, columns: i32): void {
  for (let r = 0; r < rows; r++) {
    for (let n: usize = 0; n < <usize>columns; n++) store<f32>(to + (n << 2), load<f32>(from + (n << 2)));
    from += fromStep, to += toStep;
  }
}

/** Multiplications of a product that takes about as long as a barrier: some microseconds. */
const SMALL: i64 = 1 << 15;

// The product at hand, on this thread.
let M: i32 = 0, N: i32 = 0, K: i32 = 0;
let transposeA: bool = false, transposeB: bool = false;
let blockColumns: i32 = 0, blockDepth: i32 = 0;
let scratch: usize = 0;
let strip: usize = 0;
let isPacked: bool = false;
/** Whether this thread makes whole products of a batch, with nobody to wait for. */
let isAlone: bool = false;
/** Blocks packed so far: even and odd ones lie in different halves of the scratch memory. */
let blocks: i32 = 0;

/**
 * Operands a, b, out, scratch[2 · kc · nc], what an epilogue reads. Words: those of the epilogue (epilogue.ts); M, N, K,
 * transposes (1: A, 2: B), kc, nc, batch rank, then (size, a step, b step) of each.
 */
export function gemm(args: usize, thread: i32, threads: i32): void {
  product(args, openEpilogue(args, 2, thread), thread, threads);
}

function product(args: usize, words: usize, thread: i32, threads: i32): void {
  M = word(words, 0, 0), N = word(words, 0, 1), K = word(words, 0, 2);
  const transposes = word(words, 0, 3);
  transposeA = (transposes & 1) != 0, transposeB = (transposes & 2) != 0;
  blockDepth = word(words, 0, 4), blockColumns = word(words, 0, 5);
  const rank = word(words, 0, 6);
  scratch = operand(args, 3);
  strip = threadScratch(thread);
  blocks = 0;
  let batch = 1;
  for (let d = 0; d < rank; d++) batch *= word(words, 0, 7 + 3 * d);
  const within = max(share((N + 7) >> 3, threads), share((M + 5) / 6, threads));
  const isSmall = <i64>M * N * K <= SMALL;
  isAlone = threads > 1 && batch > 1 && (isSmall || share(batch, threads) >= within);
  const first = isAlone ? shareStart(batch, thread, threads, 1) : 0;
  const end = isAlone ? shareStart(batch, thread + 1, threads, 1) : batch;
  if (isAlone) thread = 0, threads = 1;
  for (let index = first; index < end; index++) {
    let a = operand(args, 0), b = operand(args, 1);
    let rest = index;
    for (let d = rank - 1; d >= 0; d--) {
      const size = word(words, 0, 7 + 3 * d);
      const at = rest % size;
      a += <usize>(at * word(words, 0, 8 + 3 * d)) << 2;
      b += <usize>(at * word(words, 0, 9 + 3 * d)) << 2;
      rest /= size;
    }
    matrix(a, b, operand(args, 2) + <usize>index * (<usize>(M * N) << 2), thread, threads);
  }
}

function matrix(a: usize, b: usize, c: usize, thread: i32, threads: i32): void {
  if (M == 0 || N == 0) return;
  const tiles = (M + 5) / 6;
  const panels = (N + 7) >> 3;
  // The dimension that shares more evenly; each thread packs what it needs itself if that is the columns.
  const byColumns = isAlone || share(panels, threads) > share(tiles, threads);
  // With two strips or fewer, packing B would cost as much as it gains: its rows are read where they are.
  const direct = !transposeB && tiles <= 2;
  const tileFirst = byColumns ? 0 : shareStart(tiles, thread, threads, 1);
  const tileEnd = byColumns ? tiles : shareStart(tiles, thread + 1, threads, 1);
  for (let n0 = 0; n0 < N; n0 += blockColumns) {
    const width = min(blockColumns, N - n0);
    const count = (width + 7) >> 3;
    const own = shareStart(count, thread, threads, 1);
    const ownEnd = shareStart(count, thread + 1, threads, 1);
    let k0 = 0;
    do {
      const depth = min(blockDepth, K - k0);
      let block = byColumns ? strip + OWN_PANELS : scratch + (<usize>((blocks & 1) * blockDepth * blockColumns) << 2);
      blocks++;
      if (!direct) {
        pack(b, k0, depth, n0, own, ownEnd, byColumns ? block : block + (<usize>(own * depth) << 5));
        if (byColumns) block -= <usize>(own * depth) << 5;
        else barrier();
      }
      const first = byColumns ? own : 0, end = byColumns ? ownEnd : count;
      for (let tile = tileFirst; tile < tileEnd; tile++) {
        const m = tileStart(M, tile, tiles);
        const rows = tileStart(M, tile + 1, tiles) - m;
        multiply(a, b, c, m, rows, n0, first, end, k0, depth, block, direct);
      }
      k0 += blockDepth;
    } while (k0 < K);
  }
}

/** How much of the threads' time is work when `count` equal parts are shared. */
function share(count: i32, threads: i32): f32 {
  return <f32>count / <f32>((count + threads - 1) / threads * threads);
}

function pack(b: usize, k0: i32, depth: i32, n0: i32, first: i32, end: i32, to: usize): void {
  if (first >= end) return;
  const n = n0 + first * 8;
  if (transposeB) packTransposed(b + (<usize>(n * K + k0) << 2), <usize>K << 2, N - n, depth, end - first, to);
  else packColumns(b + (<usize>(k0 * N + n) << 2), <usize>N << 2, depth, end - first, to);
}

/** One strip: rows m … of C, panels [first, end) of the block of columns at n0, terms [k0, k0 + depth). */
function multiply(
  a: usize, b: usize, c: usize, m: i32, rows: i32, n0: i32, first: i32, end: i32, k0: i32, depth: i32,
  block: usize, direct: bool,
): void {
  const from = transposeA ? a + (<usize>(k0 * M + m) << 2) : a + (<usize>(m * K + k0) << 2);
  const aRow: usize = transposeA ? 4 : <usize>K << 2;
  const aColumn: usize = transposeA ? <usize>M << 2 : 4;
  const rowBytes = <usize>N << 2;
  // A strip that is read again and again is packed.
  isPacked = !direct && end - first >= 4;
  if (isPacked) {
    if (transposeA) packStrip(from, aColumn, depth, strip);
    else packRows(from, aRow, rows, depth, strip);
  }
  setOperands(depth, aRow, aColumn, direct ? rowBytes : 32);
  const begins = k0 == 0;
  const full = (N - n0) >> 3;
  const out = c + (<usize>(m * N + n0) << 2);
  const initStep = begins ? 0 : rowBytes;
  setResult(initStep, rowBytes);
  const bStart = direct ? b + (<usize>(k0 * N + n0) << 2) : block;
  const bPanel: usize = direct ? 32 : <usize>depth << 5;
  for (let panel = first; panel < min(end, full); panel++) {
    const to = out + (<usize>panel << 5);
    tile(rows, from, bStart + <usize>panel * bPanel, begins ? ZEROS : to, to);
  }
  if (end > full) {
    // The last panel reaches over the edge: it is made beside C.
    const columns = N - n0 - full * 8;
    const to = out + (<usize>full << 5);
    const edge = strip + EDGE_TILE;
    if (!begins) copyTile(to, rowBytes, edge, 32, rows, columns);
    setResult(begins ? 0 : 32, 32);
    tile(rows, from, bStart + <usize>full * bPanel, begins ? ZEROS : edge, edge);
    copyTile(edge, 32, to, rowBytes, rows, columns);
  }
  if (k0 + depth >= K) finish(out + (<usize>first << 5), rows, rowBytes, min(end * 8, N - n0) - first * 8);
}

/** Of the strip where it is packed, of A at `from` where it is not. */
// @ts-ignore: decorator
@inline
function tile(rows: i32, from: usize, b: usize, init: usize, c: usize): void {
  if (isPacked) packedTile(rows, strip, b, init, c);
  else stridedTile(rows, from, b, init, c);
}

/** Where a thread keeps a tile at the edge, behind its strip of at most 6 · (1024 + 4) floats. */
const EDGE_TILE: usize = 32 << 10;
/** Where it keeps packed panels that are its own, at most half a MiB. */
const OWN_PANELS: usize = 64 << 10;
