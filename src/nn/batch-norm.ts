import { checkOptions } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { describe, mean, reshape, sizeOf, sub, type Tensor } from "../functions.ts";
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
  return runningNorm("batchNorm2d", channels, options, IMAGES);
}

/**
 * As `batchNorm2d`, for rows x f32[N, C] or sequences f32[N, L, C], also time first: over all dimensions but the last.
 * @throws ArgumentError for features that are not a whole number of 1 or more, and for options that break their rules;
 *   where it is called, ShapeError for inputs of another form, and for one number a feature where the statistics are
 *   the batch's
 */
export function batchNorm1d(channels: number, options: RunningNormOptions = {}): Module {
  const form = "rows [N, C] or sequences [N, L, C]";
  const of = { ranks: [2, 3], form, isOfExamples: false, timeAxis: "any" } as const;
  return runningNorm("batchNorm1d", channels, options, of);
}

/**
 * Every channel of every image by itself: x f32[N, H, W, C], y = (x − E[x]) / √(Var[x] + ε) with E and Var over the pixels.
 * As in PyTorch there are neither weights nor running statistics unless `affine` or `trackRunningStats` asks for them; the
 * latter are means over the images, and batches are counted, which PyTorch does not. Ulyanov et al. 2016.
 * @throws ShapeError for inputs of another form, and for images of one pixel where the statistics are their own;
 *   ArgumentError for sizes and options that break their rules
 */
export function instanceNorm2d(channels: number, options: RunningNormOptions = {}): Module {
  return runningNorm("instanceNorm2d", channels, options, { ...IMAGES, isOfExamples: true });
}

/** What differs between norms with running statistics. */
interface Kind {
  readonly ranks: readonly number[];
  /** What the input is, for messages. */
  readonly form: string;
  /** Whether statistics are those of each example, and no weights and running ones are there unless they are asked for. */
  readonly isOfExamples: boolean;
  readonly timeAxis?: "any";
}

const IMAGES: Kind = { ranks: [4], form: "images [N, H, W, C]", isOfExamples: false };

function runningNorm(
  kind: string,
  channels: number,
  options: RunningNormOptions,
  { ranks, form, isOfExamples, ...own }: Kind,
): Module {
  checkCounts(kind, { channels });
  checkOptions(kind, options, RUNNING_NORM_RULES);
  const { epsilon = 1e-5, affine = !isOfExamples, momentum = 0.1 } = options;
  const { trackRunningStats = !isOfExamples } = options;
  const running = trackRunningStats ? runningStatistics(kind, channels, momentum) : undefined;
  const { apply, parameters } = affineOf(kind, [channels], { weight: affine, bias: affine });
  const first = isOfExamples ? 1 : 0;
  return module(kind, {
    ...own,
    description: `${kind}(${channels})`,
    made: [kind, channels, options],
    parameters,
    ...(running && { buffers: running.buffers }),
    forward(x, { isTraining }) {
      checkChannels(kind, x, channels, ranks, form);
      if (running !== undefined && !isTraining)
        return apply(scaled(sub(x, running.mean), running.variance, epsilon));
      const samples = sizeOf(x.shape.slice(first, -1));
      checkSamples(kind, x, samples);
      const axes = x.shape.slice(first, -1).map((_, d) => first + d);
      const { mean: average, variance, centred } = statisticsOf(x, axes);
      const ofChannels = (value: Tensor) =>
        isOfExamples ? mean(value, { axis: [0, ...axes] }) : reshape(value, [channels]);
      running?.update(ofChannels(average), ofChannels(variance), samples);
      return apply(scaled(centred, variance, epsilon));
    },
  });
}

/** @throws ShapeError unless x has one of `ranks` dimensions, the last one `channels` */
function checkChannels(
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
function checkSamples(kind: string, x: Tensor, samples: number): void {
  if (samples > 1) return;
  throw new ShapeError(
    `${kind}: in training, and without running statistics, there must be more than one number a channel; got ${describe(x.type)}. Take larger batches, leave out a last one that is smaller (dropLast), or call eval() of a layer that tracks running statistics.`,
  );
}
