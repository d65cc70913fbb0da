/** Verbs that are made of others. */
import { fields, list, plain } from "../argument.ts";
import { f32, ids } from "../instances.ts";
import { args, bools, type Cook, numbers, type Recipes } from "./recipe.ts";

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
    ...of(["prod", "variance", "std", "logSumExp", "norm"], () =>
      args(f32(2, 3), fields({ axis: plain(-1), keepDims: plain(true) })),
    ),
    ...of(["any", "all"], () => args(bools(2, 3), fields({ axis: plain(0) }))),
    ...of(["cumsum", "cumprod"], () =>
      args(f32(2, 3), fields({ axis: plain(0), reverse: plain(true), exclusive: plain(true) })),
    ),
    ...of(["cummax", "cummin"], () =>
      args(f32(2, 3), fields({ axis: plain(0), reverse: plain(true) })),
    ),
    ...of(["argmin", "flip", "unstack", "tril", "triu"], withNumber(-1)),
    ...of(["flatten", "diag"], one),
    stack: () => args(list([f32(2, 3), f32(2, 3)]), plain(-1)),
    split: () => args(f32(2, 3), numbers(1, -1), plain(1)),
    roll: () => args(f32(2, 3), plain(-4), plain(0)),
    tile: () => args(f32(2, 3), numbers(2, 1)),
    repeat: () => args(f32(2, 3), plain(2), plain(0)),
    moveAxis: () => args(f32(2, 3), plain(0), plain(1)),
    swapAxes: () => args(f32(2, 3), plain(0), plain(1)),
    depthToSpace: () => args(f32(1, 2, 2, 4), plain(2)),
    spaceToDepth: () => args(f32(1, 2, 2, 4), plain(2)),
    padAs: () =>
      args(f32(2, 3), list([numbers(1, 0), numbers(0, 2)]), fields({ mode: plain("reflect") })),
    diagonal: () => args(f32(2, 3), plain(1), numbers(0, 1)),
    meshgrid: () => args(f32(2), f32(3)),
    range: () => args(plain(1), plain(9), plain(2)),
    linspace: () => args(plain(0), plain(1), plain(5)),
    eye: () => args(plain(2), plain(3), plain("i32")),
    take: () => args(f32(3, 2), ids(2), plain(0)),
    gather: () => args(f32(3, 2), ids(2, 2), plain(0)),
    gatherNd: () => args(f32(3, 3), ids(2, 2)),
    scatterAdd: () => args(f32(3, 2), ids(2, 2), f32(2, 2), plain(0)),
    scatter: () => args(f32(3, 2), ids(2, 2), f32(2, 2), plain(0)),
    scatterNd: () => args(f32(3, 2), ids(2, 1), f32(2, 2)),
    oneHot: () =>
      args(
        ids(2),
        plain(3),
        fields({ axis: plain(0), on: plain(2), off: plain(-1), dtype: plain("i32") }),
      ),
    einsum: () => args(plain("ij,jk->ik"), f32(2, 3), f32(3, 2)),
    ...of(["sort", "argsort"], () =>
      args(f32(2, 3), fields({ axis: plain(0), descending: plain(true) })),
    ),
    topK: () => args(f32(2, 3), plain(2), fields({ axis: plain(1), smallest: plain(true) })),
    conv1d: () => args(f32(1, 4, 2), f32(2, 2, 3), fields({ stride: plain(2), padding: plain(1) })),
    conv1dTranspose: () => args(f32(1, 4, 2), f32(2, 3, 2), fields({ stride: plain(2) })),
    conv2dTranspose: () =>
      args(f32(1, 4, 4, 2), f32(2, 2, 3, 2), fields({ padding: plain("same") })),
    ...of(["maxPool1d", "avgPool1d"], () =>
      args(f32(1, 4, 2), plain(2), fields({ ceilMode: plain(true) })),
    ),
    conv3d: () =>
      args(
        f32(1, 3, 4, 4, 2),
        f32(2, 2, 2, 1, 4),
        fields({ stride: numbers(1, 2, 1), padding: plain("same"), groups: plain(2) }),
      ),
    ...of(["maxPool3d", "avgPool3d"], () =>
      args(f32(1, 4, 4, 4, 2), plain(2), fields({ ceilMode: plain(true), padding: plain(1) })),
    ),
    cropAndResize: () =>
      args(f32(2, 4, 4, 1), f32(3, 4), ids(3), numbers(2, 2), fields({ mode: plain("nearest") })),
    localResponseNorm: () => args(f32(2, 3), plain(3), fields({ alpha: plain(1) })),
    ...of(["globalAvgPool2d", "globalMaxPool2d"], () => args(f32(1, 4, 4, 2))),
    ...of(["adaptiveAvgPool2d", "adaptiveMaxPool2d"], () => args(f32(1, 4, 4, 2), plain(3))),
    resize: () => args(f32(1, 4, 4, 2), numbers(3, 5), fields({ mode: plain("bilinear") })),
    upsample2d: () => args(f32(1, 4, 4, 2), plain(2)),
    xor: () => args(bools(2, 3), bools(3)),
  };
}
