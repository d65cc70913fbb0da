/** Threefry-2x32, 20 rounds, four blocks at a time; the scalar form with its source is src/tensor/random.ts. */
import { operand, shareStart, threadScratch, word } from "./threads";

const PARITY: i32 = 0x1bd11bda;

// @ts-ignore: decorator
@inline
function turn(x: v128, rotation: i32): v128 {
  return v128.or(i32x4.shl(x, rotation), i32x4.shr_u(x, 32 - rotation));
}

/**
 * Blocks (counter, stream) under the key, four of them, as numbers at `to`. Written out: rotations by a constant are
 * half the cost of those by a variable.
 */
function blocks(to: usize, counter: v128, stream: i32, k0: i32, k1: i32): void {
  const k2 = PARITY ^ k0 ^ k1;
  let x0 = i32x4.add(counter, i32x4.splat(k0));
  let x1 = i32x4.splat(stream + k1);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 13), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 15), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 26), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 6), x0);
  x0 = i32x4.add(x0, i32x4.splat(k1));
  x1 = i32x4.add(x1, i32x4.splat(k2 + 1));
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 17), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 29), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 16), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 24), x0);
  x0 = i32x4.add(x0, i32x4.splat(k2));
  x1 = i32x4.add(x1, i32x4.splat(k0 + 2));
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 13), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 15), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 26), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 6), x0);
  x0 = i32x4.add(x0, i32x4.splat(k0));
  x1 = i32x4.add(x1, i32x4.splat(k1 + 3));
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 17), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 29), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 16), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 24), x0);
  x0 = i32x4.add(x0, i32x4.splat(k1));
  x1 = i32x4.add(x1, i32x4.splat(k2 + 4));
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 13), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 15), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 26), x0);
  x0 = i32x4.add(x0, x1);
  x1 = v128.xor(turn(x1, 6), x0);
  x0 = i32x4.add(x0, i32x4.splat(k2));
  x1 = i32x4.add(x1, i32x4.splat(k0 + 5));
  v128.store(to, unit(v128.shuffle<i32>(x0, x1, 0, 4, 1, 5)));
  v128.store(to, unit(v128.shuffle<i32>(x0, x1, 2, 6, 3, 7)), 16);
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
  const spare = threadScratch(thread);
  for (let i = shareStart(count, thread, threads, 1024); i < end; i += 8) {
    const counter = i32x4.add(i32x4.splat(i >> 1), i32x4(0, 1, 2, 3));
    const to = operand(args, 1) + (<usize>i << 2);
    if (i + 8 <= end) blocks(to, counter, stream, k0, k1);
    else {
      blocks(spare, counter, stream, k0, k1);
      memory.copy(to, spare, <usize>(end - i) << 2);
    }
  }
}
