import {
  text as aText,
  check,
  checkOptions,
  count,
  flag,
  isIterable,
  isRecord,
  rule,
  shown,
} from "../arguments.ts";
import { ArgumentError, FormatError } from "../errors.ts";
import { decoded, someIds, type Vocabulary } from "./vocabulary.ts";

/** What a word is, and which of them have an id. */
export interface WordVocabularyOptions {
  /** How many ids there are at most, with those of `unknown` and `padding`: the most frequent words have one; all. */
  readonly size?: number;
  /** How often a word must be there to have an id; 1. */
  readonly minCount?: number;
  /**
   * What a word is: every match of it is one, and what lies between is left out. Letters and digits with an apostrophe
   * within ("don't"), or one other character that is no space, where nothing is said. A match that begins behind a space
   * begins there whatever follows.
   */
  readonly pattern?: RegExp;
  /** Whether words are compared and kept in lower case; false. */
  readonly lowerCase?: boolean;
  /** The text of the id of all words that have none; "<unk>". With null such a word is an error. */
  readonly unknown?: string | null;
  /** The text of an id, 0, for what follows the end of a text; there is none where nothing is said. */
  readonly padding?: string;
  /** What `decode` puts between words; a space. */
  readonly joiner?: string;
}

/** What a vocabulary of words looks like as JSON. */
export interface WordVocabularyJson {
  /** By id, `padding` and `unknown` among them. */
  readonly words: readonly string[];
  /** Of the regular expression that finds words. */
  readonly pattern: { readonly source: string; readonly flags: string };
  /** Whether words are in lower case. */
  readonly lowerCase: boolean;
  /** The text of the id of all words that have none. */
  readonly unknown?: string;
  /** The text of the id of what follows the end of a text. */
  readonly padding?: string;
  /** What `decode` puts between words. */
  readonly joiner: string;
}

const WORD = /[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}\p{N}]+)*|[^\s\p{L}\p{M}\p{N}]/u;

/** Words ↔ ids: padding and unknown first, where there are such, then the words of a text, the most frequent first. */
export class WordVocabulary implements Vocabulary {
  /** By id. */
  readonly words: readonly string[];
  /** The id of all words that have none. */
  readonly unknownId: number | undefined;
  /** The id of what follows the end of a text. */
  readonly paddingId: number | undefined;
  readonly #json: WordVocabularyJson;
  readonly #pattern: RegExp;
  readonly #ids: ReadonlyMap<string, number>;

  private constructor(json: WordVocabularyJson, pattern: RegExp) {
    this.#json = json;
    this.#pattern = pattern;
    this.words = json.words;
    this.#ids = new Map(json.words.map((word, id) => [word, id]));
    this.unknownId = json.unknown === undefined ? undefined : this.#ids.get(json.unknown);
    this.paddingId = json.padding === undefined ? undefined : this.#ids.get(json.padding);
  }

  /**
   * The vocabulary of a text, or of several. Of words that are there equally often, the one that comes first in the order
   * of their characters is first.
   * @throws ArgumentError for what is no text, and for options that break their rules
   */
  static of(texts: string | Iterable<string>, options: WordVocabularyOptions = {}): WordVocabulary {
    check("WordVocabulary", "the text", texts, someTexts);
    checkOptions<WordVocabularyOptions>("WordVocabulary", options, RULES);
    const { minCount = 1, lowerCase = false, unknown = "<unk>", padding, joiner = " " } = options;
    const special = [padding, unknown].filter((word) => typeof word === "string");
    const { size = Number.POSITIVE_INFINITY } = options;
    if (padding === unknown || size < special.length) {
      throw new ArgumentError(
        `WordVocabulary: padding and unknown must be two words, and size at least ${special.length} for them; got ${shown(padding)}, ${shown(unknown)} and ${size}. Give another size or words.`,
      );
    }
    const pattern = globalOf(options.pattern ?? WORD);
    const counts = new Map<string, number>();
    for (const text of typeof texts === "string" ? [texts] : texts) {
      check("WordVocabulary", "a text", text, aText);
      for (const { word } of wordsOf(text, pattern, lowerCase))
        counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    for (const word of special) counts.delete(word);
    const words = [...counts].filter(([, times]) => times >= minCount);
    words.sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
    const all = [...special, ...words.map(([word]) => word)].slice(0, size);
    const { source, flags } = pattern;
    const json = { words: all, pattern: { source, flags }, lowerCase, joiner };
    return new WordVocabulary(
      {
        ...json,
        ...(unknown !== null && { unknown }),
        ...(padding !== undefined && { padding }),
      },
      pattern,
    );
  }

  /**
   * The vocabulary that `toJSON` described.
   * @throws FormatError where `json` is something else, which it calls `name`; ArgumentError for a name that is no text
   */
  static fromJSON(json: unknown, name = "the vocabulary"): WordVocabulary {
    check("WordVocabulary.fromJSON", "the name", name, aText);
    const pattern = isWordsJson(json) ? patternOf(json.pattern) : undefined;
    if (!isWordsJson(json) || pattern === undefined) {
      throw new FormatError(
        `WordVocabulary.fromJSON: ${name} must be { words: [different words], pattern: { source, flags }, lowerCase, joiner, unknown?, padding? }; got something else. Save it with JSON.stringify(vocabulary).`,
        0,
      );
    }
    return new WordVocabulary({ ...json, words: [...json.words] }, pattern);
  }

  /** Whether its words are matches of a pattern that somebody gave: one from a file that is not trusted can run for ever. */
  get hasOwnPattern(): boolean {
    const { source, flags } = globalOf(WORD);
    return this.#pattern.source !== source || this.#pattern.flags !== flags;
  }

  /** How many ids there are. */
  get size(): number {
    return this.words.length;
  }

  /**
   * The ids of the words of `text`, i32.
   * @throws ArgumentError at a word that has none, if there is no `unknown`
   */
  encode(text: string): Int32Array {
    check("encode", "the text", text, aText);
    const ids: number[] = [];
    for (const { word } of wordsOf(text, this.#pattern, this.#json.lowerCase)) {
      const id = this.#ids.get(word) ?? this.unknownId;
      if (id === undefined) {
        throw new ArgumentError(
          `encode: every word must be in the vocabulary; got ${shown(word)} as word ${ids.length}. Build the vocabulary with { unknown } to have one stand for all others.`,
        );
      }
      ids.push(id);
    }
    return Int32Array.from(ids);
  }

  /**
   * The words that `ids` stand for, joined; padding is left out.
   * @throws ArgumentError at an id outside 0 … size − 1
   */
  decode(ids: ArrayLike<number>): string {
    check("decode", "ids", ids, someIds);
    const { padding, joiner } = this.#json;
    return decoded(ids, this.words)
      .filter((word) => word !== padding)
      .join(joiner);
  }

  /**
   * Up to the last word that begins behind a space: those before it are what they are.
   * @throws ArgumentError for what is no text
   */
  settled(text: string): number {
    check("settled", "the text", text, aText);
    let last = 0;
    for (const { at } of wordsOf(text, this.#pattern, false))
      if (/^\s\S/.test(text.slice(at - 1, at + 1))) last = at;
    return last;
  }

  /** What `fromJSON` takes; JSON.stringify calls it. */
  toJSON(): WordVocabularyJson {
    return this.#json;
  }
}

const someTexts = rule(
  "a text, or several in something iterable",
  (value) => typeof value === "string" || isIterable(value),
);

const aPattern = rule("a regular expression", (value) => value instanceof RegExp);
const aWord = rule("a text, not empty", (value) => typeof value === "string" && value !== "");
const aWordOrNone = rule(
  "a text, not empty, or null",
  (value) => value === null || aWord.holds(value),
);

const RULES = {
  size: count,
  minCount: count,
  pattern: aPattern,
  lowerCase: flag,
  unknown: aWordOrNone,
  padding: aWord,
  joiner: aText,
};

function* wordsOf(text: string, pattern: RegExp, lowerCase: boolean) {
  for (const { 0: word, index: at } of text.matchAll(pattern))
    if (word !== "") yield { word: lowerCase ? word.toLowerCase() : word, at };
}

/** The same rule, to be matched again and again. */
function globalOf({ source, flags }: RegExp): RegExp {
  return new RegExp(source, `${flags.replace(/[gy]/g, "")}g`);
}

function patternOf({ source, flags }: WordVocabularyJson["pattern"]): RegExp | undefined {
  try {
    return globalOf(new RegExp(source, flags));
  } catch {
    return undefined;
  }
}

function isWordsJson(json: unknown): json is WordVocabularyJson {
  if (!isRecord(json)) return false;
  const { words, pattern, lowerCase, joiner, unknown, padding } = json;
  if (!Array.isArray(words) || !Array.from(words).every(aWord.holds)) return false;
  if (new Set(words).size !== words.length) return false;
  const areIn = [unknown, padding].every((word) => word === undefined || words.includes(word));
  return (
    areIn &&
    isRecord(pattern) &&
    typeof pattern.source === "string" &&
    typeof pattern.flags === "string" &&
    typeof lowerCase === "boolean" &&
    typeof joiner === "string"
  );
}
