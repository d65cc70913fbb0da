/**
 * How long a thread polls for what another one writes before it goes to sleep.
 *
 * A sleeping thread costs tens of microseconds to wake, and the system often wakes it on the core of the thread that
 * woke it, where the two take turns although another core is idle: it moves only a thread that has kept a core waiting
 * for about half a millisecond. So it pays to poll for longer than that. But where cores are busy with something else,
 * a thread that polls takes the core from the very one it waits for. Whether they are shows in what comes of it: long
 * polls that were in vain become rare, and frequent again when they are not.
 */

/** Looks at the word, about 20 µs. */
const SHORT: i32 = 20000;
/** About a millisecond: less than a time slice, so that a thread which polls in vain notices before it is put aside. */
const LONG: i32 = 1000000;
/** One wait in 256 is long, at the least. */
const RAREST: i32 = 255;

let waits: i32 = 0;

/**
 * Returns when `word` is no longer `value`, or after a while; one wait in `rarity` + 1 may be long.
 * @returns the rarity of the next waits of this kind
 */
export function poll(word: usize, value: i32, rarity: i32): i32 {
  if (hasChanged(word, value, SHORT)) return rarity;
  waits++;
  if ((waits & rarity) != 0) return rarity;
  return hasChanged(word, value, LONG) ? rarity >> 1 : min(RAREST, 2 * rarity + 1);
}

function hasChanged(word: usize, value: i32, looks: i32): bool {
  for (let i = 0; i < looks; i++) {
    if (atomic.load<i32>(word) != value) return true;
  }
  return false;
}
