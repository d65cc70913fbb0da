import type { DType } from "../tensor/dtype.ts";
import type { UnaryRow } from "./scalar-rows.ts";
import type { UnaryName } from "./vocabulary.ts";

const FLOAT = ["f32"] as const;
const SIGNED = ["f32", "i32"] as const;
const NUMBERS = ["f32", "i32", "u32"] as const;

/** A row of a differentiable function f32 → f32. */
type Smooth = Pick<UnaryRow, "evaluate" | "gradient">;
const smooth = (row: Smooth): UnaryRow => ({ takes: FLOAT, result: "same", ...row });
/** A row of a function that is constant almost everywhere, so that its gradient is zero. */
const flat = (row: Omit<UnaryRow, "gradient">): UnaryRow => ({
  gradient: () => undefined,
  ...row,
});

export const unary: { readonly [K in UnaryName]: UnaryRow } = {
  neg: {
    takes: SIGNED,
    result: "same",
    evaluate: (x, dtype) => wrap(-x, dtype),
    gradient: (m, _x, _y, g) => m.unary("neg", g),
  },
  /** The gradient at 0 is 0. */
  abs: {
    takes: SIGNED,
    result: "same",
    evaluate: (x, dtype) => wrap(Math.abs(x), dtype),
    gradient: (m, x, _y, g) => m.mul(g, m.unary("sign", x)),
  },
  /** −1, 0 or 1; sign(0) = 0, sign(NaN) = NaN. */
  sign: flat({
    takes: SIGNED,
    result: "same",
    evaluate: (x) => Math.sign(x),
  }),
  exp: smooth({
    evaluate: (x) => Math.exp(x),
    gradient: (m, _x, y, g) => m.mul(g, y),
  }),
  log: smooth({
    evaluate: (x) => Math.log(x),
    gradient: (m, x, _y, g) => m.div(g, x),
  }),
  sqrt: smooth({
    evaluate: (x) => Math.sqrt(x),
    gradient: (m, _x, y, g) => m.div(m.mul(g, 0.5), y),
  }),
  reciprocal: smooth({
    evaluate: (x) => 1 / x,
    gradient: (m, _x, y, g) => m.unary("neg", m.mul(g, m.mul(y, y))),
  }),
  square: {
    takes: NUMBERS,
    result: "same",
    evaluate: (x, dtype) => (dtype === "f32" ? x * x : wrap(Math.imul(x, x), dtype)),
    gradient: (m, x, _y, g) => m.mul(g, m.mul(2, x)),
  },
  sin: smooth({
    evaluate: (x) => Math.sin(x),
    gradient: (m, x, _y, g) => m.mul(g, m.unary("cos", x)),
  }),
  cos: smooth({
    evaluate: (x) => Math.cos(x),
    gradient: (m, x, _y, g) => m.unary("neg", m.mul(g, m.unary("sin", x))),
  }),
  /** tanh′ = 1 − y². */
  tanh: smooth({
    evaluate: (x) => Math.tanh(x),
    gradient: (m, _x, y, g) => m.mul(g, m.sub(1, m.mul(y, y))),
  }),
  /** σ(x) = 1 / (1 + e⁻ˣ), σ′ = y (1 − y). */
  sigmoid: smooth({
    evaluate: sigmoid,
    gradient: (m, _x, y, g) => m.mul(g, m.mul(y, m.sub(1, y))),
  }),
  /** max(x, 0); the gradient at 0 is 0. */
  relu: smooth({
    evaluate: (x) => Math.max(x, 0),
    // Told from the result, so that a relu can be folded into the kernel before it: x need not be kept.
    gradient: (m, _x, y, g) => m.where(m.binary("greater", y, 0), g, 0),
  }),
  /** x Φ(x) = x/2 · (1 + erf(x/√2)): the exact form, PyTorch's default, where gelu(−∞) is NaN, too. gelu′ = Φ(x) + x φ(x). */
  gelu: smooth({
    evaluate: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
    gradient: (m, x, _y, g) => {
      const cdf = m.mul(0.5, m.add(1, m.unary("erf", m.mul(x, Math.SQRT1_2))));
      const pdf = m.mul(m.unary("exp", m.mul(-0.5, m.mul(x, x))), 1 / Math.sqrt(2 * Math.PI));
      return m.mul(g, m.add(cdf, m.mul(x, pdf)));
    },
  }),
  /** erf′ = 2/√π · e^(−x²). */
  erf: smooth({
    evaluate: erf,
    gradient: (m, x, _y, g) =>
      m.mul(g, m.mul(2 / Math.sqrt(Math.PI), m.unary("exp", m.unary("neg", m.mul(x, x))))),
  }),
  /** log(1 + eˣ) = max(x, 0) + log(1 + e^(−|x|)), which never overflows. softplus′ = σ(x). */
  softplus: smooth({
    evaluate: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    gradient: (m, x, _y, g) => m.mul(g, m.unary("sigmoid", x)),
  }),
  floor: flat({
    takes: FLOAT,
    result: "same",
    evaluate: (x) => Math.floor(x),
  }),
  ceil: flat({
    takes: FLOAT,
    result: "same",
    evaluate: (x) => Math.ceil(x),
  }),
  not: flat({
    takes: ["bool"],
    result: "same",
    evaluate: (x) => (x === 0 ? 1 : 0),
  }),
  isFinite: flat({
    takes: FLOAT,
    result: "bool",
    evaluate: (x) => (Number.isFinite(x) ? 1 : 0),
  }),
};

/** Whole numbers wrap as their dtype does; floats stay. */
export function wrap(x: number, dtype: DType): number {
  if (dtype === "i32") return x | 0;
  return dtype === "u32" ? x >>> 0 : x;
}

function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const e = Math.exp(x);
  return e / (1 + e);
}

/**
 * erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!, all terms of one sign, so that nothing cancels
 * (Abramowitz & Stegun 7.1.6). Beyond 6 it is ±1 to 2·10⁻¹⁷.
 */
function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
