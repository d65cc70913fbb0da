import { operand, shareStart, word } from "./threads";

/** out = x. Operands x, out; word: elements. */
export function copy(args: usize, thread: i32, threads: i32): void {
  const count = word(args, 2, 0);
  const start = shareStart(count, thread, threads, 1024);
  const end = shareStart(count, thread + 1, threads, 1024);
  const from = operand(args, 0) + (<usize>start << 2);
  memory.copy(operand(args, 1) + (<usize>start << 2), from, <usize>(end - start) << 2);
}
