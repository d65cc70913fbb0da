import { check, notNegative } from "../../arguments.ts";
import { add, cos, log, maximum, mul, sqrt, sub, type Tensor, uniform } from "../../functions.ts";
import { module } from "../define.ts";
import { checkFloats } from "../floats.ts";
import type { Module } from "../module.ts";

/**
 * While training, x + `deviation` times numbers of the standard normal distribution. x: f32 of any shape.
 * @throws ArgumentError for a deviation that is not a finite number of 0 or more; where it is called, DTypeError unless
 *   x is f32
 */
export function gaussianNoise(deviation: number): Module {
  check("gaussianNoise", "the deviation", deviation, notNegative);
  return module("gaussianNoise", {
    timeAxis: "any",
    made: ["gaussianNoise", deviation],
    description: `gaussianNoise(${deviation})`,
    forward(x, { isTraining }) {
      checkFloats("gaussianNoise", x);
      return isTraining && deviation > 0 ? add(x, mul(normal(x), deviation)) : x;
    },
  });
}

/** √(−2 log u) cos 2πv, u and v uniform; Box & Muller 1958. */
function normal({ shape }: Tensor): Tensor {
  // Near 1, a GPU's log may come out above 0.
  const power = maximum(mul(log(sub(1, uniform(shape))), -2), 0);
  return mul(sqrt(power), cos(mul(uniform(shape), 2 * Math.PI)));
}
