/**
 * The step of a cell as a graph over values that stand for one unit of one row, and what of it is kept for the gradient.
 *
 * The tape holds, for every input and sum, what it has become where it is no longer only added up: what a sigmoid or a
 * tanh has made of it, whose slope is told from the result, and otherwise the sum itself. What is a state anyway is not
 * kept twice. So the gradient needs no product of the step, and no function that the tape has been through.
 */
import { check, record, rule } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { standIn } from "../graph/close-over.ts";
import { emit, GraphValue, inputsOf, type OpNode, reachable } from "../graph/graph.ts";
import { arithmetic } from "../ops/arithmetic.ts";
import type { CellInputs } from "../ops/cells/body.ts";
import { type Cell, cellMath } from "../ops/cells/cell.ts";
import type { UnaryName } from "../ops/vocabulary.ts";

/** One value that stands for each of a list. */
export type Stands = readonly GraphValue[];

interface Kept {
  /** The input or sum that it follows from. */
  readonly stand: GraphValue;
  readonly name: string;
  readonly value: GraphValue;
  readonly activation: UnaryName | undefined;
}

export interface TracedStep {
  /** Of an input with a sum of its name, the same value stands for both. */
  readonly given: CellInputs<GraphValue>;
  /** What a second product multiplies. */
  readonly between: GraphValue | undefined;
  readonly after: Stands;
  readonly tape: readonly Kept[];
}

/** @throws ArgumentError where a step computes with what it is not given, or gives anything but its states */
export function traceStep(cell: Cell): TracedStep {
  const { name, states, inputs, between, vectors } = cell;
  const later = between?.sums ?? [];
  const sums = [...cell.sums, ...later];
  const x = standsByName([...inputs, ...sums]);
  const h = standsByName(states);
  const v = standsByName(vectors);
  const m = cellMath((op, ins, attrs) => {
    for (const one of Object.values(ins)) check(name, "what a step computes with", one, isValue);
    return emit(op, ins, attrs);
  });
  const early = Object.fromEntries(Object.entries(x).filter(([name]) => !later.includes(name)));
  const read = between && checked(cell, between.of(m, early, h, v), "between");
  const made: Readonly<Record<string, unknown>> = cell.step(m, x, h, v);
  const remedy = `Return { ${states.join(", ")} }.`;
  check(name, "what a step gives", made, record, remedy);
  for (const other of Object.keys(made))
    check(
      name,
      "what a step gives",
      other,
      rule(`of ${states.join(", ")}`, (of) => states.includes(String(of))),
      remedy,
    );
  const after = states.map((state) => checked(cell, made[state], state));
  return {
    given: {
      inputs: Object.values(pick(x, inputs)),
      sums: Object.values(pick(x, sums)),
      before: Object.values(h),
      vectors: Object.values(v),
    },
    between: read,
    after,
    tape: tapeOf(x, [...after, ...(read ? [read] : [])], after),
  };
}

const isValue = rule(
  "a number or a value that the step has",
  (one) => one instanceof GraphValue,
  "Name what it reads in states, inputs, sums or vectors.",
);

function tapeOf(x: Readonly<Record<string, GraphValue>>, roots: Stands, after: Stands): Kept[] {
  const users = new Map<GraphValue, OpNode[]>();
  for (const node of reachable(roots)) {
    if (node.op === "source") continue;
    for (const input of inputsOf(node)) users.set(input, [...(users.get(input) ?? []), node]);
  }
  const onlyUser = (value: GraphValue): OpNode | undefined => {
    const [user, ...others] = users.get(value) ?? [];
    return others.length > 0 || roots.includes(value) ? undefined : user;
  };
  const kept: Kept[] = [];
  for (const [name, stand] of Object.entries(x)) {
    if (!users.has(stand) && !roots.includes(stand)) continue;
    let value = stand;
    for (let user = onlyUser(value); user !== undefined && isSum(user); user = onlyUser(value))
      value = user.outs.out;
    const user = onlyUser(value);
    const activation = user?.op === "unary" && FROM_RESULT.has(user.attrs.fn) ? user : undefined;
    if (activation !== undefined) value = activation.outs.out;
    if (after.includes(value) || kept.some((one) => one.value === value)) continue;
    kept.push({ stand, name, value, activation: activation?.attrs.fn });
  }
  return kept;
}

/** Functions whose slope is told from their result. */
const FROM_RESULT: ReadonlySet<UnaryName> = new Set(["sigmoid", "tanh", "relu", "exp", "sqrt"]);

function isSum(node: OpNode): node is OpNode<"binary"> {
  return node.op === "binary" && (node.attrs.fn === "add" || node.attrs.fn === "sub");
}

function checked({ name, states }: Cell, given: unknown, what: string): GraphValue {
  const value = typeof given === "number" ? arithmetic(emit).literal(given) : given;
  if (value instanceof GraphValue && value.type.dtype === "f32") return value;
  const got = value instanceof GraphValue ? value.type.dtype : typeof given;
  throw new ArgumentError(
    `${name}: a step must give an f32 value for ${what}; got ${got}. Compute it with the functions that the step is handed, and return { ${states.join(", ")} }.`,
  );
}

/** One number: a unit of a row. */
export function standFor(name: string): GraphValue {
  return standIn(name, { dtype: "f32", shape: [] }).out;
}

function standsByName(names: readonly string[]): Record<string, GraphValue> {
  return Object.fromEntries(names.map((name) => [name, standFor(name)]));
}

/** In the order of `names`, which may be repeated elsewhere but not here. */
function pick<T>(from: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(names.map((name) => [name, from[name] as T]));
}
