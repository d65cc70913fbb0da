import { dropout as drop } from "../functions.ts";
import { module } from "./define.ts";
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
