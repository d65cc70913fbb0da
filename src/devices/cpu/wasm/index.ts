/**
 * The module's entry: walks the commands of a run. A command is [opcode + operands << 16 + barrier << 31,
 * bytes of words, words…]; a loop's words are [count, is reverse, the commands of its body…]. In a loop a command whose
 * operands lie elsewhere at each step is within another one, [how many, bytes of room, (operand, bytes a step)…, command,
 * room…]: each thread has its own copy of it.
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
const STEPPED: u32 = 0xfffe;

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
    const opcode = head & 0xffff;
    if (opcode == LOOP) loop(at + 8, next, thread, threads);
    else if (opcode == STEPPED) stepped(at + 8, thread, threads);
    else unchecked(kernels[opcode])(at + 8, thread, threads);
    at = next;
  }
}

/** A command with its operands where they lie at the present step. */
function stepped(words: usize, thread: i32, threads: i32): void {
  const count = load<i32>(words);
  const room = load<i32>(words, 4);
  const command = words + 8 + (<usize>count << 3);
  const bytes = 8 + load<i32>(command, 4);
  const own = command + bytes + <usize>(room * thread);
  memory.copy(own, command, bytes);
  const step = loopStep();
  for (let at = words + 8; at < command; at += 8) {
    const operand = own + 8 + (<usize>load<i32>(at) << 2);
    store<u32>(operand, load<u32>(operand) + step * load<i32>(at, 4));
  }
  unchecked(kernels[load<u32>(own) & 0xffff])(own + 8, thread, threads);
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
