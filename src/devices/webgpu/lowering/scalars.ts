/**
 * Scalar functions as WGSL expressions. An argument may appear several times: pass names. What WGSL leaves open or
 * promises too little for is written out here.
 */
import type { BinaryName, UnaryName } from "../../../ops/scalars.ts";
import type { DType } from "../../../tensor/dtype.ts";

/** In WGSL a bool register is a `bool`: kernels load it with `!= 0u` and store it as `select(0u, 1u, x)`. */
export const wgslTypes = {
  f32: "f32",
  i32: "i32",
  u32: "u32",
  bool: "bool",
} as const satisfies Record<DType, string>;

export const wgslUnary: { readonly [K in UnaryName]: (x: string) => string } = {
  neg: (x) => `(-${x})`,
  abs: (x) => `abs(${x})`,
  sign: (x) => `sign(${x})`,
  exp: (x) => `exp(${x})`,
  log: (x) => `log(${x})`,
  sqrt: (x) => `sqrt(${x})`,
  reciprocal: (x) => `(1.0 / ${x})`,
  square: (x) => `(${x} * ${x})`,
  sin: (x) => sineWgsl(x, 0),
  cos: (x) => sineWgsl(x, 1),
  tanh: tanhWgsl,
  // Past ±87 the exponential would overflow, and a GPU may assume that nothing is infinite.
  sigmoid: (x) => `(1.0 / (1.0 + exp(-clamp(${x}, -87.0, 87.0))))`,
  // A comparison: WGSL's max may turn NaN into 0.
  relu: (x) => `select(${x}, 0.0, ${x} < 0.0)`,
  gelu: (x) => `(0.5 * ${x} * (1.0 + ${erfWgsl(`(${x} * 0.707106781)`)}))`,
  erf: erfWgsl,
  softplus: softplusWgsl,
  floor: (x) => `floor(${x})`,
  ceil: (x) => `ceil(${x})`,
  not: (x) => `(!${x})`,
  // By the exponent's bits: a GPU may assume that no NaN exists, so that x == x proves nothing.
  isFinite: (x) => `((bitcast<u32>(${x}) & 0x7f800000u) != 0x7f800000u)`,
};

export const wgslBinary: { readonly [K in BinaryName]: (a: string, b: string) => string } = {
  add: (a, b) => `(${a} + ${b})`,
  sub: (a, b) => `(${a} - ${b})`,
  mul: (a, b) => `(${a} * ${b})`,
  div: (a, b) => `(${a} / ${b})`,
  pow: powWgsl,
  max: (a, b) => `max(${a}, ${b})`,
  min: (a, b) => `min(${a}, ${b})`,
  less: (a, b) => `(${a} < ${b})`,
  lessEqual: (a, b) => `(${a} <= ${b})`,
  greater: (a, b) => `(${a} > ${b})`,
  greaterEqual: (a, b) => `(${a} >= ${b})`,
  equal: (a, b) => `(${a} == ${b})`,
  notEqual: (a, b) => `(${a} != ${b})`,
  and: (a, b) => `(${a} && ${b})`,
  or: (a, b) => `(${a} || ${b})`,
};

/** `select` picks its second argument where the condition holds. */
export function wgslWhere(condition: string, a: string, b: string): string {
  return `select(${b}, ${a}, ${condition})`;
}

/** A conversion by the rules of `castValue`. */
export function wgslCast(x: string, from: DType, to: DType): string {
  return from === to ? x : `${wgslTypes[to]}(${x})`;
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

/**
 * WGSL's pow is undefined for negative bases and takes log2 of 0: the magnitude is computed from |a| and kept away
 * from 0; the sign comes from the parity of a whole exponent (from 2²⁴ on all f32 are even). NaN is made from bits
 * that are only known at run time, since WGSL refuses a constant NaN.
 */
function powWgsl(a: string, b: string): string {
  const magnitude = `pow(max(abs(${a}), 1.17549435e-38), ${b})`;
  const isOdd = `(abs(${b}) < 16777216.0 && (i32(${b}) & 1) == 1)`;
  const signed = `select(1.0, -1.0, ${a} < 0.0 && ${isOdd}) * select(${magnitude}, 0.0, ${a} == 0.0 && ${b} > 0.0)`;
  const nan = `bitcast<f32>(bitcast<u32>(${a}) | 0x7fc00000u)`;
  return `select(${signed}, ${nan}, ${a} < 0.0 && floor(${b}) != ${b})`;
}
