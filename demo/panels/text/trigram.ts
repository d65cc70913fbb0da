/**
 * The guide line of the curve: what counting comes to. An interpolated trigram model of characters with Witten and Bell's
 * smoothing (1991, method C), counts held sparsely, since a Korean text has a thousand characters:
 *
 *   P_n(c | h) = (n(hc) + K(h)·P_{n−1}(c | h')) / (n(h) + K(h)),   P_0 = 1 / V
 *
 * where h' is h without its first letter and K(h) how many different characters follow h.
 */
interface Counts {
  readonly joint: Map<number, number>;
  readonly total: Map<number, number>;
  readonly kinds: Map<number, number>;
}

/** Mean −log₂ P of all letters of `measured` but the first, by the counts of `counted`; ids are below `characters`. */
export function trigramBits(counted: Int32Array, measured: Int32Array, characters: number): number {
  const orders = [0, 1, 2].map((order) => count(counted, order, characters));
  let bits = 0;
  for (let t = 1; t < measured.length; t++) {
    let probability = 1 / characters;
    orders.slice(0, t + 1).forEach(({ joint, total, kinds }, order) => {
      const context = contextAt(measured, t, order, characters);
      const seen = total.get(context) ?? 0;
      if (seen === 0) return;
      const weight = kinds.get(context) ?? 0;
      const both = joint.get(context * characters + (measured[t] ?? 0)) ?? 0;
      probability = (both + weight * probability) / (seen + weight);
    });
    bits -= Math.log2(probability);
  }
  return bits / (measured.length - 1);
}

function count(ids: Int32Array, order: number, characters: number): Counts {
  const counts: Counts = { joint: new Map(), total: new Map(), kinds: new Map() };
  const more = (map: Map<number, number>, key: number) => map.set(key, (map.get(key) ?? 0) + 1);
  for (let t = order; t < ids.length; t++) {
    const context = contextAt(ids, t, order, characters);
    const both = context * characters + (ids[t] ?? 0);
    if (!counts.joint.has(both)) more(counts.kinds, context);
    more(counts.joint, both);
    more(counts.total, context);
  }
  return counts;
}

/** The `order` letters before `t` as one number, below characters². */
function contextAt(ids: Int32Array, t: number, order: number, characters: number): number {
  let context = 0;
  for (let back = order; back > 0; back--) context = context * characters + (ids[t - back] ?? 0);
  return context;
}
