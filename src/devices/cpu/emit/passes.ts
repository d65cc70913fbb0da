import { InternalError } from "../../../errors.ts";
import {
  argumentsOf,
  type GroupInstruction,
  type Register,
} from "../../../scheduler/group-program.ts";
import { isSlow as slow } from "./scalars.ts";
import { levelsIn, type Structure } from "./structure.ts";

export type Reduction = Extract<GroupInstruction, { kind: "reduce" }> & {
  readonly register: Register;
};

/** One walk through the elements of an item. */
export interface Pass {
  readonly reductions: readonly Reduction[];
  /** Numbers of the stores. */
  readonly stores: readonly number[];
  /** Registers that are computed per element. */
  readonly computed: ReadonlySet<Register>;
  /** Those of them that a later pass wants. */
  readonly kept: readonly Register[];
  /** Registers kept by an earlier one. */
  readonly reread: ReadonlySet<Register>;
  readonly isSlow: boolean;
}

/**
 * The passes, one for each stage. A register that is slow to compute is kept, where `keeps` says so, for the passes behind
 * the first that computes it; all else is computed again.
 */
export function passesOf(structure: Structure, keeps: boolean): Pass[] {
  const { instructions, stores } = structure;
  const levels = levelsIn(structure);
  const reductions = instructions.flatMap((instruction, register) =>
    instruction.kind === "reduce" ? [{ ...instruction, register }] : [],
  );
  const perElement = stores.flatMap((store, i) => (store.isPerElement ? [{ ...store, i }] : []));
  const count = Math.max(
    0,
    ...reductions.map(({ register }) => levels[register]?.stage ?? 0),
    ...perElement.map(({ pass }) => pass + 1),
  );
  /** The first pass that computes a register. */
  const first = new Map<Register, number>();
  const wanted = new Set<Register>();
  const passes = Array.from({ length: count }, (_, p) => {
    const own = reductions.filter(({ register }) => levels[register]?.stage === p + 1);
    const written = perElement.filter(({ pass }) => pass === p);
    const computed = new Set<Register>();
    const reread = new Set<Register>();
    let isSlow = false;
    const visit = (register: Register) => {
      const instruction = instructions[register];
      if (instruction === undefined) throw new InternalError("cpu: a group reads no register.");
      if (levels[register]?.perRow !== false || computed.has(register)) return;
      const isLong = takesLong(instruction);
      if (keeps && isLong && (first.get(register) ?? p) < p) {
        reread.add(register);
        wanted.add(register);
        return;
      }
      computed.add(register);
      if (!first.has(register)) first.set(register, p);
      isSlow ||= isLong;
      argumentsOf(instruction).forEach(visit);
    };
    for (const { x } of own) visit(x);
    for (const { register } of written) visit(register);
    return { reductions: own, stores: written.map(({ i }) => i), computed, reread, isSlow };
  });
  return passes.map((pass, p) => ({
    ...pass,
    kept: [...pass.computed].filter((r) => first.get(r) === p && wanted.has(r)),
  }));
}

function takesLong(instruction: GroupInstruction): boolean {
  const { kind } = instruction;
  return (kind === "unary" || kind === "binary") && slow.has(instruction.fn);
}
