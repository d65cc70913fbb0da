/**
 * A recurrent cell, described once: what one step makes of the state and of the sums that reach it. With x·W + b of all
 * steps outside the loop, step t of one row of the batch, unit by unit:
 *
 *   sums      (h · R)_g for every sum g, h the first state; a sum of an input's name goes on from that input
 *   between   where there is one: r = of(…), and (r · R)_g for every sum of it
 *   step      the states behind the step, from inputs, sums, the states before it and the cell's vectors
 *
 * Everything that a layer of it needs follows from that: shapes, the loop of small ops that it means, its gradient, the
 * kernels, what a state dict holds.
 */
import { aName, callable, check, list, record, rule } from "../../arguments.ts";
import { ArgumentError } from "../../errors.ts";
import { type Arithmetic, arithmetic, type Operand } from "../arithmetic.ts";
import { complaint } from "../check.ts";
import type { Emit, Value } from "../op.ts";
import { binary } from "../scalars-binary.ts";
import { unary } from "../scalars-unary.ts";
import type { BinaryName, UnaryName } from "../vocabulary.ts";

/** What a step is written with: the elementwise functions of the vocabulary, by their names, of values and numbers. */
export type CellMath = { readonly [F in UnaryName]: (x: Operand) => Value } & {
  readonly [F in BinaryName]: (a: Operand, b: Operand) => Value;
} & Pick<Arithmetic, "where" | "literal">;

type ByName<N extends string> = Readonly<Record<N, Value>>;
type Step<X extends string, S extends string, V extends string, R> = (
  m: CellMath,
  x: ByName<X>,
  before: ByName<S>,
  vectors: ByName<V>,
) => R;

/** A recurrent cell: the names of what it carries, reads and adds up, and its step. */
export interface Cell<
  S extends string = string,
  I extends string = string,
  G extends string = string,
  B extends string = string,
  V extends string = string,
> {
  /** What errors, `explain()` and `gradientFlow` call it. */
  readonly name: string;
  /** What is carried from step to step, f32 of one number a unit each. The first is multiplied by R, and is what a layer gives. */
  readonly states: readonly S[];
  /** The columns of x·W + b, a number a unit each. */
  readonly inputs: readonly I[];
  /** The columns of h·R. Without any, units do not see each other. */
  readonly sums: readonly G[];
  /** A second product in the step, of something that is computed from the first. */
  readonly between?:
    | { readonly sums: readonly B[]; readonly of: Step<I | G, S, V, Operand> }
    | undefined;
  /** Parameters of one number a unit, as biases within a gate are, and peepholes. */
  readonly vectors: readonly V[];
  /** One step, elementwise, for one unit of one row. */
  readonly step: Step<I | G | B, S, V, Readonly<Record<S, Operand>>>;
}

/** A cell as it is written down: `inputs` are those of the sums where nothing else is said. */
export type CellDescription<
  S extends string,
  I extends string,
  G extends string,
  B extends string,
  V extends string,
> = Omit<Cell<S, I, G, B, V>, "inputs" | "vectors"> & {
  readonly inputs?: readonly I[];
  readonly vectors?: readonly V[];
};

/** Makes a cell of a description, whose names the step is told by. */
export type Describe = <
  const S extends string,
  const G extends string,
  const I extends string = G,
  const B extends string = never,
  const V extends string = never,
>(
  description: CellDescription<S, I, G, B, V>,
) => Cell;

/**
 * A cell from its description, whose functions are not called yet.
 * @throws ArgumentError for names that are missing or stand for two things
 */
export const cell: Describe = (description) => {
  check("cell", "the description", description, record, "Give { name, states, sums, step }.");
  const { name, states, sums, between, step } = description;
  check("cell", "the name", name, aName);
  for (const part of Object.keys(description))
    check(name, "a part of the description", part, isPart);
  check(name, "the step", step, callable, "It is a function (m, x, before, vectors) => states.");
  if (between !== undefined) {
    check(name, "between", between, record, "Give { sums, of }.");
    check(name, "of", between.of, callable, "It is a function (m, x, before, vectors) => value.");
    checkSome(name, "sums in between", between.sums, 'the second product: ["candidate"]');
  }
  checkNames(name, "sums", sums);
  const all: readonly string[] = [...sums, ...(between?.sums ?? [])];
  const { inputs = all, vectors = [] } = description;
  for (const [role, names] of Object.entries({ states, inputs, sums: all, vectors }))
    checkNames(name, role, names);
  checkSome(name, "states", states, 'what it carries: ["h"]');
  checkSome(name, "inputs", inputs, 'the columns of x·W + b: ["candidate"]');
  // The functions read what their names say, and are given it by those names.
  const made = { name, states, inputs, sums, between, vectors, step } as unknown as Cell;
  cells.add(made);
  return made;
};

const PARTS = ["name", "states", "inputs", "sums", "between", "vectors", "step"];
const isPart = rule(
  `one of ${PARTS.join(", ")}`,
  (part) => PARTS.includes(String(part)),
  "Leave it out.",
);

const cells = new WeakSet<object>();

export const isCell = rule(
  "a cell",
  (value) => typeof value === "object" && value !== null && cells.has(value),
);

function checkSome(cell: string, role: string, names: readonly string[], what: string): void {
  checkNames(cell, role, names);
  if (names.length > 0) return;
  throw new ArgumentError(complaint(cell, `a cell must have ${role}`, "none", `Name ${what}.`));
}

function checkNames(cell: string, role: string, names: readonly string[]): void {
  check(cell, role, names, list, 'Give their names: ["h"].');
  for (const name of names) check(cell, `a name of ${role}`, name, aName, 'Give one: ["h"].');
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  const remedy = "Give each a name of its own.";
  throw new ArgumentError(
    complaint(cell, `the names of ${role} must differ`, `"${twice}" twice`, remedy),
  );
}

export function cellMath(emit: Emit): CellMath {
  const m = arithmetic(emit);
  const value = (x: Operand) => (typeof x === "number" ? m.literal(x) : x);
  const unaries = Object.keys(unary) as UnaryName[];
  const binaries = Object.keys(binary) as BinaryName[];
  return {
    ...Object.fromEntries(unaries.map((fn) => [fn, (x: Operand) => m.unary(fn, value(x))])),
    ...Object.fromEntries(
      binaries.map((fn) => [fn, (a: Operand, b: Operand) => m.binary(fn, a, b)]),
    ),
    where: m.where,
    literal: m.literal,
  } as CellMath;
}
