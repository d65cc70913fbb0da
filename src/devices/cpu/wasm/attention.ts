/**
 * Attention that never stores what queries pay to keys. A block of queries goes over the keys block by block and
 * keeps, of all that it has seen, the largest score, the sum of exp(score − largest) and the values weighted by it, which
 * are scaled down where a larger score comes (Milakov & Gimelshein 2018; Dao et al. 2022). Threads take blocks of queries,
 * each made by one of them alone, so results do not depend on how many there are.
 */
import {
  begin, beginHead, D, E, blockKeys, heads, largest, MOST_KEYS, multiply, packedQ, packQueries, hide, productsOf,
  QUERIES, ROW, scale, scores, seenEnd, Tk, totals, Tq, UNSEEN,
} from "./attention-block";
import { vexp } from "./math";
import { operand, shareStart } from "./threads";

/** Below any score. */
const LEAST: f32 = -3e38;

/** Operands q, k, v, mask, out, lse; words: see `begin`. */
export function attention(args: usize, thread: i32, threads: i32): void {
  begin(args, args + 24, thread);
  const blocks = (Tq + QUERIES - 1) / QUERIES;
  const end = shareStart(heads * blocks, thread + 1, threads, 1);
  for (let item = shareStart(heads * blocks, thread, threads, 1); item < end; item++) {
    const head = item / blocks, query = (item - head * blocks) * QUERIES;
    beginHead(head);
    attend(args, head, query, min(QUERIES, Tq - query));
  }
}

function attend(args: usize, head: i32, query: i32, count: i32): void {
  const first = head * Tq + query;
  const k = operand(args, 1) + (<usize>(head * Tk * D) << 2), v = operand(args, 2) + (<usize>(head * Tk * E) << 2);
  const out = operand(args, 4) + (<usize>(first * E) << 2);
  const rowBytes = <usize>E << 2;
  packQueries(operand(args, 0) + (<usize>(first * D) << 2), D, count, scale, packedQ);
  for (let i: usize = 0; i < ROW; i += 16) {
    v128.store(largest + i, f32x4.splat(LEAST));
    v128.store(totals + i, f32x4.splat(0));
  }
  const end = seenEnd(query + count);
  for (let key = 0; key < Tk; key += blockKeys) {
    // A query that has seen nothing so far sees all keys alike.
    if (key >= end && !isAnyLost(count)) break;
    const keys = min(blockKeys, Tk - key);
    productsOf(k + (<usize>(key * D) << 2), keys, D, packedQ, count, scores);
    hide(query, count, key, keys);
    for (let i = 0; i < count; i += 4) weigh(i, min(4, count - i), keys, key == 0 ? 0 : out + <usize>i * rowBytes);
    multiply(count, E, keys, scores, 4, ROW, v + <usize>key * rowBytes, rowBytes, 32, out, rowBytes, key == 0);
  }
  const lse = operand(args, 5) + (<usize>first << 2);
  for (let i: usize = 0; i < <usize>count; i++) {
    const total = load<f32>(totals + (i << 2));
    scaleRow(out + i * rowBytes, 1 / total);
    store<f32>(lse + (i << 2), load<f32>(largest + (i << 2)) + NativeMathf.log(total));
  }
}

function isAnyLost(count: i32): bool {
  for (let i = 0; i < count; i++) {
    if (load<f32>(largest + (<usize>i << 2)) <= UNSEEN) return true;
  }
  return false;
}

/** Makes weights of the scores of four queries from `i` on; what `count` of them have summed up in `out` is scaled with them. */
function weigh(i: i32, count: i32, keys: i32, out: usize): void {
  const place = <usize>i << 2;
  const before = v128.load(largest + place);
  let top = before;
  let at = scores + place;
  for (let j = keys; j > 0; j--) {
    // One instruction, other than max. It may pass over NaN, which exp does not.
    top = f32x4.pmax(top, v128.load(at));
    at += ROW;
  }
  let total = f32x4.splat(0);
  at = scores + place;
  for (let j = keys; j > 0; j--) {
    const p = vexp(f32x4.sub(v128.load(at), top));
    v128.store(at, p);
    total = f32x4.add(total, p);
    at += ROW;
  }
  const factor = vexp(f32x4.sub(before, top));
  v128.store(largest + place, top);
  v128.store(totals + place, f32x4.add(f32x4.mul(v128.load(totals + place), factor), total));
  if (out == 0) return;
  const rowBytes = <usize>E << 2;
  scaleRow(out, f32x4.extract_lane(factor, 0));
  if (count > 1) scaleRow(out + rowBytes, f32x4.extract_lane(factor, 1));
  if (count > 2) scaleRow(out + rowBytes * 2, f32x4.extract_lane(factor, 2));
  if (count > 3) scaleRow(out + rowBytes * 3, f32x4.extract_lane(factor, 3));
}

function scaleRow(at: usize, factor: f32): void {
  if (factor == 1) return;
  let n = E;
  for (; n >= 4; n -= 4) {
    v128.store(at, f32x4.mul(v128.load(at), f32x4.splat(factor)));
    at += 16;
  }
  for (; n > 0; n--) {
    store<f32>(at, load<f32>(at) * factor);
    at += 4;
  }
}
