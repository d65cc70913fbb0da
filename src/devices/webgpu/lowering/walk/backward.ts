/** What the walks of a gradient ask of a cell, as WGSL: see the heads of shaders/lib/recurrent_step and its like. */
import type { CellGradient } from "../../../../ops/cells/body.ts";
import {
  type CellProgram,
  type CellSlot,
  gradientProgramsOf,
} from "../../../../scheduler/cell-program.ts";
import type { KernelCall } from "../../../../scheduler/lowering.ts";
import { field, stateFields } from "./forward.ts";
import {
  at,
  finder,
  load,
  part,
  printLoadSums,
  printStruct,
  printSums,
  printWeights,
  productsOf,
  type Reached,
  type SumsOfProduct,
  store,
  sumsFrom,
} from "./numbers.ts";
import { printProgram } from "./program.ts";
import type { WalkBinding } from "./tensors.ts";

/** Where a step's results go, what was read for it, and what the steps behind it send back. */
const STEP = "at: u32, unit: u32, seen: Seen, later: Carry";

export function printBackward(
  cell: CellGradient,
  bindings: readonly WalkBinding[],
  how: {
    readonly hasLengths: boolean;
    /** The states of each layer with a gradient from outside. */
    readonly watched: readonly (readonly number[])[];
  },
): KernelCall["constants"] {
  const find = finder(bindings);
  const list = (slot: string) => cell.states.map((_, s) => find(`${slot}_${s}`));
  const tape = find("TAPE");
  const gProjected = find("G_PROJECTED") ?? tape;
  const gSums = find("G_SUMS");
  const gInitial = list("G_INITIAL");
  const flow = list("FLOW");
  const { retreat, retreatBetween } = gradientProgramsOf(cell);
  const products = productsOf(cell);
  const { sums, states } = cell;
  const program = printProgram(retreat, read);
  const live = (of: string, otherwise: string) =>
    how.hasLengths ? `select(${otherwise}, ${of}, live)` : of;
  const values = (role: CellSlot["role"], names: readonly unknown[]) =>
    names.map((_, i) => live(program.valueOf(role, i) ?? "0.0", "0.0"));
  const ofSums = values("gSum", sums);
  const back = states.map((_, s) => live(program.valueOf("gBefore", s) ?? "0.0", `all_${s}`));
  const own = Array.from({ length: cell.ownGradients });
  const reached = values("flow", states);
  const stored = [
    ...store(gProjected, "at", values("gInput", cell.inputs), "p"),
    ...store(gSums, "at", ofSums, "q"),
    ...store(find("G_VECTORS"), "at", values("gVector", own), "v"),
    ...flow.flatMap((one, s) => store(one, "at", [reached[s] ?? "0.0"], "f")),
  ];
  const others = gInitial.slice(1);
  const outside = states.map((_, s) =>
    layersWith(s) > 0 ? (flow[s] ?? find(`G_STATE_${s}`)) : undefined,
  );
  const text = [
    ...products.map(printSums),
    // What the steps walked before send back to the states.
    printStruct("Carry", stateFields(cell)),
    printStruct("Back", [
      ...products.map(({ place }) => `sums_${place}: Sums${place}`),
      "carry: Carry",
    ]),
    ...printWeights(products, find("RECURRENT")),
    ...products
      .slice(0, 1)
      .map((first) => printLoadSums("gradient_at_0", "at: u32", first, gSums ?? gProjected, "at")),
    ...products
      .slice(0, find("INPUT") ? 1 : 0)
      .map((first) =>
        printLoadSums(
          "gradient_above",
          "at: u32",
          first,
          gProjected,
          "at",
          `first_of(layer + 1u, ${gProjected?.tensor.slot})`,
        ),
      ),
    ...products.map(printAddProduct),
    ...(retreatBetween
      ? products.slice(1).map((later) => printBetween(retreatBetween, later))
      : []),
    `fn carry_at(at: u32, h: f32) -> Carry {
return Carry(${["h", ...others.map((one) => at(one, "at"))].join(", ")});
}
fn store_carry(at: u32, carry: Carry) {
${others.flatMap((one, i) => store(one, "at", [field("carry", i + 1)], "c")).join("\n")}
}`,
    ...outside.map((one, s) => (one ? printOutside(one, s) : "")),
    printSeen(),
    `fn retreat(${STEP}, g_between: f32, live: bool) -> Back {
${given()}
${[...program.statements, ...stored].join("\n")}
return Back(${[...products.map((product) => sumsFrom(product, ofSums)), `Carry(${back.join(", ")})`].join(", ")});
}`,
  ].join("\n");
  return {
    CELL: text,
    // Whether a part of the first state's gradient does not go through the weights.
    CARRIES: Number(how.hasLengths || program.valueOf("gBefore", 0) !== undefined),
    BETWEEN: sums.length - cell.firstSums,
    HOLDS: 0,
  };

  /** What a step's gradient begins with. */
  function given(): string {
    return states
      .map((_, s) => `let all_${s} = ${all(s)};\nlet g_${s} = ${live(`all_${s}`, "0.0")};`)
      .join("\n");
  }

  /** What a step reads of the tapes, apart from what it makes of that: a walk may read ahead. */
  function printSeen(): string {
    const kept = tape && load(tape, "at", "t");
    const reads = [...retreat.reads, ...(retreatBetween?.reads ?? [])];
    const fields = new Map<string, string>();
    for (const { role, place } of reads) {
      if (role === "tape") fields.set(`tape_${place}`, kept?.number(place) ?? "0.0");
      if (role === "before" || role === "after")
        fields.set(`${role}_${place}`, at(find(`STATE_${place}`), role));
    }
    outside.forEach((one, s) => {
      if (one) fields.set(`outside_${s}`, `outside_${s}(at)`);
    });
    const names = [...fields.keys()].map((name) => `${name}: f32`);
    return `${printStruct("Seen", names)}
fn see(at: u32, before: u32, after: u32) -> Seen {
${kept?.statement ?? ""}
return Seen(${[...fields.values()].join(", ") || "0.0"});
}`;
  }

  /** The gradients of a second product's sums, which are made and kept before what reaches its operand is known. */
  function printBetween(of: CellProgram, later: SumsOfProduct): string {
    const early = printProgram(of, read);
    const numbers = sums.map((_, g) => live(early.valueOf("gSum", g) ?? "0.0", "0.0"));
    return `fn retreat_between(${STEP}, live: bool) -> Sums1 {
${given()}
${early.statements.join("\n")}
return ${sumsFrom(later, numbers)};
}
${find("SCRATCH") ? printAside(later) : ""}`;
  }

  function printAside({ count }: SumsOfProduct): string {
    const places = Array.from({ length: count }, (_, i) => `scratch_place(${i}u, at)`);
    return `fn set_aside(at: u32, sums: Sums1) {
${places.map((place, i) => `scratch[${place}] = ${part("sums", count, i)};`).join("\n")}
}
fn gradient_at_1(at: u32) -> Sums1 {
return Sums1(${places.map((place) => `scratch[${place}]`).join(", ")});
}`;
  }

  function all(s: number): string {
    return outside[s] ? `${field("later", s)} + seen.outside_${s}` : field("later", s);
  }

  function read({ role, place }: CellSlot): string {
    switch (role) {
      case "tape":
      case "before":
      case "after":
        return `seen.${role}_${place}`;
      case "vector":
        return at(find(`VECTOR_${place}`), "unit");
      case "gAfter":
        return `g_${place}`;
      case "gBetween":
        return "g_between";
      default:
        return "0.0";
    }
  }

  /** One chain of FMAs: dot makes a product and a sum more of it. */
  function printAddProduct({ place, count }: SumsOfProduct): string {
    const all = Array.from({ length: count }, (_, g) => g);
    const terms = all.map((g) => `${part("a", count, g)} * ${part("b", count, g)}`);
    return `fn add_product_${place}(sum: f32, a: Sums${place}, b: Sums${place}) -> f32 {
return sum + ${terms.join(" + ")};
}`;
  }

  /** A bit for each layer whose state `s` has a gradient from outside. */
  function layersWith(s: number): number {
    return how.watched.reduce((bits, own, l) => bits + (Number(own.includes(s)) << l), 0);
  }

  /** 0 where a layer has none. */
  function printOutside(one: Reached, s: number): string {
    const isOfAll = how.watched.every((own) => own.includes(s));
    const none = isOfAll
      ? ""
      : `if (((${layersWith(s)}u >> layer) & 1u) == 0u) {
return 0.0;
}
`;
    return `fn outside_${s}(at: u32) -> f32 {
${none}return ${at(one, "at")};
}`;
  }
}
