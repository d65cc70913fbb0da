/**
 * Random numbers from a counter: Threefry-2x32 with 20 rounds (Salmon, Moraes, Dror & Shaw, "Parallel random numbers:
 * as easy as 1, 2, 3", SC 2011). Word i of a stream is a pure function of key, stream and i, so that every device
 * draws the same bits in any order and nothing has to be stored.
 */

import { check, finite } from "../arguments.ts";

/** Two random words. Equal keys give equal numbers. */
export type Key = readonly [number, number];

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const ROUNDS = 20;
/** The constant that keeps an all-zero key from being special. */
const PARITY = 0x1bd11bda;

/** The two words of the block that `counter` names. */
export function threefry2x32(key: Key, counter: readonly [number, number]): [number, number] {
  const keys = [key[0], key[1], PARITY ^ key[0] ^ key[1]];
  let x0 = (counter[0] + key[0]) | 0;
  let x1 = (counter[1] + key[1]) | 0;
  for (let round = 0; round < ROUNDS; round++) {
    const rotation = ROTATIONS[round % 8] ?? 0;
    x0 = (x0 + x1) | 0;
    x1 = ((x1 << rotation) | (x1 >>> (32 - rotation))) ^ x0;
    if (round % 4 === 3) {
      // The key is mixed in again after every fourth round.
      const mix = (round + 1) / 4;
      x0 = (x0 + (keys[mix % 3] ?? 0)) | 0;
      x1 = (x1 + (keys[(mix + 1) % 3] ?? 0) + mix) | 0;
    }
  }
  return [x0 >>> 0, x1 >>> 0];
}

/** The key that a seed stands for; any finite number will do. @throws ArgumentError for anything else */
export function keyOf(seed: number): Key {
  check("seed", "a seed", seed, finite, "Any finite number will do.");
  const bits = new Uint32Array(new Float64Array([seed]).buffer);
  return threefry2x32([bits[0] ?? 0, bits[1] ?? 0], [0, 0]);
}

/** A key of its own for part `index` of what `key` is for: layers, epochs, windows. */
export function foldIn(key: Key, index: number): Key {
  // The second word keeps these blocks apart from the streams that numbers are drawn from.
  return threefry2x32(key, [index >>> 0, 0xffffffff]);
}

/** `count` random words of a stream: word i is word i & 1 of block (i >> 1, stream). */
export function words(key: Key, stream: number, count: number): Uint32Array {
  const out = new Uint32Array(count + (count & 1));
  for (let i = 0; i < count; i += 2) {
    const [first, second] = threefry2x32(key, [i >>> 1, stream]);
    out[i] = first;
    out[i + 1] = second;
  }
  return out.subarray(0, count);
}

/** Numbers in [0, 1) with 24 random bits, exact in f32: what the op `uniform` gives on every device. */
export function uniform(key: Key, stream: number, count: number): Float64Array {
  return Float64Array.from(words(key, stream, count), (word) => (word >>> 8) * 2 ** -24);
}

/** Numbers from the standard normal distribution (Box & Muller 1958, in float64), two from each block. */
export function normal(key: Key, stream: number, count: number): Float64Array {
  const bits = words(key, stream, count + (count & 1));
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

/** 0 … count − 1 in random order (Fisher & Yates). */
export function permutation(key: Key, stream: number, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const bits = words(key, stream, count);
  for (let i = count - 1; i > 0; i--) {
    // A word scaled to 0 … i; for counts far below 2³² the bias is far below what anyone could see.
    const j = Math.floor((bits[i] ?? 0) * 2 ** -32 * (i + 1));
    const moved = order[i] ?? 0;
    order[i] = order[j] ?? 0;
    order[j] = moved;
  }
  return order;
}
