/**
 * The module's entry: walks the commands of a run. A command is [opcode + operands << 16 + barrier << 31,
 * bytes of words, words…]; a loop's words are [count, is reverse, the commands of its body…].
 */
import { kernels } from "./kernels";
import {
  awaitEpoch,
  barrier,
  commandsEnd,
  commandsStart,
  commandsStep,
  loopStep,
  setLoopStep,
  useThreads,
} from "./threads";

export { cos, divideSigned, divideUnsigned, pow, sin } from "./callees";
export { initialise, wake } from "./threads";

/** Set in a command's opcode where it needs what an earlier command wrote. */
const BARRIER: u32 = 0x80000000;
/** In place of an opcode. */
const LOOP: u32 = 0xffff;

/**
 * Does this thread's part of all commands in [start, end); returns when all threads have done theirs. `step` is that of
 * a loop which the caller walks itself.
 */
export function execute(start: usize, end: usize, thread: i32, threads: i32, step: i32): void {
  useThreads(threads);
  setLoopStep(step);
  walk(start, end, thread, threads);
  barrier();
}

function walk(start: usize, end: usize, thread: i32, threads: i32): void {
  for (let at = start; at < end; ) {
    const head = load<u32>(at);
    const next = at + 8 + load<u32>(at, 4);
    if (head & BARRIER) barrier();
    if ((head & 0xffff) == LOOP) loop(at + 8, next, thread, threads);
    else unchecked(kernels[head & 0xffff])(at + 8, thread, threads);
    at = next;
  }
}

function loop(words: usize, end: usize, thread: i32, threads: i32): void {
  const outer = loopStep();
  const count = load<i32>(words);
  const isReverse = load<i32>(words, 4) != 0;
  for (let i = 0; i < count; i++) {
    // A step needs what the one before wrote.
    if (i > 0) barrier();
    setLoopStep(isReverse ? count - 1 - i : i);
    walk(words + 8, end, thread, threads);
  }
  setLoopStep(outer);
}

/** What every thread but the first does, for ever: waits for `wake`, then walks the commands. */
export function follow(thread: i32, threads: i32): void {
  let epoch = 0;
  for (;;) {
    awaitEpoch(epoch);
    epoch += 1;
    execute(commandsStart(), commandsEnd(), thread, threads, commandsStep());
  }
}

/** Where the module's own data ends. */
export function staticEnd(): usize {
  return __heap_base;
}
