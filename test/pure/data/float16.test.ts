import { expect, it } from "vitest";
import { data } from "../../../src/index.ts";

const WORDS = 2 ** 16;

/** By the bits of single precision, which has eight of its 32 for the exponent and 23 for the fraction. */
function byBits(word: number): number {
  const [exponent, fraction] = [(word >> 10) & 31, word & 1023];
  const sign = word >> 15 === 1 ? -1 : 1;
  if (exponent === 0) return (sign * fraction) / 2 ** 24;
  const bits = ((exponent === 31 ? 255 : exponent + 112) << 23) | (fraction << 13);
  return sign * (new Float32Array(Uint32Array.of(bits).buffer)[0] ?? 0);
}

it.each([1000, WORDS + 7])("%i words at a time are the numbers that they stand for", (count) => {
  for (let first = 0; first < WORDS; first += count) {
    const words = Uint16Array.from({ length: count }, (_, i) => first + i);
    expect(data.float16(words)).toEqual(Float32Array.from(words, byBits));
  }
});
