import { checkOptions } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { describe, mean, reshape, sizeOf, sub, type Tensor } from "../functions.ts";
import { checkChannels, checkSamples } from "./batch-norm.ts";
import { module } from "./define.ts";
import { checkFloats } from "./floats.ts";
import type { Module } from "./module.ts";
import { affineOf, NORM_RULES, type NormOptions, scaled, statisticsOf } from "./normalise.ts";
import { checkCounts } from "./options.ts";
import {
  RUNNING_NORM_RULES,
  type RunningNormOptions,
  runningStatistics,
} from "./running-statistics.ts";

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

/**
 * Every channel of every image by itself: x f32[N, H, W, C], y = (x − E[x]) / √(Var[x] + ε) with E and Var over the pixels.
 * As in PyTorch there are neither weights nor running statistics unless `affine` or `trackRunningStats` asks for them; the
 * latter are means over the images, and batches are counted, which PyTorch does not. Ulyanov et al. 2016.
 * @throws ShapeError for inputs of another form, and for images of one pixel where the statistics are their own;
 *   ArgumentError for sizes and options that break their rules
 */
export function instanceNorm2d(channels: number, options: RunningNormOptions = {}): Module {
  const kind = "instanceNorm2d";
  checkCounts(kind, { channels });
  checkOptions(kind, options, RUNNING_NORM_RULES);
  const { epsilon = 1e-5, affine = false, momentum = 0.1, trackRunningStats = false } = options;
  const running = trackRunningStats ? runningStatistics(kind, channels, momentum) : undefined;
  const { apply, parameters } = affineOf(kind, [channels], { weight: affine, bias: affine });
  return module(kind, {
    description: `${kind}(${channels})`,
    made: [kind, channels, options],
    parameters,
    ...(running && { buffers: running.buffers }),
    forward(x, { isTraining }) {
      checkChannels(kind, x, channels, [4], "images [N, H, W, C]");
      if (running !== undefined && !isTraining)
        return apply(scaled(sub(x, running.mean), running.variance, epsilon));
      const pixels = sizeOf(x.shape.slice(1, 3));
      checkSamples(kind, x, pixels);
      const statistics = statisticsOf(x, [1, 2]);
      const average = (value: Tensor) => mean(value, { axis: [0, 1, 2] });
      running?.update(average(statistics.mean), average(statistics.variance), pixels);
      return apply(scaled(statistics.centred, statistics.variance, epsilon));
    },
  });
}
