/** Seeds for initialisers that are not given one: a sequence that starts anew with every `init()`. */
import { foldIn, keyOf } from "../tensor/random.ts";

let base = 0;
let count = 0;

export function restartSeeds(seed: number): void {
  base = seed;
  count = 0;
}

/** The next seed: models built in the same order after `init({ seed })` start from the same weights. */
export function nextInitialiserSeed(): number {
  return foldIn(keyOf(base), count++)[0];
}
