import { checkOptions, rule } from "../arguments.ts";
import { equal, embedding as lookUp, stopGradient, unsqueeze, where } from "../functions.ts";
import { module } from "./define.ts";
import { type Initialiser, normal } from "./initialise.ts";
import type { Module } from "./module.ts";
import {
  checkCounts,
  INITIALISE_RULES,
  type InitialiseOptions,
  keysOf,
  lasting,
  parameter,
} from "./options.ts";

/** How `nn.embedding` is made. */
export interface EmbeddingOptions extends InitialiseOptions {
  /** The id that stands for padding: its row starts as zeros and is not trained. PyTorch's padding_idx; none. */
  readonly paddingIndex?: number;
}

/**
 * A row of `features` numbers for each of `rows` ids: y = table[x]. x: i32[...] → f32[..., features]. Starts as N(0,
 * 1). An id below 0 is padding and gives zeros, one from `rows` on NaN.
 * @throws ArgumentError for sizes that are not whole numbers of 1 or more, and for options that break their rules;
 *   where it is called, DTypeError unless x is i32
 */
export function embedding(rows: number, features: number, options: EmbeddingOptions = {}): Module {
  checkCounts("embedding", { rows, features });
  const row = (at: unknown) => Number.isInteger(at) && Number(at) >= 0 && Number(at) < rows;
  checkOptions("embedding", options, {
    ...INITIALISE_RULES,
    paddingIndex: rule(`a row of the table, from 0 to ${rows - 1}`, row),
  });
  const { initialise = normal(1), paddingIndex, seed } = options;
  const start: Initialiser = (shape, fans, key) => {
    const table = initialise(shape, fans, key);
    if (paddingIndex !== undefined)
      table.fill(0, paddingIndex * features, (paddingIndex + 1) * features);
    return table;
  };
  const fans = { in: rows, out: features };
  const weight = parameter("embedding.weight", [rows, features], start, fans, keysOf(seed)(0));
  const of = paddingIndex === undefined ? "" : `, padding ${paddingIndex}`;
  return module("embedding", {
    description: `embedding(${rows}, ${features}${of})`,
    inputDType: "i32",
    made: ["embedding", rows, features, lasting(options)],
    timeAxis: "any",
    parameters: { weight },
    forward(ids) {
      const found = lookUp(weight, ids);
      if (paddingIndex === undefined) return found;
      return where(unsqueeze(equal(ids, paddingIndex), -1), stopGradient(found), found);
    },
  });
}
