import { checkOptions } from "../arguments.ts";
import { embedding as lookUp } from "../functions.ts";
import { module } from "./define.ts";
import { normal } from "./initialise.ts";
import type { Module } from "./module.ts";
import {
  checkCounts,
  INITIALISE_RULES,
  type InitialiseOptions,
  keysOf,
  parameter,
} from "./options.ts";

/**
 * A row of `features` numbers for each of `rows` ids: y = table[x]. x: i32[...] → f32[..., features]. Starts as N(0,
 * 1). An id below 0 is padding and gives zeros, one from `rows` on NaN.
 * @throws ArgumentError for sizes that are not whole numbers of 1 or more, and for options that break their rules;
 *   where it is called, DTypeError unless x is i32
 */
export function embedding(rows: number, features: number, options: InitialiseOptions = {}): Module {
  checkCounts("embedding", { rows, features });
  checkOptions("embedding", options, INITIALISE_RULES);
  const { initialise = normal(1), seed } = options;
  const fans = { in: rows, out: features };
  const weight = parameter("embedding.weight", [rows, features], initialise, fans, keysOf(seed)(0));
  return module("embedding", {
    description: `embedding(${rows}, ${features})`,
    inputDType: "i32",
    made: ["embedding", rows, features],
    timeAxis: "any",
    parameters: { weight },
    forward: (ids) => lookUp(weight, ids),
  });
}
