/** The gradient of a cell's step, by reverse mode, in terms of the tape and of the states around the step. */
import { emit, type GraphValue } from "../graph/graph.ts";
import { substitute } from "../graph/rebuild.ts";
import { arithmetic } from "../ops/arithmetic.ts";
import type { CellResiduals } from "../ops/cells/body.ts";
import { backward } from "./backward.ts";
import { type Stands, standFor, type TracedStep } from "./cell-step.ts";

export interface StepGradient {
  readonly given: Required<CellResiduals<GraphValue>>;
  /** What reaches the second product's operand. */
  readonly gBetween: GraphValue;
  /** That operand itself. */
  readonly between: GraphValue | undefined;
  readonly gInputs: Stands;
  readonly gSums: Stands;
  /** Undefined where nothing goes back beside the products. */
  readonly gBefore: readonly (GraphValue | undefined)[];
  readonly gVectors: Stands;
  /** All that reaches the states behind the step: also through what else the step makes of them. */
  readonly flow: Stands;
}

/** `ofTape`: the tape has a gradient of its own, as it has where a gradient is differentiated. */
export function differentiate(step: TracedStep, ofTape: boolean): StepGradient {
  const { inputs, sums, before, vectors } = step.given;
  const tape = step.tape.map(({ name }) => standFor(`${name} of the tape`));
  const gTape = step.tape.map(({ name }) => standFor(`g of ${name}`));
  const after = step.after.map((_, s) => standFor(`state ${s} behind`));
  const gAfter = step.after.map((_, s) => standFor(`g of state ${s}`));
  const gBetween = standFor("g between");

  const seeds = [
    ...step.after.map((value, s) => ({ value, cotangent: at(gAfter, s) })),
    ...(step.between ? [{ value: step.between, cotangent: gBetween }] : []),
    ...(ofTape ? step.tape.map(({ value }, k) => ({ value, cotangent: at(gTape, k) })) : []),
  ];
  const wrt = [inputs, sums, before, vectors, step.after].map((list) => list.map(given));
  const found = backward(seeds, wrt.flat());

  const known = new Map<GraphValue, GraphValue>();
  step.after.forEach((value, s) => {
    // A state that goes through unchanged is what it was.
    if (value.node.op !== "source") known.set(value, at(after, s));
  });
  step.tape.forEach(({ value }, k) => {
    known.set(value, at(tape, k));
  });
  const nothing = arithmetic(emit).literal(0) as GraphValue;
  const again = substitute(
    [...found, step.between].map((value) => value ?? nothing),
    known,
  );
  const [gInputs = [], gSums = [], gBefore = [], gVectors = [], flow = []] = cut(again, wrt);
  return {
    given: { tape, before, after, vectors, gAfter, gTape },
    gBetween,
    between: step.between && again.at(-1),
    gInputs,
    gSums,
    gBefore: gBefore.map((value) => (value === nothing ? undefined : value)),
    gVectors,
    flow,
  };
}

/** `values` in pieces as long as those of `like`. */
export function cut<T>(values: readonly T[], like: readonly (readonly unknown[])[]): T[][] {
  const ends = like.map((_, i) => like.slice(0, i + 1).flat().length);
  return like.map(({ length }, i) => values.slice((ends[i] ?? 0) - length, ends[i]));
}

function at(list: Stands, i: number): GraphValue {
  return given(list[i]);
}

function given(value: GraphValue | undefined): GraphValue {
  return value as GraphValue; // lists of a step are as long as its names
}
