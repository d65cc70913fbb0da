/** What every scalar function is in vector instructions, for each dtype that it takes. Bools are 0 or 1. */
import { InternalError } from "../../../errors.ts";
import type { BinaryName, UnaryName } from "../../../ops/scalars.ts";
import type { DType } from "../../../tensor/dtype.ts";
import { type Callee, calling, type Maths } from "./math.ts";
import {
  and,
  asBool,
  f32x4,
  float,
  i32x4,
  int,
  maskOf,
  or,
  select,
  truth,
  type Value,
} from "./value.ts";

type Unary = (x: Value, maths: Maths) => Value;
type Binary = (a: Value, b: Value) => Value;
/** By the dtype of the arguments; u32 stands for bool, too. */
type ByKind<F> = { readonly [D in "f32" | "i32" | "u32"]?: F };

const integers = <F>(f: F): ByKind<F> => ({ i32: f, u32: f });

const unary: { readonly [K in UnaryName]: ByKind<Unary> } = {
  neg: { f32: f32x4.neg, i32: i32x4.neg },
  abs: { f32: f32x4.abs, i32: i32x4.abs },
  // A zero keeps its sign and NaN stays.
  sign: {
    f32: (x) => select(or(float(1), and(x, int(0x80000000))), x, f32x4.gt(f32x4.abs(x), float(0))),
    i32: (x) => i32x4.max(i32x4.min(x, int(1)), int(-1)),
  },
  exp: { f32: (x, m) => m.exp(x) },
  log: { f32: (x, m) => m.log(x) },
  sqrt: { f32: f32x4.sqrt },
  reciprocal: { f32: (x) => f32x4.div(float(1), x) },
  square: { f32: (x) => f32x4.mul(x, x), ...integers((x: Value) => i32x4.mul(x, x)) },
  sin: { f32: (x) => calling("sin", x) },
  cos: { f32: (x) => calling("cos", x) },
  tanh: { f32: (x, m) => m.tanh(x) },
  sigmoid: { f32: (x, m) => m.sigmoid(x) },
  // Arguments in this order keep NaN.
  relu: { f32: (x) => f32x4.pmax(x, float(0)) },
  gelu: { f32: (x, m) => m.gelu(x) },
  erf: { f32: (x, m) => m.erf(x) },
  softplus: { f32: (x, m) => m.softplus(x) },
  floor: { f32: f32x4.floor },
  ceil: { f32: f32x4.ceil },
  not: { u32: (x) => truth(i32x4.eq(x, int(0))) },
  isFinite: { f32: (x) => truth(f32x4.lt(f32x4.abs(x), float(Infinity))) },
};

const question = (f32: Binary, i32: Binary, u32: Binary): ByKind<Binary> => ({
  f32: (a, b) => truth(f32(a, b)),
  i32: (a, b) => truth(i32(a, b)),
  u32: (a, b) => truth(u32(a, b)),
});
const called =
  (callee: Callee): Binary =>
  (a, b) =>
    calling(callee, a, b);

/** NaN in the lanes where `other` is. */
const orNaN = (x: Value, other: Value): Value => or(x, f32x4.ne(other, other));

const binary: { readonly [K in BinaryName]: ByKind<Binary> } = {
  add: { f32: f32x4.add, ...integers(i32x4.add) },
  sub: { f32: f32x4.sub, ...integers(i32x4.sub) },
  mul: { f32: f32x4.mul, ...integers(i32x4.mul) },
  div: { f32: f32x4.div, i32: called("divideSigned"), u32: called("divideUnsigned") },
  pow: { f32: called("pow") },
  // NaN on either side stays; of two zeros it is the first. `f32x4.max` takes eight instructions.
  max: { f32: (a, b) => orNaN(f32x4.pmax(a, b), b), i32: i32x4.max, u32: i32x4.maxU },
  min: { f32: (a, b) => orNaN(f32x4.pmin(a, b), b), i32: i32x4.min, u32: i32x4.minU },
  less: question(f32x4.lt, i32x4.lt, i32x4.ltU),
  lessEqual: question(f32x4.le, i32x4.le, i32x4.leU),
  greater: question(f32x4.gt, i32x4.gt, i32x4.gtU),
  greaterEqual: question(f32x4.ge, i32x4.ge, i32x4.geU),
  equal: question(f32x4.eq, i32x4.eq, i32x4.eq),
  notEqual: question(f32x4.ne, i32x4.ne, i32x4.ne),
  and: { u32: (a, b) => truth(and(maskOf(a), maskOf(b))) },
  or: { u32: (a, b) => truth(or(maskOf(a), maskOf(b))) },
};

const kindOf = (dtype: DType) => (dtype === "bool" ? "u32" : dtype);

function choose<F>(row: ByKind<F>, name: string, dtype: DType): F {
  const found = row[kindOf(dtype)];
  if (found === undefined) throw new InternalError(`cpu: ${name} has no form for ${dtype}.`);
  return found;
}

export const applyUnary = (fn: UnaryName, x: Value, dtype: DType, maths: Maths): Value =>
  choose(unary[fn], fn, dtype)(x, maths);

export const applyBinary = (fn: BinaryName, a: Value, b: Value, dtype: DType): Value =>
  choose(binary[fn], fn, dtype)(a, b);

export const applyWhere = (condition: Value, a: Value, b: Value): Value =>
  select(a, b, maskOf(condition));

/** `castValue` of ops/casts.ts. */
export function applyCast(x: Value, from: DType, to: DType): Value {
  if (from === to) return x;
  if (to === "bool") return from === "f32" ? truth(f32x4.ne(x, float(0))) : asBool(x);
  if (from === "bool") return to === "f32" ? and(maskOf(x), float(1)) : asBool(x);
  if (to === "f32") return from === "i32" ? f32x4.fromInt(x) : f32x4.fromUint(x);
  if (from !== "f32") return x;
  return to === "i32"
    ? i32x4.fromFloat(f32x4.pmin(x, float(2147483520)))
    : i32x4.uintFromFloat(f32x4.pmin(x, float(4294967040)));
}

/** Functions of so many instructions, or such slow ones, that they wait for each other: several vectors go side by side. */
export const isSlow: ReadonlySet<UnaryName | BinaryName> = new Set([
  "exp",
  "log",
  "tanh",
  "sigmoid",
  "gelu",
  "erf",
  "softplus",
  "sin",
  "cos",
  "pow",
]);
