/** What tells the steps of a sequence apart, where a layer sees them all at once. */
import { checkOptions, flag } from "../arguments.ts";
import { ArgumentError, ShapeError } from "../errors.ts";
import { add, describe, reshape, slice, type Tensor, variable } from "../functions.ts";
import { module } from "./define.ts";
import { checkFloats } from "./floats.ts";
import { normal } from "./initialise.ts";
import type { Module } from "./module.ts";
import {
  checkCounts,
  INITIALISE_RULES,
  type InitialiseOptions,
  keysOf,
  lasting,
  parameter,
} from "./options.ts";

/** Which dimension is time. */
export interface PositionOptions {
  /** x is [B, T, F] instead of [T, B, F]. */
  readonly batchFirst?: boolean;
}

/** A table of more, 256 MiB, would be computed for seconds. */
const MOST_WAVES = 2 ** 26;

/**
 * x + P with P[t, 2i] = sin(t / 10000^(2i/F)) and P[t, 2i + 1] = cos of the same, for up to `steps` steps.
 * x: f32[T, B, features]. Vaswani et al. 2017, section 3.5. Nothing is learned.
 * @throws ArgumentError for sizes that are not whole numbers of 1 or more, or of more than 2^26 elements, and for options that
 *   break their rules;
 *   where it is called, ShapeError for more steps or other features, DTypeError unless x is f32
 */
export function positionalEncoding(
  steps: number,
  features: number,
  options: PositionOptions = {},
): Module {
  checkCounts("positionalEncoding", { steps, features });
  checkOptions("positionalEncoding", options, { batchFirst: flag });
  if (steps * features > MOST_WAVES) {
    throw new ArgumentError(
      `positionalEncoding: steps × features must be 2^26 at most; got ${steps} × ${features}. Make it for as many steps as the longest sequence has.`,
    );
  }
  const waves = Float32Array.from({ length: steps * features }, (_, n) => {
    const [t, f] = [Math.floor(n / features), n % features];
    const angle = t / 10_000 ** ((f - (f % 2)) / features);
    return f % 2 === 0 ? Math.sin(angle) : Math.cos(angle);
  });
  const pe = variable(waves, [steps, features], "positionalEncoding.pe");
  return positions("positionalEncoding", pe, options, { buffers: { pe } });
}

/** How `nn.positionEmbedding` is made. */
export interface PositionEmbeddingOptions extends PositionOptions, InitialiseOptions {}

/**
 * x + P, a row of P that is learned for each of up to `steps` steps; N(0, 0.02²) at first. Radford et al. 2018. x:
 * f32[T, B, features].
 * @throws ArgumentError for sizes that are not whole numbers of 1 or more, and for options that break their rules;
 *   where it is called, ShapeError for more steps or other features, DTypeError unless x is f32
 */
export function positionEmbedding(
  steps: number,
  features: number,
  options: PositionEmbeddingOptions = {},
): Module {
  checkCounts("positionEmbedding", { steps, features });
  checkOptions("positionEmbedding", options, { ...INITIALISE_RULES, batchFirst: flag });
  const { initialise = normal(0.02), seed } = options;
  const fans = { in: steps, out: features };
  const name = "positionEmbedding.weight";
  const weight = parameter(name, [steps, features], initialise, fans, keysOf(seed)(0));
  return positions("positionEmbedding", weight, options, { parameters: { weight } });
}

function positions(kind: string, table: Tensor, options: PositionOptions, own: object): Module {
  const { batchFirst = false } = options;
  const [steps = 0, features = 0] = table.shape;
  return module(kind, {
    ...own,
    description: `${kind}(${steps}, ${features})`,
    made: [kind, steps, features, lasting(options)],
    timeAxis: batchFirst ? 1 : 0,
    forward(x) {
      const T = x.shape[batchFirst ? 1 : 0] ?? 0;
      if (x.shape.length !== 3 || x.shape[2] !== features || T > steps) {
        throw new ShapeError(
          `${kind}: the input must be sequences of ${features} features and at most ${steps} steps; got ${describe(x.type)}. They are ${batchFirst ? "[B, T, features]" : "[T, B, features]"}; make it for as many steps as the longest has.`,
        );
      }
      checkFloats(kind, x);
      const rows = slice(table, [0, 0], [T, features]);
      return add(x, reshape(rows, batchFirst ? [1, T, features] : [T, 1, features]));
    },
  });
}
