/** The module's entry: walks the commands of a run. A command is [opcode + operands << 16 + barrier << 31,
 * bytes of words, words…]. */
import { Kernel } from "./kernels";
import { awaitEpoch, barrier, commandsEnd, commandsStart, useThreads } from "./threads";
import { copy } from "./copy";
import { elementwise } from "./elementwise";
import { crossEntropy, crossEntropyGrad, logSoftmax, softmax } from "./classification";
import { embedding, embeddingGrad } from "./embedding";
import { fill, iota } from "./fill";
import { gather } from "./gather";
import { adam, sgd, sumOfSquares } from "./optimizer";
import { uniform } from "./random";
import { argmax, reduce } from "./reduce";

export { initialise, wake } from "./threads";

/** Set in a command's opcode where it needs what an earlier command wrote. */
const BARRIER: u32 = 0x80000000;

function call(opcode: i32, args: usize, thread: i32, threads: i32): void {
  switch (opcode) {
    case Kernel.copy: return copy(args, thread, threads);
    case Kernel.elementwise: return elementwise(args, thread, threads);
    case Kernel.gather: return gather(args, thread, threads);
    case Kernel.fill: return fill(args, thread, threads);
    case Kernel.reduce: return reduce(args, thread, threads);
    case Kernel.argmax: return argmax(args, thread, threads);
    case Kernel.softmax: return softmax(args, thread, threads);
    case Kernel.logSoftmax: return logSoftmax(args, thread, threads);
    case Kernel.crossEntropy: return crossEntropy(args, thread, threads);
    case Kernel.crossEntropyGrad: return crossEntropyGrad(args, thread, threads);
    case Kernel.embedding: return embedding(args, thread, threads);
    case Kernel.embeddingGrad: return embeddingGrad(args, thread, threads);
    case Kernel.uniform: return uniform(args, thread, threads);
    case Kernel.iota: return iota(args, thread, threads);
    case Kernel.sumOfSquares: return sumOfSquares(args, thread, threads);
    case Kernel.sgd: return sgd(args, thread, threads);
    case Kernel.adam: return adam(args, thread, threads);
    default: unreachable();
  }
}

/** Does this thread's part of all commands in [start, end); returns when all threads have done theirs. */
export function execute(start: usize, end: usize, thread: i32, threads: i32): void {
  useThreads(threads);
  for (let at = start; at < end; ) {
    const head = load<u32>(at);
    if (head & BARRIER) barrier();
    call(<i32>(head & 0xffff), at + 8, thread, threads);
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
