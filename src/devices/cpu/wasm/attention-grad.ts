/**
 * The gradient of attention: what queries pay to keys is made again of q, k and the logarithms of the sums, block by
 * block (Dao et al. 2022, algorithm 4), five products for each block. Threads take ranges of keys of a head, so that each
 * key's gradients are made by one of them alone; where a head has several ranges, each leaves its part of the gradient of
 * q, and the parts are added in order. How many there are is a matter of the shape, so threads do not show in the bits.
 */
import {
  begin, beginHead, D, E, blockKeys, gradients, heads, isCausal, largest, LOST, multiply, packedG, packedQ, packQueries,
  hide, productsOf, QUERIES, ROW, scale, scores, seenEnd, Tk, totals, Tq,
} from "./attention-block";
import { vexp } from "./math";
import { barrier, operand, shareStart, word } from "./threads";

/** Operands q, k, v, mask, stats, g, gQ, gK, gV, parts [ranges, heads, Tq, D]; words: ranges, keys a range, then see `begin`. */
export function attentionGrad(args: usize, thread: i32, threads: i32): void {
  const ranges = word(args, 10, 0), length = word(args, 10, 1);
  begin(args, args + 48, thread);
  const end = shareStart(heads * ranges, thread + 1, threads, 1);
  for (let item = shareStart(heads * ranges, thread, threads, 1); item < end; item++) {
    const head = item / ranges, range = item - head * ranges;
    beginHead(head);
    const gQ = ranges == 1 ? operand(args, 6) : operand(args, 9) + (<usize>(range * heads * Tq * D) << 2);
    walk(args, head, range * length, min(Tk, (range + 1) * length), gQ + (<usize>(head * Tq * D) << 2));
  }
  if (ranges == 1) return;
  // Parts are added by whoever comes to them.
  barrier();
  const size = heads * Tq * D;
  addParts(operand(args, 9), operand(args, 6), shareStart(size, thread, threads, 16), shareStart(size, thread + 1, threads, 16), size, ranges);
}

function addParts(parts: usize, out: usize, first: i32, end: i32, size: i32, ranges: i32): void {
  for (let i = first; i < end; i++) {
    let sum: f32 = 0;
    for (let r = 0; r < ranges; r++) sum += load<f32>(parts + (<usize>(r * size + i) << 2));
    store<f32>(out + (<usize>i << 2), sum);
  }
}

/** Keys [from, to) of a head, and what they add to the gradient of its queries. */
function walk(args: usize, head: i32, from: i32, to: i32, gQ: usize): void {
  const q = operand(args, 0) + (<usize>(head * Tq * D) << 2), g = operand(args, 5) + (<usize>(head * Tq * E) << 2);
  const k = operand(args, 1) + (<usize>(head * Tk * D) << 2), v = operand(args, 2) + (<usize>(head * Tk * E) << 2);
  const gK = operand(args, 7) + (<usize>(head * Tk * D) << 2), gV = operand(args, 8) + (<usize>(head * Tk * E) << 2);
  const dBytes = <usize>D << 2, eBytes = <usize>E << 2;
  memory.fill(gQ, 0, <usize>Tq * dBytes);
  memory.fill(gK + <usize>from * dBytes, 0, <usize>(to - from) * dBytes);
  memory.fill(gV + <usize>from * eBytes, 0, <usize>(to - from) * eBytes);
  for (let query = 0; query < Tq; query += QUERIES) {
    const count = min(QUERIES, Tq - query);
    const isAnyLost = bring(args, head * Tq + query, count);
    const end = isAnyLost ? to : min(to, seenEnd(query + count));
    const own = q + <usize>query * dBytes, ownG = g + <usize>query * eBytes, ownQ = gQ + <usize>query * dBytes;
    if (from < end) {
      packQueries(own, D, count, scale, packedQ);
      packQueries(ownG, E, count, 1, packedG);
    }
    for (let key = from; key < end; key += blockKeys) {
      const keys = min(blockKeys, to - key);
      const ks = k + <usize>key * dBytes;
      productsOf(ks, keys, D, packedQ, count, scores);
      hide(query, count, key, keys);
      productsOf(v + <usize>key * eBytes, keys, E, packedG, count, gradients);
      for (let i = 0; i < count; i += 4) pull(i, keys);
      multiply(keys, E, count, scores, ROW, 4, ownG, eBytes, 32, gV + <usize>key * eBytes, eBytes, false);
      multiply(keys, D, count, gradients, ROW, 4, own, dBytes, 32, gK + <usize>key * dBytes, dBytes, false);
      multiply(count, D, keys, gradients, 4, ROW, ks, dBytes, 32, ownQ, dBytes, false);
    }
  }
}

/** The stats of `count` queries from `first` on, to the thread's memory; whether any of them sees nothing. */
function bring(args: usize, first: i32, count: i32): bool {
  const lse = operand(args, 4) + (<usize>first << 2), delta = lse + (<usize>(heads * Tq) << 2);
  let isAny = false;
  for (let i: usize = 0; i < <usize>QUERIES; i++) {
    const at = min(i, <usize>(count - 1)) << 2;
    const own = load<f32>(lse + at);
    isAny = isAny || own < LOST;
    store<f32>(largest + (i << 2), own);
    store<f32>(totals + (i << 2), load<f32>(delta + at));
  }
  return isAny;
}

/** Makes weights of the scores of four queries from `i` on, and the gradients of their products of those of the weights. */
function pull(i: i32, keys: i32): void {
  const place = <usize>i << 2;
  const lse = v128.load(largest + place), delta = v128.load(totals + place);
  const isLost = f32x4.lt(lse, f32x4.splat(LOST));
  const factor = v128.andnot(f32x4.splat(scale), isLost);
  let at = scores + place, to = gradients + place;
  if (v128.any_true(isLost)) {
    // All keys are paid alike, whatever the products.
    const alike = f32x4.splat(1 / <f32>Tk);
    for (let j = keys; j > 0; j--) {
      const p = v128.bitselect(alike, vexp(f32x4.sub(v128.load(at), lse)), isLost);
      v128.store(at, p);
      v128.store(to, f32x4.mul(f32x4.mul(p, f32x4.sub(v128.load(to), delta)), factor));
      at += ROW, to += ROW;
    }
    return;
  }
  for (let j = keys; j > 0; j--) {
    const p = vexp(f32x4.sub(v128.load(at), lse));
    v128.store(at, p);
    v128.store(to, f32x4.mul(f32x4.mul(p, f32x4.sub(v128.load(to), delta)), factor));
    at += ROW, to += ROW;
  }
}
