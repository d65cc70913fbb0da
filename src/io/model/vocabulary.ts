import { BytePairs } from "../../data/byte-pairs.ts";
import { TextVocabulary } from "../../data/text.ts";
import { WordVocabulary } from "../../data/words.ts";

/** What can be saved with a model: text ↔ ids. */
export type SavedVocabulary = TextVocabulary | WordVocabulary | BytePairs;

/**
 * By what its JSON has.
 * @throws FormatError for what is none, Error for what is no JSON, and for a pattern that nobody has vouched for
 */
export function vocabularyOf(text: string, name: string, allowPattern: boolean): SavedVocabulary {
  const json = JSON.parse(text);
  const parts = Object(json);
  if (Object.hasOwn(parts, "merges")) return BytePairs.fromJSON(json, name);
  if (Object.hasOwn(parts, "words")) {
    const words = WordVocabulary.fromJSON(json, name);
    if (allowPattern || !words.hasOwnPattern) return words;
    throw new Error(
      "words by a pattern of its own, which can run for ever on some texts; { allowPattern: true } is for files that are trusted",
    );
  }
  return TextVocabulary.fromJSON(json, name);
}
