/**
 * The leaves of a step's expressions as a cell has them: inputs, sums and vectors. Where a column of a product, a slice and
 * captured vectors are only added up, the sum goes on from the slice, and the vectors are added to it in front of the walk.
 */
import { type Expression, type Leaf, partsOf } from "./step-expression.ts";

type Of<K extends Leaf["kind"]> = Extract<Leaf, { readonly kind: K }>;

/** What a cell's input is: a slice, or something captured that differs from row to row; with biases that are added. */
export interface Input {
  readonly of: Of<"slice"> | Of<"captured">;
  readonly biases: readonly Of<"captured">[];
}

/** One of a cell's names. */
export interface Named {
  readonly kind: "named";
  readonly role: "state" | "x" | "vector";
  readonly name: string;
}

export interface Joined {
  readonly expressions: readonly Expression<Named>[];
  readonly inputs: ReadonlyMap<string, Input>;
  readonly sums: ReadonlyMap<string, Of<"sum">>;
  readonly vectors: ReadonlyMap<string, Of<"captured">>;
}

/** `states` are the names of the states by their places. */
export function joinSums(expressions: readonly Expression[], states: readonly string[]): Joined {
  const uses = usesOf(expressions);
  const joint: { readonly input: Input; readonly sum: Of<"sum"> }[] = [];
  const inputs = new Map<string, Input>();
  const sums = new Map<string, Of<"sum">>();
  const vectors = new Map<string, Of<"captured">>();
  const known = new Map<Expression, Expression<Named>>();
  const named = (role: Named["role"], name: string): Named => ({ kind: "named", role, name });
  const noted = <T>(map: Map<string, T>, prefix: string, value: T) => {
    const name = `${prefix}${map.size}`;
    map.set(name, value);
    return name;
  };

  const convert = (expression: Expression): Expression<Named> => {
    const found = known.get(expression) ?? converted(expression);
    known.set(expression, found);
    return found;
  };
  const converted = (e: Expression): Expression<Named> => {
    switch (e.kind) {
      case "literal":
        return e;
      case "unary":
        return { ...e, x: convert(e.x) };
      case "binary":
        return (e.fn === "add" && sumOf(e)) || { ...e, a: convert(e.a), b: convert(e.b) };
      case "where":
        return { ...e, condition: convert(e.condition), a: convert(e.a), b: convert(e.b) };
      case "state":
        return named("state", states[e.state] ?? "");
      case "sum":
        return named("x", noted(sums, "sum ", e));
      case "slice":
        return named("x", noted(inputs, "input ", { of: e, biases: [] }));
      case "captured":
        return e.at.row === 0
          ? named("vector", noted(vectors, "vector ", e))
          : named("x", noted(inputs, "input ", { of: e, biases: [] }));
      default:
        return e satisfies never;
    }
  };
  /** A sum of which a column of a product goes on from a slice; undefined where there are none that nothing else reads. */
  const sumOf = (e: Expression): Expression<Named> | undefined => {
    const terms = termsOf(e, uses);
    const isOwn = (term: Expression) => uses.get(term) === 1;
    const sum = terms.find((term) => term.kind === "sum" && isOwn(term));
    const slice = terms.find((term) => term.kind === "slice" && isOwn(term));
    if (sum?.kind !== "sum" || slice?.kind !== "slice") return undefined;
    const biases = terms.filter((term) => term.kind === "captured" && term.at.row === 0);
    const rest = terms.filter((term) => term !== sum && term !== slice && !biases.includes(term));
    const place = joint.push({ input: { of: slice, biases: biases as Of<"captured">[] }, sum }) - 1;
    return rest
      .map(convert)
      .reduce<Expression<Named>>(
        (a, b) => ({ kind: "binary", fn: "add", a, b }),
        named("x", `gate ${place}`),
      );
  };
  const own = expressions.map(convert);
  // In the order of the columns: weights that lie so are taken as they are.
  const gates = joint
    .map((gate, i) => [`gate ${i}`, gate] as const)
    .sort(([, { sum: a }], [, { sum: b }]) => a.node.id - b.node.id || a.at.offset - b.at.offset);
  return {
    expressions: own,
    inputs: new Map([...gates.map(([name, { input }]) => [name, input] as const), ...inputs]),
    sums: new Map([...gates.map(([name, { sum }]) => [name, sum] as const), ...sums]),
    vectors,
  };
}

/** How often each expression is read, by others or as a result. */
function usesOf(roots: readonly Expression[]): Map<Expression, number> {
  const uses = new Map<Expression, number>();
  const read = (expression: Expression) => {
    const before = uses.get(expression) ?? 0;
    uses.set(expression, before + 1);
    if (before === 0) for (const part of partsOf(expression)) read(part);
  };
  for (const root of roots) read(root);
  return uses;
}

/** What is added up in `expression`, through sums that nothing else reads. */
function termsOf(
  expression: Expression,
  uses: ReadonlyMap<Expression, number>,
  isRoot = true,
): Expression[] {
  const isSum = expression.kind === "binary" && expression.fn === "add";
  if (!isSum || (!isRoot && uses.get(expression) !== 1)) return [expression];
  return [...termsOf(expression.a, uses, false), ...termsOf(expression.b, uses, false)];
}
