import { check, rule } from "../arguments.ts";

const halves = rule("a Uint16Array", (value) => value instanceof Uint16Array);

/**
 * The numbers that bits of IEEE 754 half precision stand for, exactly: weights and features that were saved as float16.
 * One f32 for each u16.
 * @throws ArgumentError for what is no Uint16Array
 */
export function float16(bits: Uint16Array): Float32Array {
  check("float16", "the bits", bits, halves, "Other arrays are numbers: hand them in as they are.");
  return Float32Array.from(bits, (word) => {
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
  });
}
