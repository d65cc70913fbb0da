import type { GroupProgram, Register, View } from "../../../scheduler/group-program.ts";
import type { Region } from "../../../scheduler/lowering.ts";
import { Picker } from "../../../scheduler/picker.ts";
import { sizeOf, stridesOf } from "../../../tensor/shape.ts";

interface Placed {
  readonly program: GroupProgram;
  readonly ins: readonly Region[];
  readonly outs: readonly Region[];
}

/** What a group computes behind its reductions: they go over the partial results of `chunks` chunks, [chunks, items]. */
export function finishOf(
  { program, ins, outs }: Placed,
  chunks: number,
  partials: ReadonlyMap<Register, Region>,
): Placed {
  const { kept } = program;
  const sizes = program.shape.slice(0, kept);
  const picked = new Picker(program, ins, ({ offset, strides }) => ({
    offset,
    strides: [...strides.slice(0, kept), 0],
  }));
  const view: View = { offset: 0, strides: [...stridesOf(sizes), sizeOf(sizes)] };
  picked.replace = (register, instruction) => {
    const region = partials.get(register);
    if (region === undefined || instruction.kind !== "reduce") return undefined;
    const x = picked.load(view, region, instruction.dtype);
    return { ...instruction, x };
  };
  const stores = program.stores.flatMap(({ register, offset, strides }, i) => {
    const isPerItem = strides.slice(kept).every((stride) => stride === 0);
    if (!isPerItem) return [];
    const own = {
      register: picked.pick(register),
      offset,
      strides: [...strides.slice(0, kept), 0],
    };
    return [{ store: own, out: outs[i] }];
  });
  return {
    program: {
      ...picked.program(),
      shape: [...sizes, chunks],
      kept,
      stores: stores.map(({ store }) => store),
    },
    ins: picked.ins,
    outs: stores.flatMap(({ out }) => out ?? []),
  };
}

/** The same work without instructions, inputs and indices that no store needs. */
export function prune({ program, ins, outs }: Placed): Placed {
  const picked = new Picker(program, ins, (view) => view);
  const stores = program.stores.map((store) => ({
    ...store,
    register: picked.pick(store.register),
  }));
  return { program: { ...program, ...picked.program(), stores }, ins: picked.ins, outs };
}
