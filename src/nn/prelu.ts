import { checkOptions, finite } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { prelu as applyPrelu, describe } from "../functions.ts";
import { module } from "./define.ts";
import { constant } from "./initialise.ts";
import type { Module } from "./module.ts";
import { checkCounts, keysOf, parameter } from "./options.ts";

/** How `nn.prelu` begins. */
export interface PreluOptions {
  /** What every slope is at first; 0.25. */
  readonly initial?: number;
}

/**
 * x where x > 0, slope · x elsewhere, with a slope that is learned for every feature, or one of all. He et al. 2015. It
 * starts with 0.25. x: f32[..., features].
 * @throws ArgumentError for features that are not a whole number of 1 or more, and for options that break their rules;
 *   where it is called, ShapeError for x of other features, DTypeError unless it is f32
 */
export function prelu(features = 1, options: PreluOptions = {}): Module {
  checkCounts("prelu", { features });
  checkOptions("prelu", options, { initial: finite });
  const start = constant(options.initial ?? 0.25);
  const fans = { in: 1, out: 1 };
  const weight = parameter("prelu.weight", [features], start, fans, keysOf(0)(0));
  return module("prelu", {
    description: `prelu(${features})`,
    timeAxis: "any",
    made: ["prelu", features],
    parameters: { weight },
    forward(x) {
      if (features === 1 || x.shape.at(-1) === features) return applyPrelu(x, weight);
      throw new ShapeError(
        `prelu: the input's last dimension must be the layer's features; got ${describe(x.type)} for prelu(${features}). One slope, nn.prelu(), serves all.`,
      );
    },
  });
}
