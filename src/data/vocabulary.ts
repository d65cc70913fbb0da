import { rule, shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";

/** Text ↔ ids from 0 to size − 1: TextVocabulary, WordVocabulary, BytePairs, or one of one's own. */
export interface Vocabulary {
  /** How many ids there are. */
  readonly size: number;
  /**
   * The ids of a text.
   * @throws ArgumentError for what has none
   */
  encode(text: string): Int32Array;
  /**
   * The text that ids stand for.
   * @throws ArgumentError for an id that stands for nothing
   */
  decode(ids: ArrayLike<number>): string;
  /**
   * Of text that goes on, how many units have the ids that they have whatever follows; the others are encoded with what
   * comes next. Where it is missing, any text can be cut between two characters.
   * @throws ArgumentError for what is no text
   */
  settled?(text: string): number;
}

export const aVocabulary = rule(
  "a vocabulary, with encode and decode",
  (value) =>
    typeof value === "object" &&
    value !== null &&
    ["encode", "decode"].every((name) => typeof Reflect.get(value, name) === "function"),
);

export const someIds = rule(
  "a list or a typed array of whole numbers",
  (value) => Array.isArray(value) || (ArrayBuffer.isView(value) && "length" in value),
);

/** What every one of `ids` stands for. @throws ArgumentError for one that stands for nothing */
export function decoded<T>(ids: ArrayLike<number>, all: readonly T[]): T[] {
  // A detached array is one of none; it could not be read.
  if (ids.length === 0) return [];
  return Array.from(ids, (id, at) => {
    const own = typeof id === "number" ? all[id] : undefined;
    if (own !== undefined) return own;
    throw new ArgumentError(
      `decode: every id must be a whole number from 0 to ${all.length - 1}; got ${shown(id)} at index ${at}. Labels that are ignored are left out first.`,
    );
  });
}

/** Ids of text that arrives in chunks, the same as those of the whole. */
export class ChunkedText {
  readonly #vocabulary: Vocabulary;
  #held = "";

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  take(chunk: string): Int32Array {
    const text = this.#held + chunk;
    // The second unit of a character outside the basic plane may come with the next chunk.
    const whole = /[\uD800-\uDBFF]$/.test(text) ? text.slice(0, -1) : text;
    const length = this.#vocabulary.settled?.(whole) ?? whole.length;
    this.#held = text.slice(length);
    return this.#encode(text.slice(0, length));
  }

  /** What was held back: nothing follows. */
  end(): Int32Array {
    const text = this.#held;
    this.#held = "";
    return text === "" ? new Int32Array(0) : this.#encode(text);
  }

  #encode(text: string): Int32Array {
    const ids: unknown = this.#vocabulary.encode(text);
    if (ids instanceof Int32Array) return ids;
    throw new ArgumentError(
      `encode: a vocabulary must give an Int32Array of ids; got ${shown(ids)} for ${shown(text)}. Int32Array.from(ids) makes one.`,
    );
  }
}
