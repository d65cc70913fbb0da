/** The data, as far as a page wants it: 10,000 digits (8 MB) and a third of Moby Dick. */
import { type Dataset, dataset, images, labels, readIdxBytes, TextVocabulary } from "gradgpu/data";
import type { LoadData } from "./worker/training.ts";

/** What is learned from, and what is kept to measure with. */
export interface Parts<T> {
  readonly training: T;
  readonly heldOut: T;
}

const HELD_OUT_DIGITS = 1500;
/** Enough for a page, and quickly loaded. */
const CHARACTERS = 400_000;
/** Of MNIST's training pictures, in units of [0, 1]. */
const NORMALISATION = { mean: 0.1307, deviation: 0.3081 };

/** MNIST's test file, its last 1,500 digits held out. */
export async function loadDigits(load: LoadData): Promise<Parts<Dataset>> {
  const read = async (name: string, rank: number) => readIdxBytes(await load(name), name, rank);
  const [pictures, classes] = await Promise.all([
    read("digits-images.idx", 3),
    read("digits-labels.idx", 1),
  ]);
  const pixels = pictures.data.length / classes.data.length;
  const cut = classes.data.length - HELD_OUT_DIGITS;
  const part = (from: number, to: number) =>
    dataset({
      x: images(
        pictures.data.subarray(from * pixels, to * pixels),
        [to - from, ...pictures.shape.slice(1), 1],
        NORMALISATION,
      ),
      y: labels(classes.data.subarray(from, to)),
    });
  return { training: part(0, cut), heldOut: part(cut, classes.data.length) };
}

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
