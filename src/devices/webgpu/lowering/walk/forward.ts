/** What the walks of a sequence ask of a cell, as WGSL: see the heads of shaders/lib/recurrent_step and its like. */
import type { CellBody } from "../../../../ops/cells/body.ts";
import {
  type CellProgram,
  type CellSlot,
  stepProgramsOf,
} from "../../../../scheduler/cell-program.ts";
import type { KernelCall } from "../../../../scheduler/lowering.ts";
import {
  at,
  finder,
  type Loaded,
  load,
  part,
  printAddProduct,
  printStruct,
  printSums,
  printWeights,
  productsOf,
  store,
  sumIn,
  sumsFrom,
} from "./numbers.ts";
import { printProgram } from "./program.ts";
import type { WalkBinding } from "./tensors.ts";

export function printForward(
  cell: CellBody,
  bindings: readonly WalkBinding[],
  hasLengths: boolean,
): KernelCall["constants"] {
  const find = finder(bindings);
  const list = (slot: string) => cell.states.map((_, s) => find(`${slot}_${s}`));
  const states = list("STATE");
  const tape = find("TAPE");
  const { advance, between } = stepProgramsOf(cell);
  const { inputs, sums, firstSums } = cell;
  const products = productsOf(cell);
  // Inputs that no sum goes on from.
  const read = [...advance.reads, ...(between?.reads ?? [])];
  const lone = [...new Set(read.flatMap(({ role, place }) => (role === "input" ? [place] : [])))];
  const fields = [
    ...sums.map((_, g) => sumIn("input", products, g)),
    ...lone.map((i) => `input.x${i}`),
  ];
  const room = (tape?.tensor.count ?? 0) + states.length;
  const holds = fields.length > 0 && fields.length <= room;
  const program = printProgram(advance, (slot) => slotOf(slot));
  const value = (role: CellSlot["role"], place: number) => program.valueOf(role, place) ?? "0.0";
  const live = (of: string, otherwise: string) =>
    hasLengths ? `select(${otherwise}, ${of}, live)` : of;
  const kept = cell.tape.map((_, k) => live(value("tape", k), "0.0"));
  const next = states.map((_, s) => live(value("after", s), field("before", s)));

  const text = [
    ...products.map(printSums),
    ...products.map(printAddProduct),
    printStruct("Input", [
      ...products.map(({ place }) => `sums_${place}: Sums${place}`),
      ...lone.map((i) => `x${i}: f32`),
    ]),
    printStruct("State", stateFields(cell)),
    printInput(),
    ...printWeights(products, find("RECURRENT")),
    `fn initial(at: u32) -> State {
return State(${list("INITIAL")
      .map((one) => at(one, "at"))
      .join(", ")});
}
fn state_at(at: u32) -> State {
return State(${states.map((one) => at(one, "at")).join(", ")});
}
fn store(at: u32, state: State) {
${states.flatMap((one, s) => store(one, "at", [field("state", s)], "s")).join("\n")}
}`,
    holds ? printHold() : "",
    between ? printBetween(between) : "",
    `fn advance(at: u32, unit: u32, input: Input, before: State, live: bool) -> State {
${[...program.statements, ...store(tape, "at", kept, "t")].join("\n")}
return State(${next.join(", ")});
}`,
  ].join("\n");
  // HOLDS: whether an Input can be held where a step's results go.
  return { CELL: text, HOLDS: Number(holds), CARRIES: 0, BETWEEN: 0 };

  function slotOf({ role, place }: CellSlot): string {
    switch (role) {
      case "sum":
        return sumIn("input", products, place);
      case "input":
        return `input.x${place}`;
      case "before":
        return field("before", place);
      case "vector":
        return at(find(`VECTOR_${place}`), "unit");
      default:
        return "0.0";
    }
  }

  function printInput(): string {
    const { statement, number } = load(find("PROJECTED") ?? tape, "at", "p");
    const from = inputFrom(number);
    const bias = find("BIAS");
    const above = bias && load(bias, "unit", "b");
    const later = above
      ? `if (layer > 0u) {
${above.statement}
return Input(Sums0(${inputs.map((_, i) => above.number(i)).join(", ")})${lone.map(() => ", 0.0").join("")});
}
`
      : "";
    const again = bias
      ? `
fn projected_input(input: Input, unit: u32) -> Input {
return ${inputFrom((i) => part("input.sums_0", inputs.length, i))};
}`
      : "";
    return `fn input_at(at: u32, unit: u32) -> Input {
${later}${statement}
return ${from};
}${again}`;
  }

  /** An Input from the inputs' numbers. */
  function inputFrom(number: Loaded["number"]): string {
    const own = sums.map((name) => (inputs.includes(name) ? number(inputs.indexOf(name)) : "0.0"));
    const all = [...products.map((product) => sumsFrom(product, own)), ...lone.map(number)];
    return `Input(${all.join(", ") || "0.0"})`;
  }

  /** What a second product multiplies, and the first sums set aside behind that in scratch memory until it is done. */
  function printBetween(of: CellProgram): string {
    const operand = printProgram(of, (slot) => slotOf(slot));
    const early = sums.slice(0, firstSums).map((_, g) => {
      return { value: sumIn("input", products, g), place: `scratch_place(${g + 1}u, at)` };
    });
    const made = `fn operand(unit: u32, input: Input, before: State) -> f32 {
${operand.statements.join("\n")}
return ${operand.valueOf("between", 0) ?? "0.0"};
}`;
    if (find("SCRATCH") === undefined) return made;
    return `${made}
fn set_aside(at: u32, input: Input) {
${early.map(({ value, place }) => `scratch[${place}] = ${value};`).join("\n")}
}
fn taken_up(at: u32, given: Input) -> Input {
var input = given;
${early.map(({ value, place }) => `${value} = scratch[${place}];`).join("\n")}
return input;
}`;
  }

  /** The tape's numbers first, then the states behind the step. */
  function printHold(): string {
    const count = tape?.tensor.count ?? 0;
    const onTape = Array.from({ length: count }, (_, k) => fields[k] ?? "0.0");
    const onStates = fields.slice(count);
    const stored = [
      ...store(tape, "at", onTape, "t"),
      ...onStates.flatMap((one, s) => store(states[s], "after", [one], "s")),
    ];
    const again = tape && load(tape, "at", "t");
    const held = fields.map((_, i) =>
      again && i < count ? again.number(i) : at(states[i - count], "after"),
    );
    const own = products.map((product) => sumsFrom(product, held));
    return `fn hold(at: u32, after: u32, input: Input) {
${stored.join("\n")}
}
fn held(at: u32, after: u32) -> Input {
${again?.statement ?? ""}
return Input(${[...own, ...held.slice(sums.length)].join(", ")});
}`;
  }
}

/** Field of state `s` in a struct of states: the first is h everywhere. */
function nameOf(s: number): string {
  return s === 0 ? "h" : `s${s}`;
}

/** The fields of a struct of states. */
export function stateFields({ states }: CellBody): string[] {
  return states.map((_, s) => `${nameOf(s)}: f32`);
}

export function field(of: string, s: number): string {
  return `${of}.${nameOf(s)}`;
}
