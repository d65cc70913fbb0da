/**
 * What random numbers start from where a program names no seed. It follows from the runtime's seed and from the order
 * in which layers and compiled steps are made, both counted anew from every `init()`, and from nothing else.
 */
import { foldIn, type Key, keyOf } from "../tensor/random.ts";

let base = 0;
let count = 0;
/** What is made before the first `init()` is counted from the other end, so that it differs from what comes behind. */
let streams = -(2 ** 31);

/** The stream of everything random outside compiled steps; no step has it. */
export const EAGER_STREAM = -1;

export function restartSeeds(seed: number): void {
  base = seed;
  count = 0;
  streams = 0;
}

/** The next seed: models built in the same order after `init({ seed })` start from the same weights. */
export function nextInitialiserSeed(): number {
  return foldIn(keyOf(base), count++)[0];
}

/** A stream of random numbers that no other compiled step has which was made since the same `init()`. */
export function nextRandomStream(): number {
  return streams++;
}

/** The key for what run `count` of a stream draws. */
export function keyOfRun(seed: number, stream: number, count: number): Key {
  return foldIn(foldIn(keyOf(seed), stream), count);
}
