/** Verbs that are made of others. */
import { fields, plain } from "../argument.ts";
import { f32 } from "../instances.ts";
import { args, bools, type Cook, type Recipes } from "./recipe.ts";

const one: Cook = () => args(f32(2, 3));
const two: Cook = () => args(f32(2, 3), f32(3));
const withNumber =
  (n: number): Cook =>
  () =>
    args(f32(2, 3), plain(n));
const of = (names: readonly string[], cook: Cook) =>
  Object.fromEntries(names.map((name) => [name, cook]));

// biome-ignore format: names
const ONE = [
  "silu", "mish", "selu", "relu6", "hardSigmoid", "hardSwish", "softsign", "logSigmoid", "tanhShrink", "hardTanh",
  "log1p", "expm1", "log2", "log10", "exp2", "tan", "asin", "acos", "atan", "sinh", "cosh", "asinh", "acosh", "atanh",
  "round", "trunc", "frac", "isNan", "isInf",
];

export function compositions(): Recipes {
  return {
    ...of(ONE, one),
    ...of(["logAddExp", "atan2", "hypot", "mod", "fmod", "floorDiv", "prelu"], two),
    ...of(
      ["leakyRelu", "elu", "celu", "softShrink", "hardShrink", "thresholdedRelu", "heaviside"],
      withNumber(0.5),
    ),
    gelu: () => args(f32(2, 3), fields({ approximate: plain("tanh") })),
    glu: () => args(f32(2, 4), plain(-1)),
    xor: () => args(bools(2, 3), bools(3)),
  };
}
