import {
  text as aText,
  check,
  checkOptions,
  isListOf,
  required,
  rule,
  whole,
} from "../arguments.ts";
import { FormatError } from "../errors.ts";
import { hosted, utf8 } from "../host.ts";
import { decoded, someIds, type Vocabulary } from "./vocabulary.ts";

const BYTES = 256;
const MOST = 65_536;

/** How many byte pairs are made. */
export interface BytePairOptions {
  /** How many ids there are at most, from 256 to 65,536: the bytes, and one for each merge. */
  readonly size: number;
}

/** What byte pairs look like as JSON. */
export interface BytePairJson {
  /** Id 256 + i stands for what merges[i] stand for, one after the other. */
  readonly merges: readonly (readonly [number, number])[];
}

/**
 * Text ↔ ids of byte pairs: of the bytes of its words the two neighbours that are there most often become one, again and
 * again. There is no unknown text: what is rare is spelled in bytes. Sennrich, Haddow & Birch 2016; bytes as Radford et
 * al. 2019.
 */
export class BytePairs implements Vocabulary {
  /** Which pairs became one, in order. */
  readonly merges: BytePairJson["merges"];
  /** Pair → the id that it becomes: the lower, the earlier. */
  readonly #ids: ReadonlyMap<number, number>;
  /** The bytes of every id. */
  readonly #bytes: readonly Uint8Array[];

  private constructor(merges: BytePairJson["merges"]) {
    this.merges = merges;
    this.#ids = new Map(merges.map(([a, b], i) => [keyOf(a, b), BYTES + i]));
    const bytes = Array.from({ length: BYTES }, (_, id) => Uint8Array.of(id));
    for (const [a, b] of merges)
      bytes.push(Uint8Array.of(...(bytes[a] ?? []), ...(bytes[b] ?? [])));
    this.#bytes = bytes;
  }

  /**
   * Trained on `text`: fewer than `size` ids where no pair is left that is there twice. The same for the same text.
   * @throws ArgumentError for what is no text, and for a size that is not a whole number from 256 to 65,536
   */
  static of(text: string, options: BytePairOptions): BytePairs {
    check("BytePairs", "the text", text, aText);
    checkOptions<BytePairOptions>("BytePairs", options, { size: required(SIZE) });
    return new BytePairs(merged(text, options.size - BYTES));
  }

  /**
   * The byte pairs that `toJSON` described.
   * @throws FormatError where `json` is something else, which it calls `name`; ArgumentError for a name that is no text
   */
  static fromJSON(json: unknown, name = "the byte pairs"): BytePairs {
    check("BytePairs.fromJSON", "the name", name, aText);
    if (!isBytePairJson(json)) {
      throw new FormatError(
        `BytePairs.fromJSON: ${name} must be { merges: [[id, id], …] }, different pairs of ids from before; got something else. Save it with JSON.stringify(bytePairs).`,
        0,
      );
    }
    return new BytePairs(json.merges.map(([a, b]) => [a, b]));
  }

  /** How many ids there are. */
  get size(): number {
    return this.#bytes.length;
  }

  /**
   * The ids of `text`, i32. A half of a surrogate pair becomes U+FFFD, as in all UTF-8.
   * @throws ArgumentError for what is no text
   */
  encode(text: string): Int32Array {
    check("encode", "the text", text, aText);
    const known = new Map<string, readonly number[]>();
    const ids: number[] = [];
    for (const word of wordsOf(text)) {
      const own = known.get(word) ?? this.#word(word);
      known.set(word, own);
      for (const id of own) ids.push(id);
    }
    return Int32Array.from(ids);
  }

  /** The earliest merge first, as they were made. */
  #word(word: string): readonly number[] {
    let ids = bytesOf(word);
    while (true) {
      let least = Number.POSITIVE_INFINITY;
      for (let i = 1; i < ids.length; i++)
        least = Math.min(least, this.#ids.get(pairAt(ids, i)) ?? least);
      const merge = this.merges[least - BYTES];
      if (merge === undefined) return ids;
      ids = joined(ids, merge, least);
    }
  }

  /**
   * The text that `ids` stand for; bytes that are no UTF-8, as where a character is cut, become U+FFFD.
   * @throws ArgumentError at an id outside 0 … size − 1
   */
  decode(ids: ArrayLike<number>): string {
    check("decode", "ids", ids, someIds);
    const bytes = decoded(ids, this.#bytes).flatMap((own) => [...own]);
    return new (hosted("TextDecoder"))("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(bytes));
  }

  /**
   * Up to the last word, which may go on.
   * @throws ArgumentError for what is no text
   */
  settled(text: string): number {
    check("settled", "the text", text, aText);
    return text.length - (wordsOf(text).at(-1)?.length ?? 0);
  }

  /** What `fromJSON` takes; JSON.stringify calls it. */
  toJSON(): BytePairJson {
    return { merges: this.merges };
  }
}

const SIZE = rule(
  "a whole number from 256 to 65,536",
  (n) => Number.isInteger(n) && Number(n) >= BYTES && Number(n) <= MOST,
);
/** Letters, digits, or others, each with the space before it; no merge goes across their borders. */
const WORDS = / ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

function wordsOf(text: string): readonly string[] {
  return text.match(WORDS) ?? [];
}

function bytesOf(word: string): number[] {
  return [...utf8(word)];
}

function keyOf(a: number, b: number): number {
  return a * MOST + b;
}

/** The pair that ends at `i`. */
function pairAt(ids: readonly number[], i: number): number {
  return keyOf(ids[i - 1] ?? 0, ids[i] ?? 0);
}

function joined(ids: readonly number[], [a, b]: readonly [number, number], id: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < ids.length; i++) {
    const isPair = ids[i] === a && ids[i + 1] === b;
    out.push(isPair ? id : (ids[i] ?? 0));
    if (isPair) i++;
  }
  return out;
}

/** Up to `most` merges. Only words that have the pair of a merge are counted anew. */
function merged(text: string, most: number): BytePairJson["merges"] {
  const counts = new Map<string, number>();
  for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const words = [...counts].map(([word, count]) => ({ ids: bytesOf(word), count }));
  const pairs = new Map<number, { count: number; readonly words: Set<number> }>();
  const countPairs = (index: number, sign: 1 | -1) => {
    const { ids, count } = words[index] ?? { ids: [], count: 0 };
    for (let i = 1; i < ids.length; i++) {
      const key = pairAt(ids, i);
      const pair = pairs.get(key) ?? { count: 0, words: new Set() };
      pair.count += sign * count;
      pair.words.add(index);
      if (pair.count === 0) pairs.delete(key);
      else pairs.set(key, pair);
    }
  };
  words.forEach((_, index) => {
    countPairs(index, 1);
  });
  const merges: [number, number][] = [];
  while (merges.length < most) {
    let [best, times] = [-1, 1];
    // Of equals the one with the lower ids, so that the order of words says nothing.
    for (const [key, { count }] of pairs)
      if (count > times || (count === times && key < best)) [best, times] = [key, count];
    const found = pairs.get(best);
    if (found === undefined) break;
    const merge: [number, number] = [Math.floor(best / MOST), best % MOST];
    for (const index of [...found.words]) {
      const word = words[index];
      if (word === undefined) continue;
      countPairs(index, -1);
      word.ids = joined(word.ids, merge, BYTES + merges.length);
      countPairs(index, 1);
    }
    merges.push(merge);
  }
  return merges;
}

function isBytePairJson(json: unknown): json is BytePairJson {
  if (typeof json !== "object" || json === null || !("merges" in json)) return false;
  const { merges } = json;
  if (!Array.isArray(merges) || merges.length > MOST - BYTES) return false;
  const isId = (id: unknown, i: number) => whole.holds(id) && Number(id) < BYTES + i;
  const arePairs = isListOf(merges, (pair, i) => isListOf(pair, (id) => isId(id, i), 2));
  return arePairs && new Set(merges.map(([a, b]) => keyOf(a, b))).size === merges.length;
}
