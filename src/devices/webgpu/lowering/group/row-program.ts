/** What a program of rows needs where: the registers of each pass over a row, and those that a row has once. */
import {
  argumentsOf,
  type GroupInstruction,
  type GroupProgram,
  type Level,
  levelsOf,
  type Register,
  type Store,
} from "../../../../scheduler/group-program.ts";

export type Reduce = Extract<GroupInstruction, { kind: "reduce" }>;

/** A pass over the elements of a row. */
export interface Pass {
  /** Registers that differ from element to element, in order. */
  readonly elements: readonly Register[];
  /** Those of the row that are used. */
  readonly known: readonly Register[];
}

export interface Stage extends Pass {
  readonly reduces: readonly { readonly register: Register; readonly reduce: Reduce }[];
}

export interface RowProgram {
  readonly levels: readonly Level[];
  readonly stages: readonly Stage[];
  /** What is stored for each element: the last pass. */
  readonly stored: Pass;
  readonly elementStores: readonly number[];
  readonly rowStores: readonly number[];
  /** Registers of the row that are computed, not reduced, in order. */
  readonly rowRegisters: readonly Register[];
}

export function rowProgramOf(program: GroupProgram): RowProgram {
  const { instructions, stores } = program;
  const levels = levelsOf(program);
  const last = Math.max(0, ...levels.map(({ stage }) => stage));
  const pass = (roots: readonly Register[]) => passOf(program, levels, roots);
  const stages = Array.from({ length: last }, (_, s): Stage => {
    const reduces = instructions.flatMap((reduce, register) =>
      reduce.kind === "reduce" && levels[register]?.stage === s + 1 ? [{ register, reduce }] : [],
    );
    return { reduces, ...pass(reduces.map(({ reduce }) => reduce.x)) };
  });
  const all = stores.map((_, o) => o);
  const isRowStore = (o: number) => storesRows(program, stores[o]);
  const elementStores = all.filter((o) => !isRowStore(o));
  const rowStores = all.filter(isRowStore);
  const registersOf = (list: readonly number[]) => list.flatMap((o) => stores[o]?.register ?? []);
  const stored = pass(registersOf(elementStores));
  // What passes use of a row, and all that leads there.
  const needed = new Set([...stages, stored].flatMap(({ known }) => known));
  for (const r of registersOf(rowStores)) needed.add(r);
  for (let r = instructions.length - 1; r >= 0; r--) {
    const instruction = instructions[r];
    if (instruction === undefined || !needed.has(r) || instruction.kind === "reduce") continue;
    for (const argument of argumentsOf(instruction)) needed.add(argument);
  }
  const rowRegisters = instructions.flatMap((instruction, r) =>
    needed.has(r) && instruction.kind !== "reduce" ? [r] : [],
  );
  return { levels, stages, stored, elementStores, rowStores, rowRegisters };
}

/** Whether it is one element for each row. */
function storesRows({ shape, kept }: GroupProgram, store: Store | undefined): boolean {
  return shape.every((n, d) => d < kept || n === 1 || store?.strides[d] === 0);
}

function passOf(
  { instructions }: GroupProgram,
  levels: readonly Level[],
  roots: readonly Register[],
): Pass {
  const elements = new Set<Register>();
  const known = new Set<Register>();
  const visit = (r: Register) => {
    const instruction = instructions[r];
    if (instruction === undefined || elements.has(r)) return;
    if (levels[r]?.perRow ?? true) {
      known.add(r);
      return;
    }
    elements.add(r);
    for (const argument of argumentsOf(instruction)) visit(argument);
  };
  for (const root of roots) visit(root);
  const inOrder = (set: ReadonlySet<Register>) => [...set].sort((a, b) => a - b);
  return { elements: inOrder(elements), known: inOrder(known) };
}
