/** The part of a text that the network is seen reading. */
import { featureOf } from "./features.ts";

/**
 * `length` letters from a paragraph's beginning that have much to remember: about as much within quotation marks as
 * outside, and brackets. The first ones where no paragraph has that, all of a shorter text.
 */
export function passageOf(
  letters: readonly string[],
  length: number,
): { from: number; to: number } {
  const quoted = sums(featureOf("quotes", letters));
  const bracketed = sums(featureOf("depth", letters).map((depth) => Math.min(1, depth)));
  const within = (of: Float64Array, from: number) => (of[from + length] ?? 0) - (of[from] ?? 0);
  let [best, most] = [0, 0];
  for (let from = 0; from + length <= letters.length; from++) {
    if (!beginsParagraph(letters, from)) continue;
    const quotes = within(quoted, from);
    const found =
      Math.min(quotes, length - quotes) + 2 * Math.min(within(bracketed, from), length / 4);
    if (found > most) [best, most] = [from, found];
  }
  return { from: best, to: Math.min(letters.length, best + length) };
}

/** f64[n + 1]: what comes before each place, summed. */
function sums(values: Float32Array): Float64Array {
  const all = new Float64Array(values.length + 1);
  values.forEach((value, at) => {
    all[at + 1] = (all[at] ?? 0) + value;
  });
  return all;
}

/**
 * Where `count` parts of `length` letters begin, none over another, in which `feature` changes most: units are compared
 * with it there. A part begins a paragraph where there are enough of them: what reads from the middle of a quotation
 * cannot know of it. Of a feature that never changes any parts are as good.
 */
export function tellingParts(
  letters: readonly string[],
  feature: Float32Array,
  length: number,
  count: number,
): number[] {
  const last = feature.length - length;
  const places = Array.from({ length: Math.max(1, last + 1) }, (_, at) => at);
  const paragraphs = places.filter((at) => beginsParagraph(letters, at));
  const found = chosen(paragraphs, feature, length, count);
  const blocks = places.filter((at) => at % length === 0);
  return found.length < count ? chosen(blocks, feature, length, count) : found;
}

/** The `count` of `starts` whose parts have the most to tell, in the text's order. */
function chosen(
  starts: readonly number[],
  feature: Float32Array,
  length: number,
  count: number,
): number[] {
  const spread = (from: number) => {
    const own = feature.subarray(from, from + length);
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    return own.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  };
  const spreads = new Map(starts.map((from) => [from, spread(from)]));
  const taken: number[] = [];
  for (const from of starts.toSorted(
    (a, b) => (spreads.get(b) ?? 0) - (spreads.get(a) ?? 0) || a - b,
  )) {
    if (taken.length === count) break;
    if (taken.every((other) => Math.abs(other - from) >= length)) taken.push(from);
  }
  return taken.toSorted((a, b) => a - b);
}

function beginsParagraph(letters: readonly string[], at: number): boolean {
  return at === 0 || (letters[at - 1] === "\n" && letters[at - 2] === "\n");
}
