/**
 * What gates are made of. `Maths` serves every argument down to subnormal results; a gate is as good as 0 or 1 long before,
 * so the exponential here clamps its argument and needs one scaling by a power of two, and tanh is a quotient of
 * polynomials. Absolute error below 3e-7, relative to tanh near 0 below 5 ulp; NaN stays.
 *
 * Constants are read from memory: V8 makes a vector constant of three instructions each time it is used, and there are
 * too many to keep them in registers.
 */
import { CONSTANTS_ADDRESS } from "../messages.ts";
import { Maths } from "./math.ts";
import { andNot, f32x4, i32x4, type Value, word } from "./value.ts";

/** They lie at CONSTANTS_ADDRESS. */
export const gateConstants: readonly number[] = [
  88,
  -87,
  Math.LOG2E,
  12582912,
  -2.1219444e-4,
  0.693359375,
  1,
  1.98756915e-4,
  1.3981999507e-3,
  8.3334519073e-3,
  4.1665795894e-2,
  1.6666665459e-1,
  5.0000001201e-1,
  9,
  -9,
  -2.76076847742355e-16,
  2.00018790482477e-13,
  -8.60467152213735e-11,
  5.12229709037114e-8,
  1.48572235717979e-5,
  6.37261928875436e-4,
  4.89352455891786e-3,
  1.19825839466702e-6,
  1.18534705686654e-4,
  2.268434632439e-3,
  4.89352518554385e-3,
  2 ** -96,
];

const { abs, add, div, lt, mul, neg, pmax, pmin, sub } = f32x4;

export class GateMaths extends Maths {
  /** Those that have been loaded for several functions at once. */
  #loaded: Map<number, Value> | undefined;

  /** What `make` computes is computed side by side: a constant is loaded once for all of it. */
  together<T>(make: () => T): T {
    this.#loaded = new Map();
    const made = make();
    this.#loaded = undefined;
    return made;
  }

  override sigmoid(x: Value): Value {
    return div(this.#at(6), add(this.#at(6), this.#gateExp(neg(x))));
  }

  /** A quotient of an odd and an even polynomial, as in Eigen's ptanh. At 9 it is 1, with fused multiply-add or without. */
  override tanh(x: Value): Value {
    const clamped = pmax(pmin(x, this.#at(13)), this.#at(14));
    const z = mul(clamped, clamped);
    return div(mul(clamped, this.#series(z, 15, 21)), this.#series(z, 22, 25));
  }

  /**
   * x, or 0 where |x| is below 2^-96. Gradients fade by a factor a step on their way back, and where WebAssembly cannot
   * flush subnormals a step with them takes a hundred times as long on some CPUs. What is this small adds nothing. NaN
   * stays.
   */
  unlessTiny(x: Value): Value {
    return andNot(x, lt(abs(x), this.#at(26)));
  }

  /** e^x for x in [-87, 88], clamped to that. Adding 1.5 · 2^23 rounds x / log 2 to the low bits of the sum. */
  #gateExp(x: Value): Value {
    const clamped = pmax(pmin(x, this.#at(0)), this.#at(1));
    const shifted = this.madd(clamped, this.#at(2), this.#at(3));
    const n = sub(shifted, this.#at(3));
    const r = this.nmadd(n, this.#at(4), this.nmadd(n, this.#at(5), clamped));
    const p = add(this.madd(mul(r, r), this.#series(r, 7, 12), r), this.#at(6));
    return mul(p, i32x4.add(i32x4.shl(shifted, 23), this.#at(6)));
  }

  /** The polynomial of constants `first` to `last`, the highest power's first. */
  #series(x: Value, first: number, last: number): Value {
    let p = this.#at(first);
    for (let i = first + 1; i <= last; i++) p = this.madd(x, p, this.#at(i));
    return p;
  }

  /** A constant in all lanes, otherwise loaded afresh: one for all uses would need a register. */
  #at(index: number): Value {
    const value = this.#loaded?.get(index) ?? word(CONSTANTS_ADDRESS + 4 * index);
    this.#loaded?.set(index, value);
    return value;
  }
}
