/** What the walks of a sequence ask of a cell, as WGSL: see the heads of shaders/lib/recurrent_step and its like. */
import type { CellBody } from "../../../../ops/cells/body.ts";
import { type CellSlot, programsOf } from "../../../../scheduler/cell-program.ts";
import { at, finder, type Loaded, load, part, printLoadSums, printSums, store } from "./numbers.ts";
import { printProgram } from "./program.ts";
import type { WalkBinding } from "./tensors.ts";

export interface ForwardWalk {
  readonly text: string;
  /** Whether an Input can be held where a step's results go. */
  readonly holds: boolean;
}

export function printForward(
  cell: CellBody,
  bindings: readonly WalkBinding[],
  hasLengths: boolean,
): ForwardWalk {
  const find = finder(bindings);
  const list = (slot: string) => cell.states.map((_, s) => find(`${slot}_${s}`));
  const states = list("STATE");
  const tape = find("TAPE");
  const { advance } = programsOf(cell);
  const { inputs, sums } = cell;
  // Inputs that no sum goes on from.
  const lone = advance.reads.filter(({ role }) => role === "input").map(({ place }) => place);
  const fields = [
    ...sums.map((_, g) => part("input.sums", sums.length, g)),
    ...lone.map((i) => `input.x${i}`),
  ];
  const room = (tape?.tensor.count ?? 0) + states.length;
  const holds = fields.length > 0 && fields.length <= room;
  const program = printProgram(advance, (slot) => read(slot));
  const value = (role: CellSlot["role"], place: number) => program.valueOf(role, place) ?? "0.0";
  const live = (of: string, otherwise: string) =>
    hasLengths ? `select(${otherwise}, ${of}, live)` : of;
  const kept = cell.tape.map((_, k) => live(value("tape", k), "0.0"));
  const next = states.map((_, s) => live(value("after", s), field("before", s)));

  const text = [
    sums.length > 0 ? printSums(sums.length) : "",
    `struct Input {
${sums.length > 0 ? "sums: Sums,\n" : ""}${lone.map((i) => `x${i}: f32,\n`).join("")}}`,
    `struct State {
${states.map((_, s) => `${nameOf(s)}: f32,`).join("\n")}
}`,
    printInput(),
    printLoadSums("weight", "begin: u32, at: u32", find("RECURRENT"), "at", "begin"),
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
    `fn advance(at: u32, unit: u32, input: Input, before: State, live: bool) -> State {
${[...program.statements, ...store(tape, "at", kept, "t")].join("\n")}
return State(${next.join(", ")});
}`,
  ].join("\n");
  return { text, holds };

  function read({ role, place }: CellSlot): string {
    switch (role) {
      case "sum":
        return part("input.sums", sums.length, place);
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
return Input(Sums(${inputs.map((_, i) => above.number(i)).join(", ")})${lone.map(() => ", 0.0").join("")});
}
`
      : "";
    const again = bias
      ? `
fn projected_input(input: Input, unit: u32) -> Input {
return ${inputFrom((i) => part("input.sums", inputs.length, i))};
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
    const parts = [...(own.length > 0 ? [`Sums(${own.join(", ")})`] : []), ...lone.map(number)];
    return `Input(${parts.join(", ")})`;
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
    const own = sums.length > 0 ? [`Sums(${held.slice(0, sums.length).join(", ")})`] : [];
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
export function nameOf(s: number): string {
  return s === 0 ? "h" : `s${s}`;
}

export function field(of: string, s: number): string {
  return `${of}.${nameOf(s)}`;
}
