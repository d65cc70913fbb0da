import type { DType } from "../tensor/dtype.ts";
import type { BinaryRow } from "./scalar-rows.ts";
import { wrap } from "./scalars-unary.ts";
import type { BinaryName } from "./vocabulary.ts";

const FLOAT = ["f32"] as const;
const NUMBERS = ["f32", "i32", "u32"] as const;

/** A row of a question: bool, and flat almost everywhere. */
function question(takes: readonly DType[], holds: (a: number, b: number) => boolean): BinaryRow {
  return {
    takes,
    result: "bool",
    evaluate: (a, b) => (holds(a, b) ? 1 : 0),
    gradient: () => [undefined, undefined],
  };
}

export const binary: { readonly [K in BinaryName]: BinaryRow } = {
  add: {
    takes: NUMBERS,
    result: "same",
    evaluate: (a, b, dtype) => wrap(a + b, dtype),
    gradient: (_m, _a, _b, _y, g) => [g, g],
  },
  sub: {
    takes: NUMBERS,
    result: "same",
    evaluate: (a, b, dtype) => wrap(a - b, dtype),
    gradient: (m, _a, _b, _y, g) => [g, m.unary("neg", g)],
  },
  mul: {
    takes: NUMBERS,
    result: "same",
    evaluate: (a, b, dtype) => (dtype === "f32" ? a * b : wrap(Math.imul(a, b), dtype)),
    gradient: (m, a, b, _y, g) => [m.mul(g, b), m.mul(g, a)],
  },
  /** Integers truncate towards zero; an integer divided by 0 is itself, as in WGSL. */
  div: {
    takes: NUMBERS,
    result: "same",
    evaluate: (a, b, dtype) => {
      if (dtype === "f32") return a / b;
      return b === 0 ? a : wrap(Math.trunc(a / b), dtype);
    },
    gradient: (m, _a, b, y, g) => {
      const ga = m.div(g, b);
      return [ga, m.unary("neg", m.mul(ga, y))];
    },
  },
  /**
   * a^b; a negative base takes whole exponents and is NaN with others; 0⁰ = 1. Anything to the power of 0, NaN too, and
   * 1 to any power are 1, as in C. ∂a is b a^(b−1), 0 where b is 0; ∂b is y log a, 0 where a ≤ 0.
   */
  pow: {
    takes: FLOAT,
    result: "same",
    evaluate: (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b),
    gradient: (m, a, b, y, g) => {
      const slope = m.mul(b, m.binary("pow", a, m.sub(b, 1)));
      const isPositive = m.binary("greater", a, 0);
      // The inner `where` keeps log away from 0, so that its own gradient stays finite.
      const logarithm = m.unary("log", m.where(isPositive, a, 1));
      return [
        m.mul(g, m.where(m.binary("equal", b, 0), 0, slope)),
        m.mul(g, m.where(isPositive, m.mul(y, logarithm), 0)),
      ];
    },
  },
  /** The gradient goes to a where a ≥ b, to b elsewhere. */
  max: {
    takes: NUMBERS,
    result: "same",
    evaluate: (a, b) => Math.max(a, b),
    gradient: (m, a, b, _y, g) => {
      const isA = m.binary("greaterEqual", a, b);
      return [m.where(isA, g, 0), m.where(isA, 0, g)];
    },
  },
  /** The gradient goes to a where a ≤ b, to b elsewhere. */
  min: {
    takes: NUMBERS,
    result: "same",
    evaluate: (a, b) => Math.min(a, b),
    gradient: (m, a, b, _y, g) => {
      const isA = m.binary("lessEqual", a, b);
      return [m.where(isA, g, 0), m.where(isA, 0, g)];
    },
  },
  less: question(NUMBERS, (a, b) => a < b),
  lessEqual: question(NUMBERS, (a, b) => a <= b),
  greater: question(NUMBERS, (a, b) => a > b),
  greaterEqual: question(NUMBERS, (a, b) => a >= b),
  equal: question([...NUMBERS, "bool"], (a, b) => a === b),
  notEqual: question([...NUMBERS, "bool"], (a, b) => a !== b),
  and: question(["bool"], (a, b) => a !== 0 && b !== 0),
  or: question(["bool"], (a, b) => a !== 0 || b !== 0),
};
