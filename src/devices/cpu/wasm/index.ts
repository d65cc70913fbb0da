/**
 * The module's entry: walks the commands of a run. A command is [opcode + operands << 16 + barrier << 31,
 * bytes of words, words…].
 */
import { kernels } from "./kernels";
import { awaitEpoch, barrier, commandsEnd, commandsStart, useThreads } from "./threads";

export { initialise, wake } from "./threads";

/** Set in a command's opcode where it needs what an earlier command wrote. */
const BARRIER: u32 = 0x80000000;

/** Does this thread's part of all commands in [start, end); returns when all threads have done theirs. */
export function execute(start: usize, end: usize, thread: i32, threads: i32): void {
  useThreads(threads);
  for (let at = start; at < end; ) {
    const head = load<u32>(at);
    if (head & BARRIER) barrier();
    unchecked(kernels[head & 0xffff])(at + 8, thread, threads);
    at += 8 + load<u32>(at, 4);
  }
  barrier();
}

/** What every thread but the first does, for ever: waits for `wake`, then walks the commands. */
export function follow(thread: i32, threads: i32): void {
  let epoch = 0;
  for (;;) {
    awaitEpoch(epoch);
    epoch += 1;
    execute(commandsStart(), commandsEnd(), thread, threads);
  }
}

/** Where the module's own data ends. */
export function staticEnd(): usize {
  return __heap_base;
}
