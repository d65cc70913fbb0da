/** Files that are almost right: what a disk, a network or someone malicious makes of one. */

/** Numbers that follow from a seed, 0 … 1. Mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Mutation = (bytes: Uint8Array, below: (n: number) => number) => Uint8Array;

const joined = (...parts: readonly Uint8Array[]) =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

/** Numbers at which lengths break. */
const EDGES = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff];
/** Pieces of what is meant to be read. */
const WORDS = [
  '"',
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "-1",
  "1e9",
  "null",
  '"a":',
  "__proto__",
  "F64",
  "\\u0000",
  "(",
  "t",
  ".",
  "\x80\x02",
  "R",
  "PK\x03\x04",
];

const MUTATIONS: readonly Mutation[] = [
  // A bit.
  (bytes, below) =>
    bytes.with(below(bytes.length), (bytes[below(bytes.length)] ?? 0) ^ (1 << below(8))),
  // A byte.
  (bytes, below) => bytes.with(below(bytes.length), below(256)),
  // Cut off.
  (bytes, below) => bytes.slice(0, below(bytes.length)),
  // Something behind it.
  (bytes, below) => joined(bytes, bytes.subarray(0, below(64))),
  // A part is gone.
  (bytes, below) => {
    const at = below(bytes.length);
    return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + below(16)));
  },
  // A part is there twice.
  (bytes, below) => {
    const at = below(bytes.length);
    return joined(bytes.subarray(0, at + 1 + below(64)), bytes.subarray(at));
  },
  // A part of elsewhere.
  (bytes, below) => {
    const [from, to, length] = [below(bytes.length), below(bytes.length), 1 + below(32)];
    const copy = bytes.slice();
    copy.set(bytes.subarray(from, from + Math.min(length, bytes.length - to)), to);
    return copy;
  },
  // A number of 1, 2, 4 or 8 bytes.
  (bytes, below) => {
    const size = [1, 2, 4, 8][below(4)] ?? 1;
    if (bytes.length < 8) return bytes;
    const copy = bytes.slice();
    const value = BigInt(EDGES[below(EDGES.length)] ?? 0) * (below(4) === 0 ? 0x100000001n : 1n);
    for (let at = below(bytes.length - size + 1), i = 0; i < size; i++)
      copy[at + i] = Number((value >> BigInt(8 * i)) & 255n);
    return copy;
  },
  // A digit of a text.
  (bytes, below) => {
    const digits = [...bytes.keys()].filter((i) => (bytes[i] ?? 0) >= 48 && (bytes[i] ?? 0) <= 57);
    const at = digits[below(Math.max(1, digits.length))];
    return at === undefined ? bytes : bytes.with(at, 48 + below(10));
  },
  // A word among the others, where the text is.
  (bytes, below) => {
    const word = Uint8Array.from(WORDS[below(WORDS.length)] ?? "", (c) => c.charCodeAt(0));
    const at = below(Math.min(bytes.length, 2_000));
    return joined(bytes.subarray(0, at), word, bytes.subarray(at + (below(2) ? word.length : 0)));
  },
];

/** `bytes` with one to four of these. */
export function mutated(bytes: Uint8Array, random: () => number): Uint8Array<ArrayBuffer> {
  const below = (n: number) => Math.floor(random() * n);
  let result: Uint8Array = bytes;
  for (let n = 1 + below(4); n > 0 && result.length > 0; n--)
    result = MUTATIONS[below(MUTATIONS.length)]?.(result, below) ?? result;
  return Uint8Array.from(result);
}
