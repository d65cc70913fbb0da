/**
 * Rows in order, by their bits: elements become whole numbers of the same order, which are dealt into 256 piles by their
 * lowest byte, then the next, keeping their order. A byte that all of them share is passed over. A row is one thread's.
 * Where only a few that come first are wanted, a row is looked through for those.
 */
import { operand, shareStart, threadScratch, word } from "./threads";

/** Rows of so few are put in order one element after the other. */
const FEW: i32 = 48;
/** Bytes of the piles' beginnings, 256 for each byte of a key. */
const PILES: usize = 4096;

/** So many are looked for at most, and then moved no more often than this times the elements of a row. */
const MOST_CHOSEN: i32 = 128;
const MOST_MOVES: i32 = 4;

/**
 * Operands x [R, n], out [R, first], memory [room, 3 or 4, n]; words: R, n, dtype (0 f32, 1 i32, 2 u32), whether the
 * largest comes first, room: threads that have a part of the memory, 0 where each has enough of its own, and first.
 */
export function argsort(args: usize, thread: i32, threads: i32): void {
  const rows = word(args, 3, 0);
  const n = word(args, 3, 1);
  const kind = word(args, 3, 2);
  const flip: u32 = word(args, 3, 3) != 0 ? 0xffffffff : 0;
  const room = word(args, 3, 4);
  const first = word(args, 3, 5);
  const lines: usize = first < n ? 4 : 3;
  if (room > 0) threads = min(threads, room);
  if (thread >= threads) return;
  const bytes = <usize>n << 2;
  const piles = threadScratch(thread);
  const rest = room > 0 ? operand(args, 2) + <usize>thread * lines * bytes : piles + PILES;
  const end = shareStart(rows, thread + 1, threads, 1);
  for (let row = shareStart(rows, thread, threads, 1); row < end; row++) {
    const x = operand(args, 0) + <usize>row * bytes;
    const out = operand(args, 1) + (<usize>(row * first) << 2);
    const isPart = first < n;
    if (isPart && first <= MOST_CHOSEN && choose(x, out, rest, n, first, kind, flip)) continue;
    const order = isPart ? rest + 3 * bytes : out;
    if (n <= FEW) insert(x, order, rest, n, kind, flip);
    else deal(x, order, rest, piles, n, kind, flip);
    if (isPart) memory.copy(out, order, <usize>first << 2);
  }
}

/** Four keys. */
// @ts-ignore: decorator
@inline
function keysOf(bits: v128, kind: i32): v128 {
  if (kind == 1) return v128.xor(bits, i32x4.splat(0x80000000));
  if (kind == 2) return bits;
  const own = f32x4.add(bits, f32x4.splat(0));
  const keys = v128.xor(own, v128.or(i32x4.shr_s(own, 31), i32x4.splat(0x80000000)));
  return v128.or(keys, f32x4.ne(own, own));
}

/**
 * The first `few` of a row: those seen so far lie in order, and only what comes before the last of them is looked at.
 * False where that moves them about too often, as for rows that lie in the reverse order.
 */
function choose(x: usize, out: usize, keys: usize, n: i32, few: i32, kind: i32, flip: u32): bool {
  insert(x, out, keys, few, kind, flip);
  const last = keys + (<usize>(few - 1) << 2);
  const moves = MOST_MOVES * n;
  let moved = 0;
  let i = few;
  for (; i + 4 <= n; i += 4) {
    const four = v128.xor(keysOf(v128.load(x + (<usize>i << 2)), kind), i32x4.splat(flip));
    if (!v128.any_true(i32x4.lt_u(four, v128.load32_splat(last)))) continue;
    moved += place(keys, out, few, i32x4.extract_lane(four, 0), i);
    moved += place(keys, out, few, i32x4.extract_lane(four, 1), i + 1);
    moved += place(keys, out, few, i32x4.extract_lane(four, 2), i + 2);
    moved += place(keys, out, few, i32x4.extract_lane(four, 3), i + 3);
    if (moved > moves) return false;
  }
  for (; i < n; i++) place(keys, out, few, keyOf(load<u32>(x + (<usize>i << 2)), kind) ^ flip, i);
  return true;
}

/** Puts an element among `few` others, the last of which falls out; how many that moves. */
function place(keys: usize, out: usize, few: i32, key: u32, index: i32): i32 {
  let at = <usize>(few - 1) << 2;
  if (load<u32>(keys + at) <= key) return 0;
  let moved = 1;
  for (; at > 0 && load<u32>(keys + at - 4) > key; at -= 4, moved++) {
    store<u32>(keys + at, load<u32>(keys + at - 4));
    store<i32>(out + at, load<i32>(out + at - 4));
  }
  store<u32>(keys + at, key);
  store<i32>(out + at, index);
  return moved;
}

/** In the order of what bits stand for; NaN is the largest, −0 is 0. */
// @ts-ignore: decorator
@inline
function keyOf(bits: u32, kind: i32): u32 {
  if (kind == 1) return bits ^ 0x80000000;
  if (kind == 2) return bits;
  if ((bits & 0x7fffffff) > 0x7f800000) return 0xffffffff;
  return bits > 0x80000000 ? ~bits : bits | 0x80000000;
}

function insert(x: usize, out: usize, keys: usize, n: i32, kind: i32, flip: u32): void {
  for (let i = 0; i < n; i++) {
    const key = keyOf(load<u32>(x + (<usize>i << 2)), kind) ^ flip;
    let at = <usize>i << 2;
    for (; at > 0 && load<u32>(keys + at - 4) > key; at -= 4) {
      store<u32>(keys + at, load<u32>(keys + at - 4));
      store<i32>(out + at, load<i32>(out + at - 4));
    }
    store<u32>(keys + at, key);
    store<i32>(out + at, i);
  }
}

/** A pile of the keys' byte `byte`: how many are in it, then where its next one goes. */
// @ts-ignore: decorator
@inline
function pileOf(piles: usize, key: u32, byte: i32): usize {
  return piles + (<usize>byte << 10) + (<usize>((key >> (<u32>byte << 3)) & 255) << 2);
}

/** `rest` has room for the keys, twice, and the places. */
function deal(x: usize, out: usize, rest: usize, piles: usize, n: i32, kind: i32, flip: u32): void {
  const bytes = <usize>n << 2;
  let keys = rest;
  let dealt = rest + bytes;
  const spare = dealt + bytes;
  memory.fill(piles, 0, PILES);
  for (let at: usize = 0; at < bytes; at += 4) {
    const key = keyOf(load<u32>(x + at), kind) ^ flip;
    store<u32>(keys + at, key);
    for (let byte = 0; byte < 4; byte++) {
      const pile = pileOf(piles, key, byte);
      store<i32>(pile, load<i32>(pile) + 1);
    }
  }
  const some = load<u32>(keys);
  let left = 0;
  for (let byte = 0; byte < 4; byte++) left += i32(load<i32>(pileOf(piles, some, byte)) < n);
  // Places go to and fro, so that the last of them come to lie in `out`.
  let order: usize = 0;
  for (let byte = 0; byte < 4; byte++) {
    if (load<i32>(pileOf(piles, some, byte)) == n) continue;
    begin(piles + (<usize>byte << 10));
    left -= 1;
    const to = left & 1 ? spare : out;
    for (let at: usize = 0; at < bytes; at += 4) {
      const key = load<u32>(keys + at);
      const pile = pileOf(piles, key, byte);
      const place = <usize>load<i32>(pile) << 2;
      store<i32>(pile, load<i32>(pile) + 1);
      store<u32>(dealt + place, key);
      store<i32>(to + place, order == 0 ? <i32>(at >> 2) : load<i32>(order + at));
    }
    order = to;
    const other = keys;
    keys = dealt;
    dealt = other;
  }
  if (order == 0) for (let i = 0; i < n; i++) store<i32>(out + (<usize>i << 2), i);
}

/** Numbers of elements become where each pile begins. */
function begin(piles: usize): void {
  let first = 0;
  for (let pile = piles; pile < piles + 1024; pile += 4) {
    const count = load<i32>(pile);
    store<i32>(pile, first);
    first += count;
  }
}
