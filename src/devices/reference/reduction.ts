import type { Combine } from "../../scheduler/lowering.ts";
import type { ElementwiseProgram } from "../../scheduler/program.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { runElementwise } from "./elementwise.ts";
import type { ReferenceTensor } from "./kernel.ts";

type Data = ReferenceTensor["data"];

/** What a reduction with the ops around it computes: text of a call's constants. */
export interface ReductionPrograms {
  readonly terms: ElementwiseProgram;
  readonly combines: readonly Combine[];
  readonly finish: ElementwiseProgram;
}

const combine: { readonly [C in Combine]: (a: number, b: number) => number } = {
  sum: (a, b) => a + b,
  max: Math.max,
  min: Math.min,
};

/** Makes all terms, combines them one after the other in float64, and finishes. */
export function runReduction(
  { terms, combines, finish }: ReductionPrograms,
  ins: readonly Data[],
  numbers: readonly Data[],
  outs: readonly Data[],
): void {
  const made = combines.map(() => new Float64Array(sizeOf(terms.shape)));
  runElementwise(terms, ins, made);
  const reduced = combines.map((name, k) =>
    Float64Array.of((made[k] ?? new Float64Array()).reduce((a, b) => combine[name](a, b))),
  );
  runElementwise(finish, [...reduced, ...numbers], outs);
}
