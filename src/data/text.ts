import { text as aText, check, checkOptions, rule } from "../arguments.ts";
import { ArgumentError, FormatError } from "../errors.ts";
import { decoded, someIds, type Vocabulary } from "./vocabulary.ts";

/** What becomes of characters that are not known. */
export interface TextVocabularyOptions {
  /**
   * The character that stands for every character the vocabulary does not have; it becomes part of the vocabulary.
   * Where it is missing, encoding a character that the vocabulary does not have is an error.
   */
  readonly unknown?: string;
}

/** What a vocabulary looks like as JSON. */
export interface TextVocabularyJson {
  /** By id. */
  readonly characters: readonly string[];
  /** The one of them that stands for all others. */
  readonly unknown?: string;
}

/** Characters (Unicode code points) ↔ the numbers 0 … size − 1, in the order of the code points. */
export class TextVocabulary implements Vocabulary {
  /** By id. */
  readonly characters: readonly string[];
  readonly #unknown: string | undefined;
  readonly #ids: ReadonlyMap<string, number>;

  private constructor(characters: readonly string[], unknown: string | undefined) {
    this.characters = characters;
    this.#unknown = unknown;
    this.#ids = new Map(characters.map((character, id) => [character, id]));
  }

  /**
   * The vocabulary of every character in `text`.
   * @throws ArgumentError for what is no text, and for an `unknown` that is not one character
   */
  static of(text: string, options: TextVocabularyOptions = {}): TextVocabulary {
    check("TextVocabulary", "the text", text, aText);
    checkOptions<TextVocabularyOptions>("TextVocabulary", options, { unknown: oneCharacter });
    const { unknown } = options;
    const seen = new Set(text);
    if (unknown !== undefined) seen.add(unknown);
    const characters = [...seen].sort((a, b) => (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0));
    return new TextVocabulary(characters, unknown);
  }

  /**
   * The vocabulary that `toJSON` described.
   * @throws FormatError where `json` is something else, which it calls `name`; ArgumentError for a name that is no text
   */
  static fromJSON(json: unknown, name = "the vocabulary"): TextVocabulary {
    check("TextVocabulary.fromJSON", "the name", name, aText);
    if (!isVocabularyJson(json)) {
      throw new FormatError(
        `TextVocabulary.fromJSON: ${name} must be { characters: [single, different characters], unknown?: one of them }; ` +
          "got something else. Save it with JSON.stringify(vocabulary).",
        0,
      );
    }
    return new TextVocabulary([...json.characters], json.unknown);
  }

  /** How many ids there are. */
  get size(): number {
    return this.characters.length;
  }

  /**
   * The ids of the characters of `text`, i32.
   * @throws ArgumentError at a character the vocabulary does not have, if it has no `unknown`.
   */
  encode(text: string): Int32Array {
    check("encode", "the text", text, aText);
    const ids = new Int32Array(text.length);
    const unknown = this.#unknown === undefined ? undefined : this.#ids.get(this.#unknown);
    let length = 0;
    for (const character of text) {
      const id = this.#ids.get(character) ?? unknown;
      if (id === undefined) {
        throw new ArgumentError(
          `encode: every character must be in the vocabulary; got ${JSON.stringify(character)} as character ${length}. ` +
            "Build the vocabulary with { unknown } to have one stand for all others.",
        );
      }
      ids[length++] = id;
    }
    // A character outside the basic plane is two units of the string's length.
    return length === ids.length ? ids : ids.slice(0, length);
  }

  /**
   * The text that `ids` stand for.
   * @throws ArgumentError at an id outside 0 … size − 1.
   */
  decode(ids: ArrayLike<number>): string {
    check("decode", "ids", ids, someIds);
    return decoded(ids, this.characters).join("");
  }

  /** What `fromJSON` takes; JSON.stringify calls it. */
  toJSON(): TextVocabularyJson {
    const { characters } = this;
    return this.#unknown === undefined ? { characters } : { characters, unknown: this.#unknown };
  }
}

const oneCharacter = rule(
  'one character, such as "\\uFFFD"',
  (value) => typeof value === "string" && [...value].length === 1,
);
function isVocabularyJson(json: unknown): json is TextVocabularyJson {
  if (typeof json !== "object" || json === null || !("characters" in json)) return false;
  const { characters } = json;
  if (
    !Array.isArray(characters) ||
    !characters.every((c) => typeof c === "string" && [...c].length === 1)
  ) {
    return false;
  }
  if (new Set(characters).size !== characters.length) return false;
  return !("unknown" in json) || characters.includes(json.unknown);
}
