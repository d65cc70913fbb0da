/** A cell with its step's gradient, to be emitted or made into kernels. Whoever asks for a gradient makes it. */
import { InternalError } from "../errors.ts";
import type { CellBody, CellGradient, CellResiduals, VectorGradient } from "../ops/cells/body.ts";
import type { Emit, Value } from "../ops/op.ts";
import { present } from "../present.ts";
import { cut, DerivedCell, only, valuesAt } from "./cell-body.ts";
import type { Stands, TracedStep } from "./cell-step.ts";
import { emitAgain } from "./emit-again.ts";
import type { GraphValue } from "./graph.ts";

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
export type DifferentiateStep = (step: TracedStep, ofTape: boolean) => StepGradient;

export class DifferentiatedCell extends DerivedCell implements CellGradient {
  readonly vectorGradients: readonly VectorGradient[];
  /** Of `gVectors` those are wanted that nothing else tells: `ownVectors`. */
  readonly gradient: StepGradient;
  readonly ownVectors: Stands;
  readonly #differentiate: DifferentiateStep;
  #gradientOfTape: StepGradient | undefined;

  constructor({ cell }: DerivedCell, differentiate: DifferentiateStep) {
    super(cell);
    this.#differentiate = differentiate;
    this.gradient = differentiate(this.step, false);
    const { gInputs, gSums, gVectors } = this.gradient;
    const own: GraphValue[] = [];
    this.vectorGradients = gVectors.map((value): VectorGradient => {
      if (gSums.includes(value)) return { of: "sums", place: gSums.indexOf(value) };
      if (gInputs.includes(value)) return { of: "inputs", place: gInputs.indexOf(value) };
      return { of: "own", place: own.push(value) - 1 };
    });
    this.ownVectors = own;
  }

  get ownGradients(): number {
    return this.ownVectors.length;
  }

  betweenAgain(emit: Emit, at: CellResiduals<Value>): Value {
    const { given, between } = this.gradient;
    return only(emitAgain(emit, [present(between)], valuesAt(given, at)));
  }

  retreatBetween(emit: Emit, at: CellResiduals<Value>): readonly Value[] {
    const { given, gSums } = this.#gradientAt(at);
    return emitAgain(emit, gSums.slice(this.firstSums), valuesAt(given, at));
  }

  retreat(emit: Emit, at: CellResiduals<Value>, gBetween: Value | undefined) {
    const gradient = this.#gradientAt(at);
    const { given, gInputs, gSums, gBefore, gVectors, flow } = gradient;
    const known = valuesAt(given, at);
    if (gBetween !== undefined) known.set(gradient.gBetween, gBetween);
    const own = gVectors.filter((_, v) => this.vectorGradients[v]?.of === "own");
    const lists = [gInputs, gSums, gBefore.filter((value) => value !== undefined), own, flow];
    const made = emitAgain(emit, lists.flat(), known);
    const [inputs = [], sums = [], before = [], vectors = [], reached = []] = cut(made, lists);
    return {
      gInputs: inputs,
      gSums: sums,
      gBefore: gBefore.map((value) => value && before.shift()),
      gVectors: vectors,
      flow: reached,
    };
  }

  #gradientAt({ gTape }: CellResiduals<Value>): StepGradient {
    if (gTape === undefined) return this.gradient;
    this.#gradientOfTape ??= this.#differentiate(this.step, true);
    return this.#gradientOfTape;
  }
}

/** The graphs behind the cell of a gradient's node. */
export function differentiatedOf(body: CellBody): DifferentiatedCell {
  if (body instanceof DifferentiatedCell) return body;
  throw new InternalError("a recurrence's gradient has a cell that was not differentiated.");
}
