/**
 * What attention and its gradient share: the scores of a block of keys and up to QUERIES queries, which lie transposed,
 * [keys][QUERIES], so that a vector holds four queries and softmax needs nothing across its lanes. Products read q
 * packed once a block of queries, and k, v and g where they lie.
 */
import { packTransposed } from "./gemm-pack";
import { copyTile, ZEROS } from "./gemm";
import { setOperands, stridedTile } from "./gemm-tiles";
import { float, operand, threadScratch, word } from "./threads";
import { setResult } from "./tile";

/** Queries of a block, and the keys that there is room for. */
export const QUERIES: i32 = 48;
export const MOST_KEYS: i32 = 48;
export const ROW: usize = <usize>QUERIES << 2;
const BLOCK: usize = ROW * MOST_KEYS;
/** As `UNSEEN` of ops/attention.ts. */
export const UNSEEN: f32 = -1e30;
/** What is below it is the logarithm of a sum of hidden keys only. */
export const LOST: f32 = -1e29;

/** Where a thread keeps things, from its scratch on: scores, their gradients, numbers of each query, an edge, packed rows. */
export let scores: usize = 0, gradients: usize = 0, largest: usize = 0, totals: usize = 0, packedQ: usize = 0, packedG: usize = 0;
let edge: usize = 0;

// The attention at hand, on this thread.
export let heads: i32 = 0, Tq: i32 = 0, Tk: i32 = 0, D: i32 = 0, E: i32 = 0;
export let blockKeys: i32 = 0;
export let isCausal: bool = false;
export let scale: f32 = 0;
let maskKind: i32 = 0, maskRow: usize = 0, maskColumn: usize = 0, maskRank: i32 = 0;
let words: usize = 0, maskBase: usize = 0, mask: usize = 0;

/** Words: heads, Tq, Tk, D, E, keys a block, causal, scale, kind of mask (1: bool, 2: f32), bytes from query to query and from
 * key to key of it, rank, then (size, bytes) of each leading dimension. The mask is operand 3. */
export function begin(args: usize, at: usize, thread: i32): void {
  words = at;
  heads = word(at, 0, 0), Tq = word(at, 0, 1), Tk = word(at, 0, 2), D = word(at, 0, 3), E = word(at, 0, 4);
  blockKeys = word(at, 0, 5), isCausal = word(at, 0, 6) != 0, scale = float(at, 0, 7);
  maskKind = word(at, 0, 8), maskRow = word(at, 0, 9), maskColumn = word(at, 0, 10), maskRank = word(at, 0, 11);
  maskBase = operand(args, 3);
  scores = threadScratch(thread);
  gradients = scores + BLOCK;
  largest = gradients + BLOCK;
  totals = largest + ROW;
  edge = totals + ROW;
  packedQ = edge + 6 * 32;
  packedG = packedQ + ROW * <usize>D;
}

/** Where the mask of head `head` begins. */
export function beginHead(head: i32): void {
  mask = maskBase;
  for (let d = maskRank - 1; d >= 0; d--) {
    const size = word(words, 0, 12 + 2 * d);
    mask += <usize>(head % size) * word(words, 0, 13 + 2 * d);
    head /= size;
  }
}

/** The first key that no query before `end` sees for being causal. */
// @ts-ignore: decorator
@inline
export function seenEnd(end: i32): i32 {
  return isCausal ? min(Tk, max(0, end + Tk - Tq)) : Tk;
}

/** `count` rows of `columns` floats as panels of 8 rows, [columns][8], times `factor`. */
export function packQueries(rows: usize, columns: i32, count: i32, factor: f32, to: usize): void {
  const panels = (count + 7) >> 3;
  packTransposed(rows, <usize>columns << 2, count, columns, panels, to);
  if (factor == 1) return;
  for (let n = panels * columns * 2; n > 0; n--) {
    v128.store(to, f32x4.mul(v128.load(to), f32x4.splat(factor)));
    to += 16;
  }
}

/**
 * C [rows, columns] = A · B, or C += A · B. A is read at any distances; B has panels of 8 columns, `bPanel` bytes apart
 * and `bRow` from row to row, and may be read behind the last column.
 */
export function multiply(
  rows: i32, columns: i32, depth: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, bPanel: usize,
  c: usize, cRow: usize, begins: bool,
): void {
  setOperands(depth, aRow, aColumn, bRow);
  const full = columns >> 3, rest = columns & 7;
  for (let r = 0; r < rows; r += 6) {
    const count = min(6, rows - r);
    const from = a + <usize>r * aRow;
    let to = c + <usize>r * cRow, panel = b;
    setResult(begins ? 0 : cRow, cRow);
    for (let p = full; p > 0; p--) {
      stridedTile(count, from, panel, begins ? ZEROS : to, to);
      to += 32, panel += bPanel;
    }
    if (rest == 0) continue;
    if (!begins) copyTile(to, cRow, edge, 32, count, rest);
    setResult(begins ? 0 : 32, 32);
    stridedTile(count, from, panel, begins ? ZEROS : edge, edge);
    copyTile(edge, 32, to, cRow, count, rest);
  }
}

/** The products of `keys` rows from `k` on, of `width` features, with packed rows of as many queries as `count`, to `to`. */
export function productsOf(k: usize, keys: i32, width: i32, packed: usize, count: i32, to: usize): void {
  multiply(keys, (count + 7) & ~7, width, k, <usize>width << 2, 4, packed, 32, <usize>width << 5, to, ROW, true);
}

/** Adds to the scores of a block what is added, and hides what is hidden. */
export function hide(query: i32, count: i32, key: i32, keys: i32): void {
  if (maskKind == 0 && key + keys <= seenEnd(query + 1)) return;
  for (let v = 0; v < count; v += 4) {
    let at = scores + (<usize>v << 2);
    // Queries behind the last are the last one again.
    const last = Tq - 1, q = query + v;
    const m0 = mask + <usize>min(q, last) * maskRow, m1 = mask + <usize>min(q + 1, last) * maskRow;
    const m2 = mask + <usize>min(q + 2, last) * maskRow, m3 = mask + <usize>min(q + 3, last) * maskRow;
    const limits = i32x4.add(i32x4(0, 1, 2, 3), i32x4.splat(isCausal ? q + Tk - Tq : Tk));
    for (let j = key; j < key + keys; j++) {
      let s = v128.load(at);
      let hidden = i32x4.gt_s(i32x4.splat(j), limits);
      if (maskKind != 0) {
        const column = <usize>j * maskColumn;
        let m = v128.load32_zero(m0 + column);
        m = v128.load32_lane(m1 + column, m, 1);
        m = v128.load32_lane(m2 + column, m, 2);
        m = v128.load32_lane(m3 + column, m, 3);
        if (maskKind == 1) hidden = v128.or(hidden, i32x4.eq(m, i32x4.splat(0)));
        else {
          s = f32x4.add(s, m);
          hidden = v128.or(hidden, f32x4.le(m, f32x4.splat(UNSEEN)));
        }
      }
      v128.store(at, v128.bitselect(f32x4.splat(UNSEEN), s, hidden));
      at += ROW;
    }
  }
}
