/** Threads that wait for each other in shared memory, and the end of their device. */
import { CONTROL_ADDRESS } from "./messages.ts";

/** Words of wasm/threads.ts. */
const [GENERATION, EPOCH, END] = [16, 48, 80];

/**
 * Wakes all threads that sleep: they trap, and are back where their worker can be ended. Deno ends none that waits: its
 * thread would stay for as long as the process.
 */
export function endSleep({ buffer }: WebAssembly.Memory): void {
  const words = new Int32Array(buffer, CONTROL_ADDRESS, 96);
  Atomics.store(words, END, 1);
  for (const word of [GENERATION, EPOCH]) {
    // Changed before they are told, so that none falls asleep in between.
    Atomics.add(words, word, 1);
    Atomics.notify(words, word);
  }
}

/**
 * What the kernels sleep with. They call it rather than use `memory.atomic.wait32`: after that instruction the baseline
 * code of Node 20's V8 has lost what lay in registers, and a thread that is woken for no reason of its own compares with
 * anything and goes on too early. A call keeps everything.
 */
export function sleeper(memory: WebAssembly.Memory): (address: number, value: number) => void {
  // Of a memory that grows this view stays, and the words that are waited for lie at its beginning.
  const words = new Int32Array(memory.buffer);
  return (address, value) => {
    Atomics.wait(words, address / Int32Array.BYTES_PER_ELEMENT, value);
  };
}
