/** The text, as far as a page wants it: a third of Moby Dick. */
import { TextVocabulary } from "gradgpu/data";
import type { LoadData } from "./worker/training.ts";

/** What is learned from, and what is kept to measure with. */
export interface Parts<T> {
  readonly training: T;
  readonly heldOut: T;
}

/** Enough for a page, and quickly loaded. */
const CHARACTERS = 400_000;
export interface Text extends Parts<Int32Array> {
  readonly vocabulary: TextVocabulary;
}

/** The first third of Moby Dick, its last tenth held out. */
export async function loadText(load: LoadData): Promise<Text> {
  const text = new TextDecoder().decode(await load("moby-dick.txt")).slice(0, CHARACTERS);
  const vocabulary = TextVocabulary.of(text);
  const ids = vocabulary.encode(text);
  const cut = Math.floor(ids.length * 0.9);
  return { vocabulary, training: ids.subarray(0, cut), heldOut: ids.subarray(cut) };
}
