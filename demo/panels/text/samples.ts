/** What the network writes at certain steps, kept to be seen under each other. */
import type { Sample } from "./pictures.ts";
import type { Writing } from "./writing.ts";

export const SAMPLED = [0, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000] as const;
/** One for all, so that they can be compared: low enough for words, high enough for new ones. */
export const SAMPLE_TEMPERATURE = 0.7;

/** A Trainer saves them with its state, so that what was written before a reload is still there. */
export class Samples {
  #kept: Sample[] = [];

  /** Whether at `step` the network has come so far that it is to write once more. */
  isDue(step: number): boolean {
    const due = SAMPLED.findLast((at) => at <= step) ?? 0;
    const last = this.#kept.at(-1);
    return last === undefined || last.step < due;
  }

  keep(sample: Sample): void {
    this.#kept.push(sample);
  }

  /** Copies: what the page is given is handed over. */
  from(index: number): readonly Sample[] {
    return structuredClone(this.#kept.slice(index));
  }

  state(): readonly Sample[] {
    return this.#kept;
  }

  loadState(saved: readonly Sample[]): void {
    this.#kept = [...saved];
  }
}

/** f32[letters]: how probable each letter of a writing was when it was drawn, at its temperature. */
export function probabilitiesOf({ ids, logits }: Writing, temperature: number): Float32Array {
  const characters = logits.length / ids.length;
  return Float32Array.from(ids, (id, t) => {
    const own = softmaxOf(logits.subarray(t * characters, (t + 1) * characters), temperature);
    return own[id] ?? 0;
  });
}

/** softmax(logits / temperature). */
export function softmaxOf(logits: Float32Array, temperature: number): Float32Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const weights = logits.map((logit) => Math.exp((logit - largest) / temperature));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** The id that `draw` in [0, 1) falls on in softmax(logits / temperature): as the worker draws. */
export function drawn(logits: Float32Array, temperature: number, draw: number): number {
  let below = 0;
  const found = softmaxOf(logits, temperature).findIndex((share) => {
    below += share;
    return draw <= below;
  });
  return found < 0 ? logits.length - 1 : found;
}
