import { loopStep, operand, shareStart, word } from "./threads";

/** out = x. Operands x, out; word: elements. */
export function copy(args: usize, thread: i32, threads: i32): void {
  copyWords(operand(args, 0), operand(args, 1), word(args, 2, 0), thread, threads);
}

/**
 * Between a slice and the part of a whole sequence that is the loop's present step. Operands x, out; words: elements,
 * what the first element's place in x grows by with each step, the same in out.
 */
export function copyStep(args: usize, thread: i32, threads: i32): void {
  const step = loopStep();
  const from = operand(args, 0) + (<usize>(step * word(args, 2, 1)) << 2);
  const to = operand(args, 1) + (<usize>(step * word(args, 2, 2)) << 2);
  copyWords(from, to, word(args, 2, 0), thread, threads);
}

function copyWords(from: usize, to: usize, count: i32, thread: i32, threads: i32): void {
  const start = shareStart(count, thread, threads, 1024);
  const end = shareStart(count, thread + 1, threads, 1024);
  memory.copy(to + (<usize>start << 2), from + (<usize>start << 2), <usize>(end - start) << 2);
}
