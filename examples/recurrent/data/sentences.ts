/**
 * Sentences of a small grammar with their tags. Some words are adjective or noun, some plural noun or singular verb;
 * subject and verb agree and there is one verb, so that every sentence can be read in one way only.
 */
import { drawUniform, keyOf } from "gradgpu";

export interface Sentence {
  readonly words: readonly string[];
  readonly tags: readonly Tag[];
}
export const TAGS = ["determiner", "adjective", "noun", "verb", "preposition", "adverb"] as const;
export type Tag = (typeof TAGS)[number];

const either = ["cold", "light", "orange", "secret"];
const pluralOrVerb = ["rocks", "plants", "watches", "drinks"];
const lexicon = {
  determiner: ["the", "no", "my"],
  adjective: [...either, "old", "quiet"],
  singular: [...either, "boat", "sailor", "whale"],
  plural: [...pluralOrVerb, "boats", "sailors"],
  singularVerb: [...pluralOrVerb, "finds", "sinks"],
  pluralVerb: ["fall", "find", "sink"],
  preposition: ["near", "under"],
  adverb: ["slowly", "again"],
} as const;
type Kind = keyof typeof lexicon;
const tagOf: Readonly<Record<Kind, Tag>> = {
  determiner: "determiner",
  adjective: "adjective",
  singular: "noun",
  plural: "noun",
  singularVerb: "verb",
  pluralVerb: "verb",
  preposition: "preposition",
  adverb: "adverb",
};
export const WORDS: readonly string[] = [...new Set(Object.values(lexicon).flat())];

/** The first `count` different sentences of the grammar, the same in every run. */
export function sentences(count: number): Sentence[] {
  const found = new Map<string, Sentence>();
  for (let i = 0; found.size < count; i++) {
    const sentence = sentenceFrom(drawUniform(keyOf(i), 0, 40));
    found.set(sentence.words.join(" "), sentence);
  }
  return [...found.values()];
}

/** One sentence, all choices in it made by `numbers` in [0, 1). */
function sentenceFrom(numbers: ArrayLike<number>): Sentence {
  let used = 0;
  const chance = () => numbers[used++] ?? 0;
  const nounPhrase = (noun: Kind): Kind[] => [
    "determiner",
    ...(chance() < 0.5 ? (["adjective"] as const) : []),
    noun,
  ];
  const anyNoun = () => nounPhrase(chance() < 0.5 ? "singular" : "plural");
  const isPlural = chance() < 0.5;
  const kinds: Kind[] = nounPhrase(isPlural ? "plural" : "singular");
  if (chance() < 0.4) kinds.push("preposition", ...anyNoun());
  kinds.push(isPlural ? "pluralVerb" : "singularVerb");
  if (chance() < 0.6) kinds.push(...anyNoun());
  if (chance() < 0.3) kinds.push("adverb");
  const words = kinds.map((kind) => {
    const choices = lexicon[kind];
    return choices[Math.floor(chance() * choices.length)] ?? "";
  });
  return { words, tags: kinds.map((kind) => tagOf[kind]) };
}
