import type { DType } from "../tensor/dtype.ts";
import type { UnaryName, UnaryRow } from "./scalars.ts";

const FLOAT = ["f32"] as const;
const SIGNED = ["f32", "i32"] as const;
const NUMBERS = ["f32", "i32", "u32"] as const;

/** A row of a differentiable function f32 → f32. */
type Smooth = Pick<UnaryRow, "evaluate" | "gradient" | "wgsl">;
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
    wgsl: (x) => `(-${x})`,
  },
  /** The gradient at 0 is 0. */
  abs: {
    takes: SIGNED,
    result: "same",
    evaluate: (x, dtype) => wrap(Math.abs(x), dtype),
    gradient: (m, x, _y, g) => m.mul(g, m.unary("sign", x)),
    wgsl: (x) => `abs(${x})`,
  },
  /** −1, 0 or 1; sign(0) = 0. */
  sign: flat({
    takes: SIGNED,
    result: "same",
    evaluate: (x) => Math.sign(x),
    wgsl: (x) => `sign(${x})`,
  }),
  exp: smooth({
    evaluate: (x) => Math.exp(x),
    gradient: (m, _x, y, g) => m.mul(g, y),
    wgsl: (x) => `exp(${x})`,
  }),
  log: smooth({
    evaluate: (x) => Math.log(x),
    gradient: (m, x, _y, g) => m.div(g, x),
    wgsl: (x) => `log(${x})`,
  }),
  sqrt: smooth({
    evaluate: (x) => Math.sqrt(x),
    gradient: (m, _x, y, g) => m.div(m.mul(g, 0.5), y),
    wgsl: (x) => `sqrt(${x})`,
  }),
  reciprocal: smooth({
    evaluate: (x) => 1 / x,
    gradient: (m, _x, y, g) => m.unary("neg", m.mul(g, m.mul(y, y))),
    wgsl: (x) => `(1.0 / ${x})`,
  }),
  square: {
    takes: NUMBERS,
    result: "same",
    evaluate: (x, dtype) => (dtype === "f32" ? x * x : wrap(Math.imul(x, x), dtype)),
    gradient: (m, x, _y, g) => m.mul(g, m.mul(2, x)),
    wgsl: (x) => `(${x} * ${x})`,
  },
  sin: smooth({
    evaluate: (x) => Math.sin(x),
    gradient: (m, x, _y, g) => m.mul(g, m.unary("cos", x)),
    wgsl: (x) => sineWgsl(x, 0),
  }),
  cos: smooth({
    evaluate: (x) => Math.cos(x),
    gradient: (m, x, _y, g) => m.unary("neg", m.mul(g, m.unary("sin", x))),
    wgsl: (x) => sineWgsl(x, 1),
  }),
  /** tanh′ = 1 − y². */
  tanh: smooth({
    evaluate: (x) => Math.tanh(x),
    gradient: (m, _x, y, g) => m.mul(g, m.sub(1, m.mul(y, y))),
    wgsl: tanhWgsl,
  }),
  /** σ(x) = 1 / (1 + e⁻ˣ), σ′ = y (1 − y). */
  sigmoid: smooth({
    evaluate: sigmoid,
    gradient: (m, _x, y, g) => m.mul(g, m.mul(y, m.sub(1, y))),
    // Past ±87 the exponential would overflow, and a GPU may assume that nothing is infinite.
    wgsl: (x) => `(1.0 / (1.0 + exp(-clamp(${x}, -87.0, 87.0))))`,
  }),
  /** max(x, 0); the gradient at 0 is 0. In WGSL a comparison, since its max may turn NaN into 0. */
  relu: smooth({
    evaluate: (x) => Math.max(x, 0),
    // Told from the result, so that a relu can be folded into the kernel before it: x need not be kept.
    gradient: (m, _x, y, g) => m.where(m.binary("greater", y, 0), g, 0),
    wgsl: (x) => `select(${x}, 0.0, ${x} < 0.0)`,
  }),
  /** x Φ(x) = x/2 · (1 + erf(x/√2)): the exact form, PyTorch's default. gelu′ = Φ(x) + x φ(x). */
  gelu: smooth({
    evaluate: (x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2)),
    gradient: (m, x, _y, g) => {
      const cdf = m.mul(0.5, m.add(1, m.unary("erf", m.mul(x, Math.SQRT1_2))));
      const pdf = m.mul(m.unary("exp", m.mul(-0.5, m.mul(x, x))), 1 / Math.sqrt(2 * Math.PI));
      return m.mul(g, m.add(cdf, m.mul(x, pdf)));
    },
    wgsl: (x) => `(0.5 * ${x} * (1.0 + ${erfWgsl(`(${x} * 0.707106781)`)}))`,
  }),
  /** erf′ = 2/√π · e^(−x²). */
  erf: smooth({
    evaluate: erf,
    gradient: (m, x, _y, g) =>
      m.mul(g, m.mul(2 / Math.sqrt(Math.PI), m.unary("exp", m.unary("neg", m.mul(x, x))))),
    wgsl: erfWgsl,
  }),
  /** log(1 + eˣ) = max(x, 0) + log(1 + e^(−|x|)), which never overflows. softplus′ = σ(x). */
  softplus: smooth({
    evaluate: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
    gradient: (m, x, _y, g) => m.mul(g, m.unary("sigmoid", x)),
    wgsl: softplusWgsl,
  }),
  floor: flat({
    takes: FLOAT,
    result: "same",
    evaluate: (x) => Math.floor(x),
    wgsl: (x) => `floor(${x})`,
  }),
  ceil: flat({
    takes: FLOAT,
    result: "same",
    evaluate: (x) => Math.ceil(x),
    wgsl: (x) => `ceil(${x})`,
  }),
  not: flat({
    takes: ["bool"],
    result: "same",
    evaluate: (x) => (x === 0 ? 1 : 0),
    wgsl: (x) => `(!${x})`,
  }),
  /** By the exponent's bits: a GPU may assume that no NaN exists, so that x == x proves nothing. */
  isFinite: flat({
    takes: FLOAT,
    result: "bool",
    evaluate: (x) => (Number.isFinite(x) ? 1 : 0),
    wgsl: (x) => `((bitcast<u32>(${x}) & 0x7f800000u) != 0x7f800000u)`,
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

/** c₀ + z (c₁ + z (c₂ + …)) as WGSL. */
function horner(z: string, coefficients: readonly number[]): string {
  const [first = 0, ...rest] = coefficients;
  return rest.length === 0 ? `${first}` : `(${first} + ${z} * ${horner(z, rest)})`;
}

/**
 * Below 1 an odd polynomial (Chebyshev fit, relative error 1.6·10⁻⁷ in f32), above it 1 − e^(−x²) q(1/(1 + x/2))
 * (absolute error 6·10⁻⁸).
 */
function erfWgsl(x: string): string {
  // biome-ignore format: a table
  const small = [1.12837911, -0.37612626, 0.112835944, -0.0268542115, 0.00518908724, -0.00080168643, 0.0000787587487];
  // biome-ignore format: a table
  const large = [0.00133186346, 0.264432341, 0.378711462, -0.0301792417, 0.604472101, -0.218795761];
  // Beyond 6 nothing changes, and the clamp keeps both branches finite.
  const r = `min(abs(${x}), 6.0)`;
  const inside = `${x} * ${horner(`(${r} * ${r})`, small)}`;
  const outside = `sign(${x}) * (1.0 - exp(-(${r} * ${r})) * ${horner(`(1.0 / (1.0 + 0.5 * ${r}))`, large)})`;
  return `select(${outside}, ${inside}, abs(${x}) < 1.0)`;
}

/**
 * Near 0 the odd polynomial of Cephes' tanhf (relative error 7·10⁻⁸), elsewhere 1 − 2/(e^(2|x|) + 1).
 * WGSL's own tanh has a poor relative error near 0 and is NaN for large arguments on some drivers.
 */
function tanhWgsl(x: string): string {
  const small = [-0.333332819, 0.133314422, -0.0537397156, 0.0206390888, -0.00570498873];
  const inside = `${x} * (1.0 + (${x} * ${x}) * ${horner(`(${x} * ${x})`, small)})`;
  const outside = `sign(${x}) * (1.0 - 2.0 / (exp(2.0 * min(abs(${x}), 15.0)) + 1.0))`;
  return `select(${outside}, ${inside}, abs(${x}) < 0.625)`;
}

/**
 * sin(x + quarters · π/2): x is reduced to [−π/4, π/4] by three-part subtraction and put into Cephes' sinf or cosf
 * polynomial (relative L2 error 10⁻⁷ for |x| up to some thousands). WGSL promises its own sine an absolute error of
 * 2⁻¹¹ only, and SwiftShader's is wrong by 10⁻⁴.
 */
function sineWgsl(x: string, quarters: 0 | 1): string {
  const turn = `round(${x} * 0.636619772)`;
  const r = `(((${x} - ${turn} * 1.5703125) - ${turn} * 4.83751297e-4) - ${turn} * 7.54978995e-8)`;
  const z = `(${r} * ${r})`;
  const sine = `(${r} + ${r} * ${z} * ${horner(z, [-0.16666655, 0.0083321609, -0.00019515296])})`;
  const cosine = horner(z, [1, -0.5, 0.0416666457, -0.00138873163, 0.0000244331571]);
  const quadrant = `(i32(${turn}) + ${quarters})`;
  return `(select(${sine}, ${cosine}, (${quadrant} & 1) == 1) * select(1.0, -1.0, (${quadrant} & 2) == 2))`;
}

/** log(1 + e) for e in (0, 1] as e times a polynomial (Chebyshev fit, relative error 2·10⁻⁷ in f32). */
function softplusWgsl(x: string): string {
  // biome-ignore format: a table
  const log1p = [0.99999994, -0.499994457, 0.333181202, -0.248353988, 0.190768808, -0.136022478, 0.0775160864, -0.0290740654, 0.00512610236];
  const e = `exp(-min(abs(${x}), 87.0))`;
  return `(max(${x}, 0.0) + ${e} * ${horner(e, log1p)})`;
}
