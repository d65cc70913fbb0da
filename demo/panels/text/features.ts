/** What a reader keeps in mind at every letter of a text, as numbers: what the network's units are compared with. */
import type { FeatureName } from "./pictures.ts";

export const FEATURES = ["quotes", "line", "spaces", "depth"] as const satisfies FeatureName[];

const OPENING = "“«「『";
const CLOSING = "”»」』";
const OPEN_BRACKETS = "([{〈《";
const CLOSED_BRACKETS = ")]}〉》";

/**
 * f32[letters] of one feature, after each letter: `quotes` is 1 within quotation marks and 0 outside, `line` how many
 * letters the line has so far, `spaces` 1 at a space or a line's end, `depth` how many brackets are open. An empty line
 * ends quotations and brackets, so that one that is never closed does no harm.
 */
export function featureOf(name: FeatureName, letters: readonly string[]): Float32Array {
  const values = new Float32Array(letters.length);
  let [quoted, position, depth] = [false, 0, 0];
  letters.forEach((letter, t) => {
    const isBreak = letter === "\n";
    if (isBreak && letters[t - 1] === "\n") [quoted, depth] = [false, 0];
    if (OPENING.includes(letter)) quoted = true;
    else if (CLOSING.includes(letter)) quoted = false;
    else if (letter === '"') quoted = !quoted;
    if (OPEN_BRACKETS.includes(letter)) depth++;
    else if (CLOSED_BRACKETS.includes(letter)) depth = Math.max(0, depth - 1);
    position = isBreak ? 0 : position + 1;
    const of = { quotes: Number(quoted), line: position, spaces: Number(/\s/.test(letter)), depth };
    values[t] = of[name];
  });
  return values;
}

/**
 * Pearson's correlation of every unit with `feature`, f32[units]; states are f32[count, units], feature f32[count]. 0
 * where one of them never changes.
 */
export function correlations(
  states: Float32Array,
  feature: Float32Array,
  units: number,
): Float32Array {
  const count = feature.length;
  const mean = feature.reduce((sum, value) => sum + value, 0) / count;
  const [sums, squares, products] = [0, 1, 2].map(() => new Float64Array(units));
  if (!sums || !squares || !products) throw new Error("There are three sums.");
  let spread = 0;
  for (let t = 0; t < count; t++) {
    const off = (feature[t] ?? 0) - mean;
    spread += off * off;
    for (let u = 0; u < units; u++) {
      const state = states[t * units + u] ?? 0;
      sums[u] = (sums[u] ?? 0) + state;
      squares[u] = (squares[u] ?? 0) + state * state;
      products[u] = (products[u] ?? 0) + state * off;
    }
  }
  return Float32Array.from({ length: units }, (_, u) => {
    const sum = sums[u] ?? 0;
    const variance = Math.max(0, (squares[u] ?? 0) - (sum * sum) / count);
    const scale = Math.sqrt(variance * spread);
    return scale > 1e-12 ? (products[u] ?? 0) / scale : 0;
  });
}

/** The standard deviation of every unit, f32[units]; states are f32[count, units]. */
export function spreads(states: Float32Array, units: number): Float32Array {
  const count = states.length / units;
  return Float32Array.from({ length: units }, (_, u) => {
    let [sum, squares] = [0, 0];
    for (let at = u; at < states.length; at += units) {
      const state = states[at] ?? 0;
      sum += state;
      squares += state * state;
    }
    return Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
  });
}

/** The units by the size of their values, the largest first. */
export function ranked(values: Float32Array): Int32Array {
  const size = (unit: number) => Math.abs(values[unit] ?? 0);
  return Int32Array.from(values.keys()).sort((a, b) => size(b) - size(a) || a - b);
}
