import { checkOptions } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { describe, reshape, sizeOf } from "../functions.ts";
import { module } from "./define.ts";
import { checkFloats } from "./floats.ts";
import type { Module } from "./module.ts";
import { affineOf, NORM_RULES, type NormOptions, scaled, statisticsOf } from "./normalise.ts";
import { checkCounts } from "./options.ts";

/**
 * Groups of channels of every example by themselves, the same in training and evaluation: x f32[N, ..., C] is seen as
 * [N, ..., groups, C / groups], y = (x − E[x]) / √(Var[x] + ε) ∘ weight + bias with E and Var over all but the first and
 * the groups, weight and bias by channel. One group is PyTorch's GroupNorm(1, C). Wu & He 2018.
 * @throws ArgumentError where the groups do not divide the channels, ShapeError for inputs of other channels
 */
export function groupNorm(groups: number, channels: number, options: NormOptions = {}): Module {
  checkCounts("groupNorm", { groups, channels });
  checkOptions("groupNorm", options, NORM_RULES);
  if (channels % groups !== 0) {
    throw new ArgumentError(
      `groupNorm: the groups must divide the channels; got ${groups} groups of ${channels} channels. One group takes all channels together.`,
    );
  }
  const { epsilon = 1e-5, affine = true } = options;
  const { apply, parameters } = affineOf("groupNorm", [channels], { weight: affine, bias: affine });
  return module("groupNorm", {
    description: `groupNorm(${groups}, ${channels})`,
    made: ["groupNorm", groups, channels, options],
    parameters,
    forward(x) {
      const { shape } = x;
      if (shape.length < 2 || shape.at(-1) !== channels) {
        throw new ShapeError(
          `groupNorm: the input must be [N, ..., C] of C = ${channels}; got ${describe(x.type)}. Channels come last.`,
        );
      }
      checkFloats("groupNorm", x);
      const pixels = sizeOf(shape.slice(1, -1));
      const grouped = reshape(x, [shape[0] ?? 0, pixels, groups, channels / groups]);
      const { centred, variance } = statisticsOf(grouped, [1, 3]);
      return apply(reshape(scaled(centred, variance, epsilon), shape));
    },
  });
}
