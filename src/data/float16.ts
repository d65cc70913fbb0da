import { check, rule } from "../arguments.ts";

const halves = rule("a Uint16Array", (value) => value instanceof Uint16Array);

/**
 * The numbers that bits of IEEE 754 half precision stand for, exactly: weights and features that were saved as float16.
 * One f32 for each u16.
 * @throws ArgumentError for what is no Uint16Array
 */
export function float16(bits: Uint16Array): Float32Array {
  check("float16", "the bits", bits, halves, "Other arrays are numbers: hand them in as they are.");
  const out = new Float32Array(bits.length);
  if (bits.length < TABLE) {
    for (let i = 0; i < out.length; i++) out[i] = numberOf(bits[i] ?? 0);
    return out;
  }
  // A look-up takes as long as the memory does; what stands for a number is found once for each word that there is.
  const table = Float32Array.from({ length: TABLE }, (_, word) => numberOf(word));
  for (let i = 0; i < out.length; i++) out[i] = table[bits[i] ?? 0] ?? 0;
  return out;
}

/** As many words as 16 bits have. */
const TABLE = 2 ** 16;

function numberOf(word: number): number {
  const [exponent, fraction] = [(word >> 10) & 31, word & 1023];
  const size =
    exponent === 31
      ? fraction === 0
        ? Number.POSITIVE_INFINITY
        : Number.NaN
      : exponent === 0
        ? fraction * 2 ** -24
        : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return word >> 15 === 1 ? -size : size;
}
