import { checkOptions, count, finite, required, whole } from "../arguments.ts";
import { foldIn, type Key, keyOf, permutation, words } from "../functions.ts";
import { checkSource, itemsOf, pipeline, type Source } from "./source.ts";

/** How far items are mixed, and in which order of chance. */
export interface ShuffleOptions {
  /** Items that are in memory; an item comes out at most that much too early. As many as there are shuffle evenly. */
  readonly buffer: number;
  /** One seed and epoch give one order. */
  readonly seed: number;
  /** Which pass this is, as a Trainer counts them; 0. */
  readonly epoch?: number;
}

/**
 * The items of `source` in an order of chance: each is drawn from a buffer that is filled up as it goes. For another order
 * in every epoch: `trainer.fit((epoch) => batch(shuffle(examples, { buffer: 1000, seed: 1, epoch }), { batchSize: 32 }))`.
 * @throws ArgumentError for what is no source, and for options that break their rules
 */
export function shuffle<T>(source: Source<T>, options: ShuffleOptions): AsyncIterable<T> {
  checkSource("shuffle", source);
  checkOptions<ShuffleOptions>("shuffle", options, {
    buffer: required(count),
    seed: required(finite),
    epoch: whole,
  });
  const { buffer, seed, epoch = 0 } = options;
  const key = foldIn(keyOf(seed), epoch);
  return pipeline(async function* () {
    const below = draws(key);
    const held: T[] = [];
    for await (const item of itemsOf("shuffle", source)) {
      if (held.length < buffer) {
        held.push(item);
        continue;
      }
      yield* held.splice(below(buffer), 1, item);
    }
    const order = permutation(foldIn(key, 0), 0, held.length);
    for (const at of order) yield* held.slice(at, at + 1);
  });
}

const AT_ONCE = 256;

/** Whole numbers from 0 to below n, evenly, in the order that `key` says. */
function draws(key: Key): (n: number) => number {
  let block: Uint32Array = new Uint32Array(0);
  let [stream, used] = [0, 0];
  return (n) => {
    if (used === block.length) {
      block = words(key, stream++, AT_ONCE);
      used = 0;
    }
    return Math.floor(((block[used++] ?? 0) / 2 ** 32) * n);
  };
}
