/**
 * A cell's step and its gradient as straight-line code over one unit of one row: what a device's walks make kernels of.
 * "input" instructions read slots of the walk, `writes` says where results go.
 */
import { InternalError } from "../errors.ts";
import { derivedOf } from "../graph/cell-body.ts";
import { differentiatedOf } from "../graph/differentiated-cell.ts";
import { type GraphValue, inputsOf, reachable } from "../graph/graph.ts";
import type { CellBody, CellGradient } from "../ops/cells/body.ts";
import type { DType } from "../tensor/dtype.ts";
import { isElementwise } from "./elementwise.ts";
import type { GroupInstruction, Register } from "./group-program.ts";

/**
 * What a walk hands a step, and gets of it, for the unit: `input` p of x·W + b (where no sum goes on from it), `sum` g with
 * the input of its name, `before` and `after` state s, `vector` v, number k of the `tape`; and of the gradient `gAfter`,
 * all that reaches state s behind the step, `gInput`, `gSum`, `gBefore` beside the product,
 * `gVector`. Of a second product `between` is what it multiplies, and `gBetween` what reaches that.
 */
export interface CellSlot {
  readonly role:
    | "input"
    | "sum"
    | "before"
    | "after"
    | "vector"
    | "between"
    | "tape"
    | "gAfter"
    | "gBetween"
    | "gInput"
    | "gSum"
    | "gBefore"
    | "gVector"
    | "flow";
  readonly place: number;
}

export interface CellProgram {
  /** Instruction i of kind "input" reads reads[its input]; there is one for each that is read at all. */
  readonly reads: readonly CellSlot[];
  readonly instructions: readonly GroupInstruction[];
  /** A register may be written to several places. What is missing of `gBefore` is 0. */
  readonly writes: readonly { readonly slot: CellSlot; readonly register: Register }[];
}

export interface StepPrograms {
  /** From inputs, sums, states before and vectors to states after and tape. */
  readonly advance: CellProgram;
  /** Of a step with a second product: what that multiplies, from what `advance` reads but its sums. */
  readonly between: CellProgram | undefined;
}

export interface GradientPrograms {
  /** From tape, states, vectors and gAfter to gInput, gSum, gBefore, gVector and flow, which is stored where it is asked for. */
  readonly retreat: CellProgram;
  /** Of a step with a second product: the gSum of its sums, from what `retreat` reads but gBetween, which is made of them. */
  readonly retreatBetween: CellProgram | undefined;
}

const steps = new WeakMap<CellBody, StepPrograms>();
const gradients = new WeakMap<CellBody, GradientPrograms>();

export function stepProgramsOf(cell: CellBody): StepPrograms {
  const known = steps.get(cell) ?? makeStepPrograms(cell);
  steps.set(cell, known);
  return known;
}

export function gradientProgramsOf(cell: CellGradient): GradientPrograms {
  const known = gradients.get(cell) ?? makeGradientPrograms(cell);
  gradients.set(cell, known);
  return known;
}

type Slots = readonly (readonly [GraphValue, CellSlot])[];

function makeStepPrograms(cell: CellBody): StepPrograms {
  const { given, after, tape, between } = derivedOf(cell).step;
  const forward = [
    ...slots("input", given.inputs),
    ...slots("sum", given.sums),
    ...slots("before", given.before),
    ...slots("vector", given.vectors),
  ];
  const kept = tape.map(({ value }) => value);
  return {
    advance: programOf(forward, [...slots("after", after), ...slots("tape", kept)]),
    between: between && programOf(forward, slots("between", [between])),
  };
}

function makeGradientPrograms(cell: CellGradient): GradientPrograms {
  const { step, gradient, ownVectors } = differentiatedOf(cell);
  const back = [
    ...slots("tape", gradient.given.tape),
    ...slots("before", gradient.given.before),
    ...slots("after", gradient.given.after),
    ...slots("vector", gradient.given.vectors),
    ...slots("gAfter", gradient.given.gAfter),
    ...slots("gBetween", [gradient.gBetween]),
  ];
  const gSums = slots("gSum", gradient.gSums);
  return {
    retreat: programOf(back, [
      ...slots("gInput", gradient.gInputs),
      ...gSums,
      ...slots("gBefore", gradient.gBefore),
      ...slots("gVector", ownVectors),
      ...slots("flow", gradient.flow),
    ]),
    retreatBetween: step.between && programOf(back, gSums.slice(cell.firstSums)),
  };
}

function slots(role: CellSlot["role"], values: readonly (GraphValue | undefined)[]): Slots {
  return values.flatMap((value, place) => (value ? [[value, { role, place }] as const] : []));
}

function programOf(given: Slots, results: Slots): CellProgram {
  // The last of those that one value stands for: the sum of an input's name.
  const places = new Map(given);
  const reads: CellSlot[] = [];
  const instructions: GroupInstruction[] = [];
  const registers = new Map<GraphValue, Register>();
  const registerOf = (value: GraphValue): Register => {
    const known = registers.get(value);
    if (known !== undefined) return known;
    const slot = places.get(value);
    if (slot === undefined) throw new InternalError("a step reads what its walk does not give.");
    return push(value, { kind: "input", input: reads.push(slot) - 1, dtype: "f32" });
  };
  const push = (value: GraphValue, instruction: GroupInstruction): Register => {
    const register = instructions.push(instruction) - 1;
    registers.set(value, register);
    return register;
  };
  /** One register a number. */
  const pushLiteral = (out: GraphValue, value: number, dtype: DType) => {
    const equal = instructions.findIndex(
      (one) => one.kind === "literal" && one.dtype === dtype && Object.is(one.value, value),
    );
    if (equal === -1) push(out, { kind: "literal", value, dtype });
    else registers.set(out, equal);
  };
  for (const node of reachable(results.map(([value]) => value))) {
    if (node.op === "source") continue;
    if (node.op === "withGradient") {
      // The rule has been followed where the step was differentiated.
      registers.set(node.outs.out, registerOf(node.ins.x));
      continue;
    }
    const [out] = Object.values(node.outs) as GraphValue[];
    if (out === undefined || !isElementwise(node))
      throw new InternalError(`a step is made of elementwise functions, not of ${node.op}.`);
    const { dtype } = out.type;
    const [x = 0, y = 0, z = 0] = inputsOf(node).map(registerOf);
    switch (node.op) {
      case "literal":
        pushLiteral(out, node.attrs.value, dtype);
        break;
      case "unary":
        push(out, { kind: "unary", fn: node.attrs.fn, x, dtype });
        break;
      case "binary":
        push(out, { kind: "binary", fn: node.attrs.fn, a: x, b: y, dtype });
        break;
      case "where":
        push(out, { kind: "where", condition: x, a: y, b: z, dtype });
        break;
      case "cast":
        push(out, { kind: "cast", x, dtype });
        break;
      case "broadcastTo":
        // Everything is one number here.
        registers.set(out, x);
        break;
      default:
        node satisfies never;
    }
  }
  const writes = results.map(([value, slot]) => ({ slot, register: registerOf(value) }));
  return { reads, instructions, writes };
}
