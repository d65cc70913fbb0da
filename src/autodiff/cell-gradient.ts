/** The gradient of a cell's step, by reverse mode, in terms of the tape and of the states around the step. */
import { cut, derivedOf } from "../graph/cell-body.ts";
import { type Stands, standFor, type TracedStep } from "../graph/cell-step.ts";
import { DifferentiatedCell, type StepGradient } from "../graph/differentiated-cell.ts";
import { emit, type GraphValue } from "../graph/graph.ts";
import { substitute } from "../graph/rebuild.ts";
import { arithmetic } from "../ops/arithmetic.ts";
import type { CellBody } from "../ops/cells/body.ts";
import type { Differentiate } from "./seed.ts";

const known = new WeakMap<CellBody, DifferentiatedCell>();

/** `body` with its gradient, made once. */
export function differentiatedCell(body: CellBody, backward: Differentiate): DifferentiatedCell {
  const made = (step: TracedStep, ofTape: boolean) => differentiate(step, ofTape, backward);
  const found = known.get(body) ?? new DifferentiatedCell(derivedOf(body), made);
  known.set(body, found);
  return found;
}

function differentiate(step: TracedStep, ofTape: boolean, backward: Differentiate): StepGradient {
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

  const kept = new Map<GraphValue, GraphValue>();
  step.after.forEach((value, s) => {
    // What the step was given, and the gradient is given again, is what it was.
    if (!before.includes(value) && !vectors.includes(value)) kept.set(value, at(after, s));
  });
  step.tape.forEach(({ value }, k) => {
    kept.set(value, at(tape, k));
  });
  const nothing = arithmetic(emit).literal(0) as GraphValue;
  const again = substitute(
    [...found, step.between].map((value) => value ?? nothing),
    kept,
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

function at(list: Stands, i: number): GraphValue {
  return given(list[i]);
}

function given(value: GraphValue | undefined): GraphValue {
  return value as GraphValue; // lists of a step are as long as its names
}
