/**
 * Random recurrent cells, which nobody has invented: one to three states, none to four sums, vectors, sometimes a second
 * product, and a step of a few functions of whatever there is. What a step gives stays within a few units, so that f32 has
 * an error to be held to.
 */
import { bodyOfCell } from "../../src/graph/cell-body.ts";
import { type CellMath, cell } from "../../src/ops/cells/cell.ts";
import type { Value } from "../../src/ops/op.ts";
import type { Case } from "../cases/case.ts";
import { walkCase, walkGradCase } from "../cases/walks.ts";
import { generator } from "./groups/random-group.ts";

type Dice = (bound: number) => number;
type ByName = Readonly<Record<string, Value>>;

/** Of slope at most about 1, from anything to anything. */
const unary: readonly ((m: CellMath, x: Value) => Value)[] = [
  (m, x) => m.sigmoid(x),
  (m, x) => m.tanh(x),
  (m, x) => m.relu(x),
  (m, x) => m.neg(x),
  (m, x) => m.softplus(x),
  (m, x) => m.exp(m.neg(m.square(x))),
  (m, x) => m.div(x, m.add(1, m.abs(x))),
  (m, x) => m.sin(x),
  (m, x) => m.square(m.tanh(x)),
  (m, x) => m.sub(1, x),
  (m, x) => m.max(x, -0.5),
  (m, x) => m.min(x, 0.5),
];

const binary: readonly ((m: CellMath, a: Value, b: Value) => Value)[] = [
  (m, a, b) => m.add(a, b),
  (m, a, b) => m.sub(a, b),
  (m, a, b) => m.mul(m.tanh(a), b),
  (m, a, b) => m.mul(m.sigmoid(a), m.sigmoid(b)),
  (m, a, b) => m.max(a, b),
  (m, a, b) => m.min(a, b),
  (m, a, b) => m.where(m.less(a, b), a, m.mul(b, 0.5)),
];

/** What a state becomes. */
const endings: readonly ((m: CellMath, own: Value, a: Value, b: Value) => Value | number)[] = [
  (m, _, a) => m.tanh(a),
  (m, _, a, b) => m.mul(m.sigmoid(a), m.tanh(b)),
  (m, own, a, b) => m.add(m.mul(m.sigmoid(a), own), m.tanh(b)),
  (m, own, a, b) => m.add(m.mul(m.sigmoid(a), own), m.mul(m.sub(1, m.sigmoid(a)), m.tanh(b))),
  (m, own, a) => m.mul(0.5, m.add(own, m.sigmoid(a))),
  (m, _, a) => m.div(a, m.add(1, m.abs(a))),
];

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** Numbers drawn when the cell is described: a step may be traced more than once, and is the same each time. */
function randomSteps(seed: number) {
  return (m: CellMath, given: readonly ByName[]): { pool: Value[]; dice: Dice } => {
    const dice = generator(seed);
    const pool = given.flatMap((values) => Object.values(values));
    const any = () => pool[dice(pool.length)] as Value;
    for (let left = 1 + dice(6); left > 0; left--) {
      const isUnary = dice(2) === 0;
      const made = isUnary
        ? unary[dice(unary.length)]?.(m, any())
        : binary[dice(binary.length)]?.(m, any(), any());
      if (made !== undefined) pool.push(made);
    }
    return { pool, dice };
  };
}

export function randomCell(seed: number) {
  const dice = generator(seed);
  const states = names("state", 1 + dice(3));
  const own = names("sum", dice(5));
  const later = dice(4) === 0 ? names("later", 1 + dice(2)) : [];
  const apart = names("input", dice(3));
  // Inputs of all sums in their order, of some and others, or of none.
  const all = [...own, ...later];
  const kind = dice(3);
  const shared = kind === 0 ? all : all.filter(() => dice(2) === 0);
  const inputs = [...shared, ...(kind === 0 ? [] : apart)];
  const used = inputs.length > 0 ? inputs : ["input"];
  const steps = randomSteps(seed + 1e6);
  const between = randomSteps(seed + 2e6);
  return cell<string, string, string, string, string>({
    name: `random cell ${seed}`,
    states,
    sums: own,
    inputs: used,
    vectors: names("vector", dice(3)),
    ...(later.length > 0 && {
      between: {
        sums: later,
        of: (m, x, before, vectors) =>
          m.tanh(between(m, [x, before, vectors]).pool.at(-1) as Value),
      },
    }),
    step(m, x, before, vectors) {
      const { pool, dice: own } = steps(m, [x, before, vectors]);
      const any = () => pool[own(pool.length)] as Value;
      return Object.fromEntries(
        states.map((state) => {
          const before0 = before[state] as Value;
          if (own(20) === 0) return [state, [before0, 0.5, any()][own(3)] ?? 0.5];
          const ending = endings[own(endings.length)];
          return [state, ending?.(m, before0, any(), any()) ?? before0];
        }),
      );
    },
  });
}

/** A walk of the cell with the gradients of its states, and its gradient with any tape and the flow of every state. */
export function randomWalks(seed: number): {
  readonly walk: Case<"recurrence">;
  readonly gradient: Case<"recurrenceGrad">;
} {
  const dice = generator(seed + 3e6);
  const body = bodyOfCell(randomCell(seed));
  const [steps, batch, units] = [1 + dice(4), 1 + dice(9), 1 + dice(20)];
  const lengths = Array.from({ length: batch }, () => dice(steps + 2));
  const watched = body.states.map((_, s) => s).filter((s) => s === 0 || dice(2) === 0);
  const described = {
    name: body.name,
    cell: body,
    watched,
    sequence: {
      name: "",
      size: [steps, batch, units] as const,
      reverse: dice(2) === 0,
      flow: dice(2) === 0,
      ...(dice(2) === 0 && { lengths }),
    },
  };
  return {
    walk: { ...walkCase(described), seeded: ["states"] },
    gradient: walkGradCase(described),
  };
}
