import * as g from "../../../src/functions.ts";
import type { VerbCases } from "./verb-case.ts";

const { acos, asin, asinh, expm1, log1p, sinh } = g;

/** Each scalar function by the names of test/goldens/make_verb_goldens.py. */
const unary: VerbCases = {
  rsqrt: g.rsqrt,
  gelu: (x) => g.gelu(x),
  "gelu by tanh": (x) => g.gelu(x, { approximate: "tanh" }),
  silu: g.silu,
  mish: g.mish,
  leakyRelu: (x) => g.leakyRelu(x, 0.2),
  elu: (x) => g.elu(x, 1.5),
  celu: (x) => g.celu(x, 1.5),
  selu: g.selu,
  relu6: g.relu6,
  hardSigmoid: g.hardSigmoid,
  hardSwish: g.hardSwish,
  hardTanh: (x) => g.hardTanh(x),
  clip: (x) => g.clip(x, -0.6, 1.7),
  softsign: g.softsign,
  logSigmoid: g.logSigmoid,
  tanhShrink: g.tanhShrink,
  softShrink: (x) => g.softShrink(x, 0.7),
  hardShrink: (x) => g.hardShrink(x, 0.7),
  thresholdedRelu: (x) => g.thresholdedRelu(x, 0.6, 0.25),
  log1p,
  expm1,
  log2: g.log2,
  log10: g.log10,
  exp2: g.exp2,
  tan: g.tan,
  asin,
  acos,
  atan: g.atan,
  sinh,
  cosh: g.cosh,
  asinh,
  acosh: g.acosh,
  atanh: g.atanh,
  round: g.round,
  trunc: g.trunc,
  frac: g.frac,
};

/** Those made of pieces, as PyTorch has them where nothing is said. */
const pieces: VerbCases = {
  relu: g.relu,
  abs: g.abs,
  clip: (x) => g.clip(x, -1, 1),
  leakyRelu: (x) => g.leakyRelu(x),
  elu: (x) => g.elu(x),
  celu: (x) => g.celu(x),
  selu: g.selu,
  relu6: g.relu6,
  hardSigmoid: g.hardSigmoid,
  hardSwish: g.hardSwish,
  hardTanh: (x) => g.hardTanh(x),
  softShrink: (x) => g.softShrink(x),
  hardShrink: (x) => g.hardShrink(x),
  thresholdedRelu: (x) => g.thresholdedRelu(x),
  logSigmoid: g.logSigmoid,
  softplus: g.softplus,
};

const edges = Object.entries(pieces).map(([name, fn]) => [`${name} at its edges`, fn] as const);

/** Those that are also given NaN, infinities and zeros. */
const FINITE_ONLY = [
  "rsqrt",
  "gelu",
  "gelu by tanh",
  "silu",
  "mish",
  "hardSwish",
  "softsign",
  "softShrink",
  "frac",
];

const special = Object.entries(unary)
  .filter(([name]) => !FINITE_ONLY.includes(name))
  .map(([name, fn]) => [`${name} of special numbers`, fn] as const);

export const scalarVerbs: VerbCases = {
  ...unary,
  ...Object.fromEntries(special),
  ...Object.fromEntries(edges),
  "elu, celu and selu far below 0": (x) => [g.elu(x), g.celu(x), g.selu(x)],
  "gelu by tanh of large numbers": (x) => g.gelu(x, { approximate: "tanh" }),
  glu: (x) => g.glu(x, 1),
  prelu: (x, slopes) => g.prelu(x, slopes),
  heaviside: (x) => g.heaviside(x, 0.5),
  "log1p near 0": log1p,
  "expm1 near 0": expm1,
  "expm1 of large numbers": expm1,
  logAddExp: g.logAddExp,
  "logAddExp of special numbers": g.logAddExp,
  "acos near 1": acos,
  "sinh near 0": sinh,
  "sinh of infinities and around 1": sinh,
  "cosh near 0": g.cosh,
  "sinh of the largest": sinh,
  "cosh of the largest": g.cosh,
  "acosh of large numbers": g.acosh,
  "asinh of large numbers": asinh,
  atan2: g.atan2,
  "atan2 on the axes": g.atan2,
  hypot: g.hypot,
  "hypot of large and small numbers": g.hypot,
  "round of halves": g.round,
  mod: g.mod,
  fmod: g.fmod,
  floorDiv: g.floorDiv,
  "mod of infinities": g.mod,
  "fmod of infinities": g.fmod,
  "mod of whole numbers": g.mod,
  "fmod of whole numbers": g.fmod,
  "floorDiv of whole numbers": g.floorDiv,
  xor: g.xor,
  isNan: g.isNan,
  isInf: g.isInf,
};
