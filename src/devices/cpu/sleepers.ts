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
