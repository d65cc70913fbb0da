/**
 * Recalling a word: "I grew up in France, … I speak ___". One of eight countries, then words that say nothing, then the
 * question; the answer is the language of the country. Nothing but the country helps.
 */
import { drawUniform, foldIn, type Key, losses, nn } from "gradgpu";
import type { SequenceOptions, Task } from "./task.ts";

const LANGUAGES = {
  France: "French",
  Spain: "Spanish",
  Italy: "Italian",
  Poland: "Polish",
  Greece: "Greek",
  Japan: "Japanese",
  Turkey: "Turkish",
  Sweden: "Swedish",
} as const;
const COUNTRIES = Object.keys(LANGUAGES);
export const ANSWERS = Object.values(LANGUAGES);
const FILLERS = ["later", "we", "moved", "to", "a", "town", "by", "the"];
const QUESTION = "speak";
export const WORDS = [...COUNTRIES, ...FILLERS, QUESTION];
const EMBEDDING = 16;

export const recall: Task<"recall"> = {
  name: "recall",
  title: "Recalling a word",
  features: EMBEDDING,
  embed: (seed) => [nn.embedding(WORDS.length, EMBEDDING, { seed })],
  outputs: COUNTRIES.length,
  loss: losses.crossEntropy,
  accuracy: losses.accuracy,
  chance: 1 / COUNTRIES.length,
  make(key, options) {
    const { ids, countries } = draw(key, options);
    const { lag, before = 0, count } = options;
    return {
      x: { data: ids, shape: [before + lag + 1, count], dtype: "i32" },
      y: { data: countries, shape: [count], dtype: "i32" },
    };
  },
};

/** ids i32[T, B] and the country of every sequence, i32[B]. */
function draw(key: Key, { lag, before = 0, count }: SequenceOptions) {
  const steps = before + lag + 1;
  const pick = drawUniform(foldIn(key, 0), 0, count);
  const countries = Int32Array.from(pick, (u) => Math.floor(u * COUNTRIES.length));
  const noise = drawUniform(foldIn(key, 1), 0, steps * count);
  const ids = Int32Array.from(noise, (u) => COUNTRIES.length + Math.floor(u * FILLERS.length));
  ids.set(countries, before * count);
  ids.fill(WORDS.length - 1, (steps - 1) * count);
  return { ids, countries };
}

/** The first sequence that `key` makes, as words, and its answer. */
export function sentence(key: Key, options: SequenceOptions): { words: string[]; answer: string } {
  const { ids, countries } = draw(key, options);
  const words = Array.from(
    { length: ids.length / options.count },
    (_, t) => WORDS[ids[t * options.count] ?? 0] ?? "",
  );
  return { words, answer: ANSWERS[countries[0] ?? 0] ?? "" };
}
