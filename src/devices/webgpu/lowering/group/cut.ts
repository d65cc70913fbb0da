import {
  argumentsOf,
  type GroupInstruction,
  type Register,
} from "../../../../scheduler/group-program.ts";
import type { GroupSite, Region } from "../../../../scheduler/lowering.ts";
import { Picker } from "../../../../scheduler/picker.ts";
import { stridesOf, type TensorType } from "../../../../tensor/shape.ts";

/**
 * Elementwise work as two parts that compute less each, and read and write as few tensors as can be: what the second needs
 * of the first lies aside in between. Undefined where there is one instruction, which no kernel is too small for, or where
 * something is reduced.
 */
export function cutInTwo(site: GroupSite): readonly GroupSite[] | undefined {
  const { instructions } = site.program;
  if (instructions.some(({ kind }) => kind === "reduce")) return undefined;
  const cuts = instructions.flatMap((_, at) => {
    const parts = partsAt(site, at, nowhere());
    if (parts.some((part) => part.outs.length === 0 || computedIn(part) >= computedIn(site)))
      return [];
    return [{ at, operands: Math.max(...parts.map(operandsOf)) }];
  });
  const [first] = cuts;
  if (first === undefined) return undefined;
  const best = cuts.reduce((a, b) => (b.operands < a.operands ? b : a), first);
  return partsAt(site, best.at, site.scratch);
}

/** In front of instruction `at` and from it on. Loads and literals are made again where they are needed. */
function partsAt(
  site: GroupSite,
  at: number,
  aside: (type: TensorType) => Region,
): readonly GroupSite[] {
  const { program, ins, outs } = site;
  const { instructions, stores, shape } = program;
  const [first, second] = [0, 1].map(() => new Picker(program, ins, (view) => view)) as [
    Picker,
    Picker,
  ];
  const whole = { offset: 0, strides: stridesOf(shape) };
  const crossing = new Set<Register>();
  const readers = instructions.slice(at).flatMap(argumentsOf);
  for (const register of [...readers, ...stores.map((store) => store.register)]) {
    const instruction = instructions[register];
    if (register < at && instruction && isComputed(instruction)) crossing.add(register);
  }
  const made = [...crossing].map((register) => {
    const dtype = instructions[register]?.dtype ?? "f32";
    const region = aside({ dtype, shape });
    second.give(register, whole, region, dtype);
    return { store: { ...whole, register: first.pick(register) }, region };
  });
  const last = stores.map((store) => ({ ...store, register: second.pick(store.register) }));
  return [
    {
      ...site,
      program: { ...program, ...first.program(), stores: made.map(({ store }) => store) },
      ins: first.ins,
      outs: made.map(({ region }) => region),
    },
    { ...site, program: { ...program, ...second.program(), stores: last }, ins: second.ins, outs },
  ];
}

const isComputed = ({ kind }: GroupInstruction) =>
  kind !== "input" && kind !== "index" && kind !== "literal";

const computedIn = ({ program }: GroupSite) => program.instructions.filter(isComputed).length;

/** As many places as are asked for, to count them only. */
function nowhere(): (type: TensorType) => Region {
  let buffer = 0;
  return (type) => ({ buffer: --buffer, offset: 0, type });
}

function operandsOf({ ins, outs }: GroupSite): number {
  const places = [...ins, ...outs].map(({ buffer, offset }) => `${buffer} ${offset}`);
  return new Set(places).size;
}
