/**
 * The baseline that the LSTM has to beat: an interpolated character trigram model,
 *
 *   P1(c)    = (n(c)   + d1 · K    / V)       / (n   + d1 · K)
 *   P2(c|b)  = (n(bc)  + d2 · K(b)  · P1(c))  / (n(b)  + d2 · K(b))
 *   P3(c|ab) = (n(abc) + d3 · K(ab) · P2(c|b)) / (n(ab) + d3 · K(ab))
 *
 * n(…) counts the training text, K(h) is how many different characters follow h, V the vocabulary's size.
 * With d = 1 this is Witten-Bell smoothing (Witten, Bell 1991, method C); here d2 and d3 are tuned on the last tenth
 * of the training text, and the counts are then taken over all of it, so the baseline is as good as its kind gets.
 */

/** How strongly each order leans on the one below. */
export interface Smoothing {
  readonly unigram: number;
  readonly bigram: number;
  readonly trigram: number;
}

const WITTEN_BELL: Smoothing = { unigram: 1, bigram: 1, trigram: 1 };
const CANDIDATES = [0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1, 1.5, 2, 3, 4, 6, 8];
const TUNING_SHARE = 0.1;

/** n(h c) for every context h and character c, n(h) and K(h). */
interface Counts {
  readonly joint: Uint32Array;
  readonly total: Uint32Array;
  readonly kinds: Uint32Array;
}

export class TrigramModel {
  readonly smoothing: Smoothing;
  readonly #size: number;
  readonly #orders: readonly [Counts, Counts, Counts];

  private constructor(
    size: number,
    orders: readonly [Counts, Counts, Counts],
    smoothing: Smoothing,
  ) {
    this.#size = size;
    this.#orders = orders;
    this.smoothing = smoothing;
  }

  /** The model of `ids` (characters as numbers below `size`), its smoothing tuned on the last tenth of them. */
  static fit(ids: Int32Array, size: number): TrigramModel {
    const cut = Math.floor(ids.length * (1 - TUNING_SHARE));
    const orders = countOrders(ids.subarray(0, cut), size);
    const slice = ids.subarray(cut);
    let best = WITTEN_BELL;
    let bestBits = new TrigramModel(size, orders, best).bitsPerCharacter(slice);
    for (const order of ["bigram", "trigram"] as const) {
      for (const d of CANDIDATES) {
        const candidate = { ...best, [order]: d };
        const bits = new TrigramModel(size, orders, candidate).bitsPerCharacter(slice);
        if (bits < bestBits) [best, bestBits] = [candidate, bits];
      }
    }
    return new TrigramModel(size, countOrders(ids, size), best);
  }

  /** P(next | beforeLast, last); without `beforeLast` the bigram's P(next | last). */
  probability(next: number, last: number, beforeLast?: number): number {
    const [one, two, three] = this.#orders;
    const { unigram, bigram, trigram } = this.smoothing;
    const p1 = mix(one, 0, next, this.#size, unigram, 1 / this.#size);
    const p2 = mix(two, last, next, this.#size, bigram, p1);
    if (beforeLast === undefined) return p2;
    return mix(three, beforeLast * this.#size + last, next, this.#size, trigram, p2);
  }

  /**
   * Mean -log2 P of every character of `ids` but the first, which has nothing before it: the same targets on which a
   * recurrent model is measured.
   */
  bitsPerCharacter(ids: Int32Array): number {
    let bits = 0;
    for (let i = 1; i < ids.length; i++) {
      const beforeLast = i > 1 ? ids[i - 2] : undefined;
      bits -= Math.log2(this.probability(ids[i] ?? 0, ids[i - 1] ?? 0, beforeLast));
    }
    return bits / (ids.length - 1);
  }
}

function mix(
  counts: Counts,
  context: number,
  next: number,
  size: number,
  d: number,
  lower: number,
): number {
  const n = counts.total[context] ?? 0;
  if (n === 0) return lower;
  const weight = d * (counts.kinds[context] ?? 0);
  return ((counts.joint[context * size + next] ?? 0) + weight * lower) / (n + weight);
}

function countOrders(ids: Int32Array, size: number): [Counts, Counts, Counts] {
  return [countOrder(ids, size, 0), countOrder(ids, size, 1), countOrder(ids, size, 2)];
}

function countOrder(ids: Int32Array, size: number, contextLength: number): Counts {
  const contexts = size ** contextLength;
  const joint = new Uint32Array(contexts * size);
  const total = new Uint32Array(contexts);
  const kinds = new Uint32Array(contexts);
  let context = 0;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i] ?? 0;
    if (i >= contextLength) {
      const at = context * size + id;
      if (joint[at] === 0) kinds[context] = (kinds[context] ?? 0) + 1;
      joint[at] = (joint[at] ?? 0) + 1;
      total[context] = (total[context] ?? 0) + 1;
    }
    context = (context * size + id) % contexts;
  }
  return { joint, total, kinds };
}
