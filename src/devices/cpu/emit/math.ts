/**
 * Functions of four f32 as expressions. Errors are in units in the last place against float64, the largest seen by
 * test/devices/cpu/math.test.ts; NaN stays NaN, and arguments of any size give what the real function rounds to. exp, tanh
 * and sigmoid are those of wasm/math.ts, which products and gates use. What is rare and long is called.
 */
import { and, call, f32x4, float, i32x4, int, lanes, or, select, type Value } from "./value.ts";

const { abs, add, div, eq, lt, mul, neg, sub } = f32x4;

/** Functions of the kernel module that emitted code calls; the order of their imports. */
export const callees = ["sin", "cos", "pow", "divideSigned", "divideUnsigned"] as const;
export type Callee = (typeof callees)[number];

export const calling = (callee: Callee, ...args: readonly Value[]): Value =>
  call(callees.indexOf(callee), ...args);

/** What an emitted function may use of the host. */
export interface Form {
  /** Fused multiply-add. */
  readonly isRelaxed: boolean;
}

export class Maths {
  readonly #isRelaxed: boolean;

  constructor({ isRelaxed }: Form) {
    this.#isRelaxed = isRelaxed;
  }

  /**
   * e^x, 1 ulp. n = round(x / log 2), r = x - n log 2 in two parts, Cephes' expf polynomial for e^r, and a scale by 2^n in
   * two steps, so that subnormal and overflowing results come out as they should.
   */
  exp(x: Value): Value {
    // Arguments in this order keep NaN.
    const clamped = f32x4.pmax(f32x4.pmin(x, float(89)), float(-104.5));
    const shifted = this.madd(clamped, float(Math.LOG2E), float(SHIFT));
    const n = sub(shifted, float(SHIFT));
    const r = this.nmadd(n, float(-2.1219444e-4), this.nmadd(n, float(0.693359375), clamped));
    const series = this.#polynomial(
      r,
      [
        1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1,
        5.0000001201e-1,
      ],
    );
    const p = this.madd(mul(r, r), series, r);
    // The last bits of `shifted` are n + 254: those of half of it, and of the rest, are the exponents of the two scales.
    const half = i32x4.shr(shifted, 1);
    const scale = i32x4.shl(half, 23);
    return mul(this.madd(p, scale, scale), i32x4.shl(i32x4.sub(shifted, half), 23));
  }

  /**
   * log x, 0.7 ulp; -Infinity at 0, NaN below. x = 2^e m with m in [√½, √2), and the polynomial of Cephes' logf in m - 1.
   */
  log(x: Value): Value {
    // Subnormals are scaled by 2^23 first.
    const tiny = lt(x, float(1.17549435e-38));
    const normal = select(mul(x, float(8388608)), x, tiny);
    const bits = i32x4.sub(normal, int(0x3f3504f3));
    const m = i32x4.add(and(bits, int(0x007fffff)), int(0x3f3504f3));
    const e = sub(f32x4.fromInt(i32x4.shr(bits, 23)), and(float(23), tiny));
    const t = sub(m, float(1));
    const z = mul(t, t);
    const series = this.#polynomial(
      t,
      [
        7.0376836292e-2, -1.151461031e-1, 1.167699874e-1, -1.2420140846e-1, 1.4249322787e-1,
        -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
      ],
    );
    let p = mul(mul(t, z), series);
    p = this.madd(e, float(-2.1219444e-4), p);
    p = this.nmadd(z, float(0.5), p);
    const y = this.madd(e, float(0.693359375), add(t, p));
    // Infinity and NaN are their own logarithms, below 0 there is none.
    const ordinary = select(y, x, lt(x, float(Infinity)));
    const defined = select(float(NaN), ordinary, lt(x, float(0)));
    return select(float(-Infinity), defined, eq(x, float(0)));
  }

  /** 1 / (1 + e^-x), 2.1 ulp. */
  sigmoid(x: Value): Value {
    return div(float(1), add(float(1), this.exp(neg(x))));
  }

  /** tanh x, 1.3 ulp. Below 0.625 the odd polynomial of Cephes' tanhf, above it 1 - 2 / (e^2|x| + 1). */
  tanh(x: Value): Value {
    const size = abs(x);
    const z = mul(x, x);
    const series = this.#polynomial(
      z,
      [-5.70498872745e-3, 2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1],
    );
    const near = this.madd(mul(z, x), series, x);
    const e = this.exp(add(size, size));
    const far = sub(float(1), div(float(2), add(e, float(1))));
    return select(near, withSignOf(x, far), lt(size, float(0.625)));
  }

  /** erf x, 2.3 ulp. Below 1 an odd polynomial (minimax in x²), above it 1 - e^(-x²) q(1 / (1 + x/2)). */
  erf(x: Value): Value {
    const size = abs(x);
    const z = mul(x, x);
    const near = mul(
      x,
      this.#polynomial(
        z,
        [
          7.87587487e-5, -8.0168643e-4, 5.18908724e-3, -2.68542115e-2, 1.12835944e-1, -3.7612626e-1,
          1.12837911,
        ],
      ),
    );
    const t = div(float(1), this.madd(size, float(0.5), float(1)));
    const q = this.#polynomial(
      t,
      [-2.18795761e-1, 6.04472101e-1, -3.01792417e-2, 3.78711462e-1, 2.64432341e-1, 1.33186346e-3],
    );
    const far = this.nmadd(this.exp(neg(z)), q, float(1));
    return select(near, withSignOf(x, far), lt(size, float(1)));
  }

  /** x Φ(x) = x/2 (1 + erf(x / √2)); the error is absolute where the two terms cancel, below -2: 2e-7 |x|. */
  gelu(x: Value): Value {
    const half = mul(x, float(0.5));
    return this.madd(half, this.erf(mul(x, float(Math.SQRT1_2))), half);
  }

  /** max(x, 0) + log(1 + e^-|x|), 2.4 ulp: log(1 + y) as log u · y / (u - 1) with u = 1 + y makes up for what rounding u lost. */
  softplus(x: Value): Value {
    const y = this.exp(neg(abs(x)));
    const u = add(float(1), y);
    const d = sub(u, float(1));
    const tail = select(y, mul(this.log(u), div(y, d)), eq(d, float(0)));
    return add(f32x4.pmax(x, float(0)), tail);
  }

  protected madd(a: Value, b: Value, c: Value): Value {
    return this.#isRelaxed ? f32x4.relaxedMadd(a, b, c) : add(mul(a, b), c);
  }

  /** c - a · b. */
  protected nmadd(a: Value, b: Value, c: Value): Value {
    return this.#isRelaxed ? f32x4.relaxedNmadd(a, b, c) : sub(c, mul(a, b));
  }

  /** By Horner's rule, the highest power's coefficient first. */
  #polynomial(x: Value, [first = 0, ...others]: readonly number[]): Value {
    return others.reduce((p, coefficient) => this.madd(x, p, float(coefficient)), float(first));
  }
}

/** Added to an f32 below 2^21 it leaves the nearest whole number in the last bits, 254 added to that. */
const SHIFT = 1.5 * 2 ** 23 + 254;

const withSignOf = (x: Value, size: Value): Value => or(size, and(x, int(0x80000000)));

/** Ones in the lanes before `left`, which is in all lanes. */
export const lanesBefore = (left: Value): Value => i32x4.lt(lanes, left);
