import { operand, shareStart, word } from "./threads";

/** out = the same 32 bits everywhere. Operand out; words: elements, bits. */
export function fill(args: usize, thread: i32, threads: i32): void {
  const count = word(args, 1, 0);
  const bits = word(args, 1, 1);
  const value = i32x4.splat(bits);
  let to = operand(args, 0) + (<usize>shareStart(count, thread, threads, 1024) << 2);
  const end = operand(args, 0) + (<usize>shareStart(count, thread + 1, threads, 1024) << 2);
  for (; to + 16 <= end; to += 16) v128.store(to, value);
  for (; to < end; to += 4) store<i32>(to, bits);
}

/** out[i] = i. Operand out; words: elements, whether they are f32. */
export function iota(args: usize, thread: i32, threads: i32): void {
  const count = word(args, 1, 0);
  const isFloat = word(args, 1, 1);
  const out = operand(args, 0);
  const end = shareStart(count, thread + 1, threads, 1024);
  for (let i = shareStart(count, thread, threads, 1024); i < end; i++) {
    if (isFloat) store<f32>(out + (<usize>i << 2), <f32>i);
    else store<i32>(out + (<usize>i << 2), i);
  }
}
