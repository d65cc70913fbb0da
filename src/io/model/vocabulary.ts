import { BytePairs } from "../../data/byte-pairs.ts";
import { TextVocabulary } from "../../data/text.ts";
import { WordVocabulary } from "../../data/words.ts";

/** What can be saved with a model: text ↔ ids. */
export type SavedVocabulary = TextVocabulary | WordVocabulary | BytePairs;

/** By what its JSON has. @throws FormatError for what is none, Error for what is no JSON */
export function vocabularyOf(text: string, name: string): SavedVocabulary {
  const json = JSON.parse(text);
  const parts = Object(json);
  if (Object.hasOwn(parts, "merges")) return BytePairs.fromJSON(json, name);
  if (Object.hasOwn(parts, "words")) return WordVocabulary.fromJSON(json, name);
  return TextVocabulary.fromJSON(json, name);
}
