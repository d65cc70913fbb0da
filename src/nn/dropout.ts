import { ShapeError } from "../errors.ts";
import { bernoulli, describe, dropout as drop, mul, type Tensor, where } from "../functions.ts";
import { module } from "./define.ts";
import { checkFloats } from "./floats.ts";
import type { Module } from "./module.ts";
import { checkProbability } from "./options.ts";

/**
 * While training each element becomes 0 with probability p and is divided by 1 − p otherwise; after `eval()` x is
 * returned as it is. Which elements follows from the runtime's seed. Srivastava et al. 2014. p is 0.5 where nothing is
 * said.
 * @throws ArgumentError for a p that is not at least 0 and less than 1; where it is called, DTypeError unless x is f32
 */
export function dropout(p = 0.5): Module {
  checkProbability("dropout", p);
  return module("dropout", {
    timeAxis: "any",
    made: ["dropout", p],
    description: `dropout(${p})`,
    forward: (x, { isTraining }) => (isTraining ? drop(x, p) : x),
  });
}

/**
 * As `dropout`, of whole channels: for each image of x [N, H, W, C] each of its channels becomes 0 with probability p, and
 * is divided by 1 − p otherwise. Neighbouring pixels say nearly the same, so that single ones would not be missed. Tompson
 * et al. 2015.
 * @throws ArgumentError for a p that is not at least 0 and less than 1; where it is called, ShapeError for x of another
 *   form, DTypeError unless it is f32
 */
export function dropout2d(p = 0.5): Module {
  return ofChannels("dropout2d", p, "images [N, H, W, C]", 4);
}

/**
 * As `dropout2d`, of lines or sequences x [N, L, C].
 * @throws ArgumentError for a p that is not at least 0 and less than 1; where it is called, ShapeError for x of another
 *   form, DTypeError unless it is f32
 */
export function dropout1d(p = 0.5): Module {
  return ofChannels("dropout1d", p, "[N, L, C]", 3);
}

function ofChannels(kind: string, p: number, form: string, rank: number): Module {
  checkProbability(kind, p);
  return module(kind, {
    ...(rank === 3 && { timeAxis: 1 }),
    made: [kind, p],
    description: `${kind}(${p})`,
    forward(x, { isTraining }) {
      checkFloats(kind, x);
      if (x.shape.length !== rank) {
        throw new ShapeError(
          `${kind}: the input must be ${form}; got ${describe(x.type)}. dropout takes any shape, and single elements.`,
        );
      }
      return isTraining ? droppedChannels(x, p) : x;
    },
  });
}

function droppedChannels(x: Tensor, p: number): Tensor {
  const each = x.shape.map((n, d) => (d === 0 || d === x.shape.length - 1 ? n : 1));
  return where(bernoulli(each, 1 - p), mul(x, 1 / (1 - p)), 0);
}
