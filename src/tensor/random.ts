/**
 * Random numbers from a counter: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror & Shaw, "Parallel random numbers:
 * as easy as 1, 2, 3", SC 2011). Word i of a stream is a pure function of key, stream and i, so that every device
 * draws the same bits in any order and nothing has to be stored.
 */

import { check, finite, integer, number, rule, whole } from "../arguments.ts";

/** Two random words. Equal keys give equal numbers. */
export type Key = readonly [number, number];

/** The constant that keeps an all-zero key from being special. */
const PARITY = 0x1bd11bda;

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;

/** Blocks (i, stream) for i = first … into `out`, two words each. */
function fillBlocks(out: Uint32Array, [k0, k1]: Key, first: number, stream: number): void {
  const keys = Int32Array.of(k0, k1, PARITY ^ k0 ^ k1);
  for (let at = 0; at < out.length; at += 2) {
    let x0 = (first + at / 2 + k0) | 0;
    let x1 = (stream + k1) | 0;
    for (let group = 1; group <= 5; group++) {
      const from = group % 2 === 1 ? 0 : 4;
      for (let round = from; round < from + 4; round++) {
        const rotation = ROTATIONS[round] ?? 0;
        x0 = (x0 + x1) | 0;
        x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
      }
      // The key is mixed in again after every fourth round.
      x0 = (x0 + (keys[group % 3] ?? 0)) | 0;
      x1 = (x1 + (keys[(group + 1) % 3] ?? 0) + group) | 0;
    }
    out[at] = x0;
    out[at + 1] = x1;
  }
}

/** The two words of the block that `counter` names. */
export function threefry2x32(key: Key, counter: readonly [number, number]): [number, number] {
  const block = new Uint32Array(2);
  fillBlocks(block, key, counter[0], counter[1]);
  return [block[0] ?? 0, block[1] ?? 0];
}

const aKey = rule(
  "a key, two numbers",
  (value) =>
    Array.isArray(value) &&
    value.length === 2 &&
    Array.from(value).every((word) => number.holds(word)),
);
/** More would keep the host busy for minutes: what is that large is drawn on the device, by the op `uniform`. */
const drawable = rule(
  "a whole number of 0 or more, at most 2^27",
  (value) => whole.holds(value) && Number(value) <= 2 ** 27,
);

/** The key that a seed stands for; any finite number will do. @throws ArgumentError for anything else */
export function keyOf(seed: number): Key {
  check("keyOf", "the seed", seed, finite, "Any finite number will do.");
  const bits = new Uint32Array(new Float64Array([seed]).buffer);
  return threefry2x32([bits[0] ?? 0, bits[1] ?? 0], [0, 0]);
}

/**
 * A key of its own for part `index` of what `key` is for: layers, epochs, windows.
 * @throws ArgumentError for what is no key, and for numbers that are not whole
 */
export function foldIn(key: Key, index: number): Key {
  check("foldIn", "the key", key, aKey, "It is made by keyOf(seed).");
  check("foldIn", "the index", index, integer);
  // The second word keeps these blocks apart from the streams that numbers are drawn from.
  return threefry2x32(key, [index >>> 0, 0xffffffff]);
}

/**
 * `count` random words of a stream: word i is word i & 1 of block (i >> 1, stream).
 * @throws ArgumentError for what is no key, and for numbers that are not whole, or below 0
 */
export function words(key: Key, stream: number, count: number): Uint32Array {
  return wordsFor("words", key, stream, count);
}

function wordsFor(caller: string, key: Key, stream: number, count: number): Uint32Array {
  check(caller, "the key", key, aKey, "It is made by keyOf(seed).");
  check(caller, "the stream", stream, integer);
  check(caller, "how many numbers are drawn", count, drawable);
  const out = new Uint32Array(count + (count & 1));
  fillBlocks(out, key, 0, stream);
  return out.subarray(0, count);
}

/**
 * Numbers in [0, 1) with 24 random bits, exact in f32: what the op `uniform` gives on every device.
 * @throws ArgumentError for what is no key, and for numbers that are not whole, or below 0
 */
export function uniform(key: Key, stream: number, count: number): Float64Array {
  // Not Float64Array.from, whose iterator takes ten times as long.
  return new Float64Array(wordsFor("drawUniform", key, stream, count)).map(
    (word) => (word >>> 8) * 2 ** -24,
  );
}

/**
 * Numbers from the standard normal distribution (Box & Muller 1958, in float64), two from each block.
 * @throws ArgumentError for what is no key, and for numbers that are not whole, or below 0
 */
export function normal(key: Key, stream: number, count: number): Float64Array {
  check("drawNormal", "how many numbers are drawn", count, drawable);
  const bits = wordsFor("drawNormal", key, stream, count + (count & 1));
  const out = new Float64Array(bits.length);
  for (let i = 0; i < out.length; i += 2) {
    // In (0, 1], so that the logarithm is finite.
    const u = ((bits[i] ?? 0) + 1) * 2 ** -32;
    const angle = 2 * Math.PI * (bits[i + 1] ?? 0) * 2 ** -32;
    const radius = Math.sqrt(-2 * Math.log(u));
    out[i] = radius * Math.cos(angle);
    out[i + 1] = radius * Math.sin(angle);
  }
  return out.subarray(0, count);
}

/**
 * 0 … count − 1 in random order (Fisher & Yates).
 * @throws ArgumentError for what is no key, and for numbers that are not whole, or below 0
 */
export function permutation(key: Key, stream: number, count: number): Uint32Array {
  const bits = wordsFor("permutation", key, stream, count);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    // A word scaled to 0 … i; for counts far below 2³² the bias is far below what anyone could see.
    const j = Math.floor((bits[i] ?? 0) * 2 ** -32 * (i + 1));
    const moved = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = moved;
  }
  return order;
}
