/** A text as the network gets it: characters as numbers, the last tenth kept to measure with. */
import { TextVocabulary } from "gradgpu/data";

export interface Corpus {
  readonly letters: readonly string[];
  readonly vocabulary: TextVocabulary;
  readonly training: Int32Array;
  readonly heldOut: Int32Array;
  /** Different characters that are too rare for the vocabulary, and stand as �. */
  readonly rare: number;
  /** What the network has read before it writes: the end of a line, where the text has lines. */
  readonly first: number;
  /** The text's first two words: what is gone on with where nobody says what. */
  readonly opening: Int32Array;
  lettersOf(ids: Int32Array): string[];
}

/** Fewer letters than this teach nothing; more than the other are not read. */
export const FEWEST_LETTERS = 400;
export const MOST_LETTERS = 200_000;
/** Hangul has 11,172 syllables, a long text some 1,500 of them. What is rarer has no chance to be learned. */
export const MOST_CHARACTERS = 1_000;
export const RARE = "\uFFFD";
const HELD_OUT = 0.1;

/**
 * The characters of a text as it was pasted: lines end in one way, and syllables that came in pieces (a Mac's file names,
 * some PDFs) are put together, so that a character is what a reader takes for one.
 */
export function lettersOf(pasted: string): string[] {
  return Array.from(pasted.replace(/\r\n?/g, "\n").normalize("NFC"));
}

/**
 * The corpus of a text as it was pasted.
 * @throws RangeError where fewer than FEWEST_LETTERS are left
 */
export function corpusOf(pasted: string): Corpus {
  const whole = lettersOf(pasted).slice(0, MOST_LETTERS);
  if (whole.length < FEWEST_LETTERS) {
    throw new RangeError(
      `text: a text must have at least ${FEWEST_LETTERS} characters; got ${whole.length}. Paste a longer one.`,
    );
  }
  const kept = new Set(commonest(whole));
  const letters = whole.map((letter) => (kept.has(letter) ? letter : RARE));
  const text = letters.join("");
  const vocabulary = TextVocabulary.of(text);
  const ids = vocabulary.encode(text);
  const cut = Math.floor(ids.length * (1 - HELD_OUT));
  const { characters } = vocabulary;
  return {
    letters,
    vocabulary,
    training: ids.subarray(0, cut),
    heldOut: ids.subarray(cut),
    rare: new Set(whole).size - kept.size,
    first: Math.max(0, characters.indexOf("\n")),
    opening: ids.subarray(0, openingOf(text)),
    lettersOf: (own) => Array.from(own, (id) => characters[id] ?? RARE),
  };
}

/** How many letters the first two words have, the space behind them included; 20 at most. */
function openingOf(text: string): number {
  return Array.from(/^\s*\S+\s+\S+\s/.exec(text)?.[0] ?? "").slice(0, 20).length || 1;
}

/** All different characters, or those that come most often. */
function commonest(letters: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const letter of letters) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  const ranked = [...counts].toSorted(([, a], [, b]) => b - a).map(([letter]) => letter);
  return ranked.length <= MOST_CHARACTERS ? ranked : ranked.slice(0, MOST_CHARACTERS - 1);
}

/** Ids of the letters that the vocabulary has, and those letters that it does not have, each once. */
export function known(vocabulary: TextVocabulary, text: string) {
  const characters = new Set(vocabulary.characters);
  const letters = lettersOf(text);
  const kept = letters.filter((letter) => characters.has(letter));
  return {
    letters: kept,
    ids: vocabulary.encode(kept.join("")),
    unknown: [...new Set(letters.filter((letter) => !characters.has(letter)))],
  };
}
