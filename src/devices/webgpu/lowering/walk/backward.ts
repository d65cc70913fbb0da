/** What the walks of a gradient ask of a cell, as WGSL: see the heads of shaders/lib/recurrent_grad_step and its like. */
import type { CellBody } from "../../../../ops/cells/body.ts";
import { type CellSlot, programsOf } from "../../../../scheduler/cell-program.ts";
import { at, field, nameOf } from "./forward.ts";
import { load, part, printLoadSums, printSums, type Reached, store } from "./numbers.ts";
import { printProgram } from "./program.ts";

/** What a backward walk binds; `gProjected` is the tape where they share memory. */
export interface BackwardTensors {
  readonly recurrent: Reached | undefined;
  /** Those that are read, by their places. */
  readonly vectors: readonly (Reached | undefined)[];
  readonly states: readonly (Reached | undefined)[];
  readonly tape: Reached | undefined;
  readonly gProjected: Reached;
  readonly gSums: Reached | undefined;
  readonly gVectors: Reached | undefined;
  /** From outside, by state; with flow those are `flow`, which gets the whole. */
  readonly gStates: readonly (Reached | undefined)[];
  readonly flow: readonly Reached[];
  readonly gInitial: readonly Reached[];
}

export function printBackward(
  cell: CellBody,
  tensors: BackwardTensors,
  how: { readonly hasLengths: boolean; readonly layers: number; readonly isStacked: boolean },
): string {
  const { recurrent, tape, gProjected, gSums, gVectors, gInitial } = tensors;
  const { retreat } = programsOf(cell);
  const { sums, states } = cell;
  const kept = tape && load(tape, "at", "t");
  const program = printProgram(retreat, (slot) => read(slot));
  const live = (of: string, otherwise: string) =>
    how.hasLengths ? `select(${otherwise}, ${of}, live)` : of;
  const values = (role: CellSlot["role"], names: readonly unknown[]) =>
    names.map((_, i) => live(program.valueOf(role, i) ?? "0.0", "0.0"));
  const ofSums = values("gSum", sums);
  const back = states.map((_, s) => live(program.valueOf("gBefore", s) ?? "0.0", `all_${s}`));
  const own = Array.from({ length: cell.ownGradients });
  const stored = [
    ...store(gProjected, "at", values("gInput", cell.inputs), "p"),
    ...(gSums ? store(gSums, "at", ofSums, "q") : []),
    ...(gVectors ? store(gVectors, "at", values("gVector", own), "v") : []),
    ...tensors.flow.flatMap((one, s) => store(one, "at", [`g_${s}`], "f")),
  ];
  const others = gInitial.slice(1);
  const hasSums = sums.length > 0;
  return [
    hasSums ? printSums(sums.length) : "",
    // What the steps walked before send back to the states.
    `struct Carry {
${states.map((_, s) => `${nameOf(s)}: f32,`).join("\n")}
}
struct Back {
${hasSums ? "sums: Sums,\n" : ""}carry: Carry,
}`,
    recurrent ? printLoadSums("weight", "begin: u32, at: u32", recurrent, "at", "begin") : "",
    hasSums ? printLoadSums("gradient_at", "at: u32", gSums ?? gProjected, "at") : "",
    how.isStacked
      ? printLoadSums(
          "gradient_above",
          "at: u32",
          gProjected,
          "at",
          `first_of(layer + 1u, ${gProjected.tensor.slot})`,
        )
      : "",
    hasSums ? printAccumulate() : "",
    `fn carry_at(at: u32, h: f32) -> Carry {
return Carry(${["h", ...others.map((one) => at(one, "at"))].join(", ")});
}
fn store_carry(at: u32, carry: Carry) {
${others.flatMap((one, i) => store(one, "at", [field("carry", i + 1)], "c")).join("\n")}
}`,
    ...tensors.gStates.map((one, s) => (one ? printOutside(one, s) : "")),
    `fn retreat(at: u32, unit: u32, before: u32, after: u32, later: Carry, live: bool) -> Back {
${kept?.statement ?? ""}
${states.map((_, s) => `let all_${s} = ${all(s)};\nlet g_${s} = ${live(`all_${s}`, "0.0")};`).join("\n")}
${[...program.statements, ...stored].join("\n")}
return Back(${[...(hasSums ? [`Sums(${ofSums.join(", ")})`] : []), `Carry(${back.join(", ")})`].join(", ")});
}`,
  ].join("\n");

  function all(s: number): string {
    return tensors.gStates[s] ? `${field("later", s)} + outside_${s}(at)` : field("later", s);
  }

  function read({ role, place }: CellSlot): string {
    switch (role) {
      case "tape":
        return kept?.number(place) ?? "0.0";
      case "before":
      case "after":
        return at(tensors.states[place], role);
      case "vector":
        return at(tensors.vectors[place], "unit");
      case "gAfter":
        return `g_${place}`;
      default:
        return "0.0";
    }
  }

  /** One chain of FMAs: dot makes a product and a sum more of it. */
  function printAccumulate(): string {
    const products = sums.map(
      (_, g) => `${part("a", sums.length, g)} * ${part("b", sums.length, g)}`,
    );
    return `fn accumulate(sum: f32, a: Sums, b: Sums) -> f32 {
return sum + ${products.join(" + ")};
}`;
  }

  /** 0 where a layer has none. */
  function printOutside(one: Reached, s: number): string {
    const { slot } = one.tensor;
    const none =
      how.layers > 1
        ? `if (first(${slot}) == 0xffffffffu) {
return 0.0;
}
`
        : "";
    return `fn outside_${s}(at: u32) -> f32 {
${none}return ${at(one, "at")};
}`;
  }
}
