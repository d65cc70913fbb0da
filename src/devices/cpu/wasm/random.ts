/** Threefry-2x32, 20 rounds, four blocks at a time; the scalar form with its source is src/tensor/random.ts. */
import { operand, shareStart, word } from "./threads";

const PARITY: i32 = 0x1bd11bda;

let x0: v128 = i32x4.splat(0);
let x1: v128 = i32x4.splat(0);

// @ts-ignore: decorator
@inline
function round(rotation: i32): void {
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(v128.or(i32x4.shl(x1, rotation), i32x4.shr_u(x1, 32 - rotation)), x0);
}

// @ts-ignore: decorator
@inline
function mix(first: i32, second: i32): void {
  x0 = i32x4.add(x0, i32x4.splat(first));
  x1 = i32x4.add(x1, i32x4.splat(second));
}

/** Leaves the two words of blocks (counter, stream) in x0 and x1. */
function blocks(counter: v128, stream: i32, k0: i32, k1: i32): void {
  const k2 = PARITY ^ k0 ^ k1;
  x0 = i32x4.add(counter, i32x4.splat(k0));
  x1 = i32x4.splat(stream + k1);
  round(13); round(15); round(26); round(6);
  mix(k1, k2 + 1);
  round(17); round(29); round(16); round(24);
  mix(k2, k0 + 2);
  round(13); round(15); round(26); round(6);
  mix(k0, k1 + 3);
  round(17); round(29); round(16); round(24);
  mix(k1, k2 + 4);
  round(13); round(15); round(26); round(6);
  mix(k2, k0 + 5);
}

/** 24 bits as a number in [0, 1). */
// @ts-ignore: decorator
@inline
function unit(words: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(i32x4.shr_u(words, 8)), f32x4.splat(5.9604644775390625e-8));
}

/** Operands key [2], out; words: elements, stream. Element i is word i & 1 of block i >> 1. */
export function uniform(args: usize, thread: i32, threads: i32): void {
  const count = word(args, 2, 0);
  const stream = word(args, 2, 1);
  const key = operand(args, 0);
  const k0 = load<i32>(key);
  const k1 = load<i32>(key, 4);
  const end = shareStart(count, thread + 1, threads, 1024);
  for (let i = shareStart(count, thread, threads, 1024); i < end; i += 8) {
    blocks(i32x4.add(i32x4.splat(i >> 1), i32x4(0, 1, 2, 3)), stream, k0, k1);
    const low = unit(v128.shuffle<i32>(x0, x1, 0, 4, 1, 5));
    const high = unit(v128.shuffle<i32>(x0, x1, 2, 6, 3, 7));
    const to = operand(args, 1) + (<usize>i << 2);
    if (i + 8 <= end) {
      v128.store(to, low);
      v128.store(to, high, 16);
    } else {
      for (let j = 0; j < end - i; j++) {
        const lane = j & 3;
        const four = j < 4 ? low : high;
        const x: f32 = lane == 0
          ? f32x4.extract_lane(four, 0)
          : lane == 1
            ? f32x4.extract_lane(four, 1)
            : lane == 2
              ? f32x4.extract_lane(four, 2)
              : f32x4.extract_lane(four, 3);
        store<f32>(to + (<usize>j << 2), x);
      }
    }
  }
}
