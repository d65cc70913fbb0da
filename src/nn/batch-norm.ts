import { checkOptions } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { describe, reshape, sub, type Tensor } from "../functions.ts";
import { module } from "./define.ts";
import { checkFloats } from "./floats.ts";
import type { Module } from "./module.ts";
import { affineOf, scaled, statisticsOf } from "./normalise.ts";
import { checkCounts } from "./options.ts";
import {
  RUNNING_NORM_RULES,
  type RunningNormOptions,
  runningStatistics,
} from "./running-statistics.ts";

/**
 * Every channel of images x f32[N, H, W, C] with mean 0 and variance 1 over the batch and its pixels:
 * y = (x − E[x]) / √(Var[x] + ε) ∘ weight + bias. In training E and Var are those of the batch, and the running ones take
 * it in; in evaluation they are the running ones. Ioffe & Szegedy 2015.
 * @throws ShapeError for inputs of another form, and for one number a channel where the statistics are the batch's;
 *   ArgumentError for sizes and options that break their rules
 */
export function batchNorm2d(channels: number, options: RunningNormOptions = {}): Module {
  return batchNorm("batchNorm2d", channels, options, [4], "images [N, H, W, C]");
}

/**
 * As `batchNorm2d`, for rows x f32[N, C] or sequences f32[N, L, C], also time first: over all dimensions but the last.
 * @throws ArgumentError for features that are not a whole number of 1 or more, and for options that break their rules;
 *   where it is called, ShapeError for inputs of another form, and for one number a feature where the statistics are
 *   the batch's
 */
export function batchNorm1d(channels: number, options: RunningNormOptions = {}): Module {
  return batchNorm("batchNorm1d", channels, options, [2, 3], "rows [N, C] or sequences [N, L, C]");
}

function batchNorm(
  kind: string,
  channels: number,
  options: RunningNormOptions,
  ranks: readonly number[],
  form: string,
): Module {
  checkCounts(kind, { channels });
  checkOptions(kind, options, RUNNING_NORM_RULES);
  const { epsilon = 1e-5, affine = true, momentum = 0.1, trackRunningStats = true } = options;
  const running = trackRunningStats ? runningStatistics(kind, channels, momentum) : undefined;
  const { apply, parameters } = affineOf(kind, [channels], { weight: affine, bias: affine });
  return module(kind, {
    description: `${kind}(${channels})`,
    made: [kind, channels, options],
    ...(kind === "batchNorm1d" && { timeAxis: "any" }),
    parameters,
    ...(running && { buffers: running.buffers }),
    forward(x, { isTraining }) {
      checkChannels(kind, x, channels, ranks, form);
      if (running !== undefined && !isTraining)
        return apply(scaled(sub(x, running.mean), running.variance, epsilon));
      const samples = x.size / channels;
      checkSamples(kind, x, samples);
      const statistics = statisticsOf(
        x,
        x.shape.slice(1).map((_, d) => d),
      );
      const flat = (value: Tensor) => reshape(value, [channels]);
      running?.update(flat(statistics.mean), flat(statistics.variance), samples);
      return apply(scaled(statistics.centred, statistics.variance, epsilon));
    },
  });
}

/** @throws ShapeError unless x has one of `ranks` dimensions, the last one `channels` */
export function checkChannels(
  kind: string,
  x: Tensor,
  channels: number,
  ranks: readonly number[],
  form: string,
): void {
  if (!(ranks.includes(x.shape.length) && x.shape.at(-1) === channels)) {
    throw new ShapeError(
      `${kind}: the input must be ${form} of C = ${channels}; got ${describe(x.type)}. Channels come last.`,
    );
  }
  checkFloats(kind, x);
}

/** @throws ShapeError where statistics would be those of a single number */
export function checkSamples(kind: string, x: Tensor, samples: number): void {
  if (samples > 1) return;
  throw new ShapeError(
    `${kind}: in training, and without running statistics, there must be more than one number a channel; got ${describe(x.type)}. Take larger batches, leave out a last one that is smaller (dropLast), or call eval() of a layer that tracks running statistics.`,
  );
}
