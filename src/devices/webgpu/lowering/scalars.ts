/**
 * Scalar functions as WGSL expressions. An argument may appear several times: pass names. What WGSL leaves open is written
 * out here, what it promises too little accuracy of in shaders/lib/scalars, which the kernels that print these include.
 *
 * A compiler of WGSL may assume that there are no NaN and no infinities: builtins lose them (SwiftShader's exp(NaN) is
 * Infinity, max(NaN, 0) is 0), and tests such as x != x are folded away. What src/ops/scalars.ts promises for them is
 * therefore decided by bits, which no such assumption reaches. Without its sign an f32 is ordered as its bits are: up
 * to 0x7f800000, which is infinity, and above it is NaN. WGSL refuses a constant NaN, so one is made from an argument.
 */
import type { BinaryName, UnaryName } from "../../../ops/scalars.ts";
import type { DType } from "../../../tensor/dtype.ts";

/** In WGSL a bool register is a `bool`: kernels load it with `!= 0u` and store it as `select(0u, 1u, x)`. */
const wgslTypes = {
  f32: "f32",
  i32: "i32",
  u32: "u32",
  bool: "bool",
} as const satisfies Record<DType, string>;

type Unary = (x: string, dtype: DType) => string;
type Binary = (a: string, b: string, dtype: DType) => string;

/** The bits of |x|. */
const magnitude = (x: string) => `(bitcast<u32>(${x}) & 0x7fffffffu)`;
const isNan = (x: string) => `(${magnitude(x)} > 0x7f800000u)`;
/** Whether x is below 0: from the least number above −0 to −Infinity. NaN is not, whatever its sign. */
const isNegative = (x: string) => `((bitcast<u32>(${x}) - 0x80000001u) < 0x7f800000u)`;
/** A NaN, where x is NaN or may be made one. */
const nanOf = (x: string) => `bitcast<f32>(bitcast<u32>(${x}) | 0x7fc00000u)`;
/** `value`, or x where x is NaN. */
const unlessNan = (x: string, value: string) => `select(${value}, ${x}, ${isNan(x)})`;
/** `value`, or NaN where x is none or infinite. */
const unlessNumber = (x: string, value: string) =>
  `select(${value}, ${nanOf(x)}, ${magnitude(x)} >= 0x7f800000u)`;
/** Whether |x| is below `bound`, a number whose f32 has the bits `bits`, or NaN. */
const isBelow = (x: string, bits: number) =>
  `((${magnitude(x)} - ${bits}u) > ${0x7f800000 - bits}u)`;

export const wgslUnary: { readonly [K in UnaryName]: Unary } = {
  neg: (x) => `(-${x})`,
  abs: (x) => `abs(${x})`,
  sign: (x, dtype) => (dtype === "f32" ? unlessNan(x, `sign(${x})`) : `sign(${x})`),
  exp: (x) => unlessNan(x, `exp_of(${x})`),
  log: logWgsl,
  sqrt: (x) => `sqrt(${x})`,
  reciprocal: (x) => `(1.0 / ${x})`,
  square: (x) => `(${x} * ${x})`,
  sin: (x) => unlessNumber(x, `sine_of(${x}, 0)`),
  cos: (x) => unlessNumber(x, `sine_of(${x}, 1)`),
  tanh: tanhWgsl,
  // The exponential of a negative number never overflows.
  sigmoid: (x) =>
    unlessNan(x, `(select(1.0, exp_of(-abs(${x})), ${x} < 0.0) / (1.0 + exp_of(-abs(${x}))))`),
  relu: reluWgsl,
  gelu: (x) => `(0.5 * ${x} * (1.0 + ${erfWgsl(`(${x} * 0.707106781)`)}))`,
  erf: erfWgsl,
  softplus: softplusWgsl,
  floor: (x) => `floor(${x})`,
  ceil: (x) => `ceil(${x})`,
  not: (x) => `(!${x})`,
  isFinite: (x) => `(${magnitude(x)} < 0x7f800000u)`,
};

export const wgslBinary: { readonly [K in BinaryName]: Binary } = {
  add: (a, b) => `(${a} + ${b})`,
  sub: (a, b) => `(${a} - ${b})`,
  mul: (a, b) => `(${a} * ${b})`,
  div: (a, b, dtype) => (dtype === "f32" ? `divide(${a}, ${b})` : `(${a} / ${b})`),
  pow: powWgsl,
  max: (a, b, dtype) => extreme("max", a, b, dtype),
  min: (a, b, dtype) => extreme("min", a, b, dtype),
  less: (a, b) => `(${a} < ${b})`,
  lessEqual: (a, b) => `(${a} <= ${b})`,
  greater: (a, b) => `(${a} > ${b})`,
  greaterEqual: (a, b) => `(${a} >= ${b})`,
  equal: equalWgsl,
  notEqual: (a, b, dtype) => `(!${equalWgsl(a, b, dtype)})`,
  and: (a, b) => `(${a} && ${b})`,
  or: (a, b) => `(${a} || ${b})`,
};

/** `select` picks its second argument where the condition holds. */
export function wgslWhere(condition: string, a: string, b: string): string {
  return `select(${b}, ${a}, ${condition})`;
}

/** A conversion by the rules of `castValue`. */
export function wgslCast(x: string, from: DType, to: DType): string {
  if (from === "f32" && to === "bool") return `(${magnitude(x)} != 0u)`;
  return from === to ? x : `${wgslTypes[to]}(${x})`;
}

/** −∞ at 0, NaN below, ∞ of ∞: all but the numbers from the least to the largest, and none of them left to `log`. */
function logWgsl(x: string): string {
  const bits = `bitcast<u32>(${x})`;
  const none = `${bits} | select(0x7fc00000u, 0xff800000u, ${magnitude(x)} == 0u)`;
  const edge = `bitcast<f32>(select(${none}, ${bits}, ${bits} == 0x7f800000u))`;
  return `select(log_of(${x}), ${edge}, ${bits} - 1u >= 0x7f7fffffu)`;
}

function reluWgsl(x: string): string {
  return `select(${x}, 0.0, ${isNegative(x)})`;
}

/** The larger or smaller of two; NaN where one of them is: a sum with NaN is NaN. */
function extreme(fn: "max" | "min", a: string, b: string, dtype: DType): string {
  const value = `${fn}(${a}, ${b})`;
  if (dtype !== "f32") return value;
  return `select(${value}, ${a} + ${b}, max(${magnitude(a)}, ${magnitude(b)}) > 0x7f800000u)`;
}

/** NaN equals nothing, nor itself, where a compiler might say that x == x. */
function equalWgsl(a: string, b: string, dtype: DType): string {
  return dtype === "f32" ? `(${a} == ${b} && !${isNan(a)})` : `(${a} == ${b})`;
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
  return `select(${outside}, ${inside}, ${isBelow(x, 0x3f800000)})`;
}

/**
 * Near 0 the odd polynomial of Cephes' tanhf (relative error 7·10⁻⁸), elsewhere 1 − 2/(e^(2|x|) + 1).
 * WGSL's own tanh has a poor relative error near 0 and is NaN for large arguments on some drivers.
 */
function tanhWgsl(x: string): string {
  const small = [-0.333332819, 0.133314422, -0.0537397156, 0.0206390888, -0.00570498873];
  const inside = `${x} * (1.0 + (${x} * ${x}) * ${horner(`(${x} * ${x})`, small)})`;
  const outside = `sign(${x}) * (1.0 - 2.0 / (exp(2.0 * min(abs(${x}), 15.0)) + 1.0))`;
  return `select(${outside}, ${inside}, ${isBelow(x, 0x3f200000)})`;
}

/** log(1 + e) for e in (0, 1] as e times a polynomial (Chebyshev fit, relative error 2·10⁻⁷ in f32). */
function softplusWgsl(x: string): string {
  // biome-ignore format: a table
  const log1p = [0.99999994, -0.499994457, 0.333181202, -0.248353988, 0.190768808, -0.136022478, 0.0775160864, -0.0290740654, 0.00512610236];
  const e = `exp_of(-abs(${x}))`;
  return `(${reluWgsl(x)} + ${e} * ${horner(e, log1p)})`;
}

/**
 * |a|^b by `pow_of`; 0 and infinity are themselves or each other. The sign comes from the parity of a whole exponent (from
 * 2²⁴ on all f32 are even).
 */
function powWgsl(a: string, b: string): string {
  const edge = `(${magnitude(a)} == 0u || ${magnitude(a)} == 0x7f800000u)`;
  const atEdge = `bitcast<f32>(select(${magnitude(a)}, 0x7f800000u - ${magnitude(a)}, ${b} < 0.0))`;
  const size = `select(select(pow_of(${a}, ${b}), 1.0, abs(${a}) == 1.0), ${atEdge}, ${edge})`;
  const isOdd = `(abs(${b}) < 16777216.0 && floor(${b}) == ${b} && (i32(${b}) & 1) == 1)`;
  const signed = `select(1.0, -1.0, bitcast<u32>(${a}) > 0x7fffffffu && ${isOdd}) * ${size}`;
  const isBroken = `(${isNegative(a)} && !${edge} && floor(${b}) != ${b})`;
  const isNone = `(max(${magnitude(a)}, ${magnitude(b)}) > 0x7f800000u || ${isBroken})`;
  return `select(select(${signed}, ${nanOf(a)}, ${isNone}), 1.0, ${a} == 1.0 || ${b} == 0.0)`;
}
