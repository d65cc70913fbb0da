/**
 * How kernels share the work. Every thread of a run calls the same kernels in the same order:
 *
 *   export function name(args: usize, thread: i32, threads: i32): void
 *
 * `args` points at 32-bit words: the addresses of the operands (`operand`), then KernelCall.words (`word`,
 * `float`). A kernel splits its output by `thread`; where one part needs what another thread wrote, all threads
 * call `barrier()`. Nothing but the barrier orders threads, and every thread must reach every barrier.
 * Storages are 64-byte aligned, and 256 bytes behind the last one may be read (never written).
 */
import { poll } from "./poll";

// Shared by the threads: control words, a cache line each. As in ../messages.ts.
const CONTROL: usize = 65536 - 256 - 6 * 64;
const ARRIVED: usize = CONTROL;
const GENERATION: usize = CONTROL + 64;
const SLEEPERS: usize = CONTROL + 128;
const EPOCH: usize = CONTROL + 192;
const COMMANDS: usize = CONTROL + 256;
/** Not 0 where the device has ended. */
const END: usize = CONTROL + 320;

/** Bytes of `threadScratch`. */
export const THREAD_SCRATCH_BYTES: i32 = 1 << 20;

let threadCount: i32 = 1;
/** Of `poll`, at barriers and between runs. */
let barrierRarity: i32 = 0;
let epochRarity: i32 = 0;
let scratchBase: usize = 0;
let step: i32 = 0;

/** The place of the first emitted function in the table. */
export let firstSlot: i32 = 0;

/** Tells this instance where the scratch areas of all threads begin, one behind the other, and emitted functions. */
export function initialise(scratch: usize, slot: i32): void {
  scratchBase = scratch;
  firstSlot = slot;
}

/** Memory that only this thread uses, 64-byte aligned; its content does not outlive the kernel. */
// @ts-ignore: decorator
@inline
export function threadScratch(thread: i32): usize {
  return scratchBase + <usize>thread * THREAD_SCRATCH_BYTES;
}

/** Word `index` of those at `words`. */
// @ts-ignore: decorator
@inline
export function at(words: usize, index: i32): i32 {
  return load<i32>(words + (<usize>index << 2));
}

// @ts-ignore: decorator
@inline
export function operand(args: usize, index: i32): usize {
  return load<u32>(args + (<usize>index << 2));
}

/** How many operands a kernel with any number of them got. */
// @ts-ignore: decorator
@inline
export function operandCount(args: usize): i32 {
  return <i32>load<u16>(args - 6) & 0x7fff;
}

/** Word `index` of a kernel with `operands` operands. */
// @ts-ignore: decorator
@inline
export function word(args: usize, operands: i32, index: i32): i32 {
  return load<i32>(args + (<usize>(operands + index) << 2));
}

// @ts-ignore: decorator
@inline
export function float(args: usize, operands: i32, index: i32): f32 {
  return load<f32>(args + (<usize>(operands + index) << 2));
}

/** First of `count` items that `thread` does; it ends where the next thread begins. Multiples of `grain`. */
// @ts-ignore: decorator
@inline
export function shareStart(count: i32, thread: i32, threads: i32, grain: i32): i32 {
  const grains = (count + grain - 1) / grain;
  return min<i32>(count, <i32>((<i64>grains * thread) / threads) * grain);
}

export function useThreads(threads: i32): void {
  threadCount = threads;
}

/** The present step of the innermost loop. Each thread counts for itself: no command changes while it is walked. */
export function loopStep(): i32 {
  return step;
}

export function setLoopStep(present: i32): void {
  step = present;
}

/** Returns when all threads of the run have called it. */
export function barrier(): void {
  if (threadCount == 1) return;
  const generation = atomic.load<i32>(GENERATION);
  if (atomic.add<i32>(ARRIVED, 1) + 1 == threadCount) {
    atomic.store<i32>(ARRIVED, 0);
    atomic.add<i32>(GENERATION, 1);
    // A thread counts itself as a sleeper before it looks at the generation for the last time, so none is missed.
    if (atomic.load<i32>(SLEEPERS) > 0) atomic.notify(GENERATION, -1);
    return;
  }
  barrierRarity = poll(GENERATION, generation, barrierRarity);
  if (atomic.load<i32>(GENERATION) != generation) return;
  atomic.add<i32>(SLEEPERS, 1);
  while (atomic.load<i32>(GENERATION) == generation) sleep(GENERATION, generation);
  atomic.sub<i32>(SLEEPERS, 1);
}

/** Makes the other threads walk the commands in [start, end): called by thread 0 before it does so itself. */
export function wake(start: usize, end: usize, present: i32): void {
  store<u32>(COMMANDS, <u32>start);
  store<u32>(COMMANDS + 4, <u32>end);
  store<i32>(COMMANDS + 8, present);
  atomic.add<i32>(EPOCH, 1);
  atomic.notify(EPOCH, -1);
}

/** Sleeps until there was a wake after `epoch`; polls at first, since runs and their segments follow each other. */
export function awaitEpoch(epoch: i32): void {
  epochRarity = poll(EPOCH, epoch, epochRarity);
  while (atomic.load<i32>(EPOCH) == epoch) sleep(EPOCH, epoch);
  if (atomic.load<i32>(END) != 0) unreachable();
}

/** Sleeps until somebody tells of `word`, or for no time where it is not `value`. See `sleeper` in ../sleepers.ts. */
// @ts-ignore: decorator
@external("env", "sleep")
declare function sleepAt(word: usize, value: i32): void;

/** As `sleepAt`; traps where the device has ended: some hosts end no worker that waits. */
function sleep(word: usize, value: i32): void {
  if (atomic.load<i32>(END) != 0) unreachable();
  sleepAt(word, value);
}

export function commandsStart(): usize {
  return load<u32>(COMMANDS);
}

export function commandsEnd(): usize {
  return load<u32>(COMMANDS + 4);
}

export function commandsStep(): i32 {
  return load<i32>(COMMANDS + 8);
}
