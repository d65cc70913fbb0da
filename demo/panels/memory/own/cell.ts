/**
 * A visitor's cell as a recurrent layer that `scan` walks. By their first letter names are weights, which are trained:
 *
 *   W…  [inputs, units]   from what is read, x
 *   R…  [units, units]    from a state
 *   b…  [units]           begins at 0
 *
 * h and c are the states, of which h is what the layer gives; everything else is given its value in a line above.
 */
import {
  abs,
  add,
  asTensor,
  cos,
  div,
  drawUniform,
  exp,
  foldIn,
  GradgpuError,
  keyOf,
  log,
  matmul,
  maximum,
  minimum,
  mul,
  neg,
  nn,
  type Operand,
  relu,
  scan,
  sigmoid,
  sin,
  softplus,
  sqrt,
  square,
  sub,
  type Tensor,
  tanh,
  type Variable,
  variable,
  zeros,
} from "gradgpu";
import { type Assignment, CellError, type Expression, type Operator, parse } from "./parse.ts";

const UNARY: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  sigmoid,
  tanh,
  relu,
  exp,
  log,
  abs,
  sqrt,
  square,
  softplus,
  sin,
  cos,
};
const BINARY: Readonly<Record<string, (a: Operand, b: Operand) => Tensor>> = {
  max: maximum,
  min: minimum,
};
const OPERATORS: Readonly<Record<Operator, (a: Operand, b: Operand) => Tensor>> = {
  "+": add,
  "-": sub,
  "*": mul,
  "/": div,
  "@": (a, b) => matmul(a as Tensor, b as Tensor),
};
const STATES = ["h", "c"];

/** A cell that has been read: its lines, and the names of its weights and states. */
export interface WrittenCell {
  readonly code: string;
  readonly lines: readonly Assignment[];
  /** h, and c where it is used. */
  readonly states: readonly string[];
  readonly weights: readonly string[];
}

/** @throws CellError */
export function readCell(code: string): WrittenCell {
  const lines = parse(code);
  const names = new Set(lines.flatMap(({ name, value }) => [name, ...namesIn(value)]));
  const given = new Set(lines.map(({ name }) => name));
  if (!given.has("h"))
    throw new CellError("A line must give h a value: it is what the cell says.", {
      line: Math.max(1, lines.length),
      column: 1,
    });
  return {
    code,
    lines,
    states: STATES.filter((name) => names.has(name)),
    weights: [...names].filter((name) => /^[WRb]/.test(name) && !given.has(name)),
  };
}

function namesIn(e: Expression): string[] {
  switch (e.kind) {
    case "number":
      return [];
    case "name":
      return [e.name];
    case "negative":
      return namesIn(e.of);
    case "operation":
      return [...namesIn(e.left), ...namesIn(e.right)];
    case "call":
      return e.inputs.flatMap(namesIn);
    default:
      return e satisfies never;
  }
}

/**
 * What the lines make of x and the states: [B, units] each. `added` is added to a state where it has its last value, so that
 * lines below see it.
 * @throws CellError at the line and column of what does not fit
 */
export function runLines(
  { lines, states }: WrittenCell,
  given: Readonly<Record<string, Tensor>>,
  added: Readonly<Record<string, Tensor>> = {},
): Record<string, Tensor> {
  const known: Record<string, Operand> = { ...given };
  const shape = given.h?.shape ?? [];
  for (const [i, line] of lines.entries()) {
    const value = evaluate(line.value, known);
    const isLast = lines.findLastIndex(({ name }) => name === line.name) === i;
    const more = isLast ? added[line.name] : undefined;
    known[line.name] = more === undefined ? value : add(value, more);
    if (!states.includes(line.name)) continue;
    if (typeof value !== "number" && value.shape.join() === shape.join()) continue;
    const got = typeof value === "number" ? "a number" : `[${value.shape.join(", ")}]`;
    throw new CellError(
      `${line.name} must keep its shape, [${shape.join(", ")}]; got ${got}. A product with R… [units, units] keeps it.`,
      line,
    );
  }
  return Object.fromEntries(states.map((name) => [name, known[name] as Tensor]));
}

function evaluate(e: Expression, known: Readonly<Record<string, Operand>>): Operand {
  switch (e.kind) {
    case "number":
      return e.value;
    case "name": {
      const value = Object.hasOwn(known, e.name) ? known[e.name] : undefined;
      if (value !== undefined) return value;
      throw new CellError(
        `${e.name} has no value here. Give it one in a line above, or call it W…, R… or b…, which are weights.`,
        e,
      );
    }
    case "negative": {
      const value = evaluate(e.of, known);
      return typeof value === "number" ? -value : neg(value);
    }
    case "operation": {
      const [left, right] = [evaluate(e.left, known), evaluate(e.right, known)];
      if (e.operator === "@" && (typeof left === "number" || typeof right === "number"))
        throw new CellError("@ multiplies matrices; got a number. Use * for numbers.", e);
      return at(e, () => OPERATORS[e.operator](left, right));
    }
    case "call":
      return called(
        e,
        e.inputs.map((input) => evaluate(input, known)),
      );
    default:
      return e satisfies never;
  }
}

function called(e: Expression & { readonly kind: "call" }, inputs: readonly Operand[]): Tensor {
  const own = <F>(table: Readonly<Record<string, F>>) =>
    Object.hasOwn(table, e.name) ? table[e.name] : undefined;
  const [unary, binary] = [own(UNARY), own(BINARY)];
  const [a = 0, b = 0] = inputs;
  if (unary !== undefined && inputs.length === 1) return at(e, () => unary(asTensor(a)));
  if (binary !== undefined && inputs.length === 2) return at(e, () => binary(a, b));
  const all = [...Object.keys(UNARY), ...Object.keys(BINARY)].join(", ");
  const wanted = unary ? "one input" : "two inputs";
  throw new CellError(
    (unary ?? binary)
      ? `${e.name} takes ${wanted}; got ${inputs.length}.`
      : `There is no ${e.name}. There are ${all}.`,
    e,
  );
}

/** What the library says of shapes, where it is written. */
function at<T>(e: Expression, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof GradgpuError) throw new CellError(error.message, e);
    throw error;
  }
}

export interface OwnLayer {
  readonly inputs: number;
  readonly units: number;
  readonly seed: number;
}

/**
 * The layer: x f32[T, B, inputs] → h of every step, f32[T, B, units]. Weights start as those of the layers beside it do,
 * U(−1/√units, 1/√units), the columns of a gate apart.
 */
export function ownLayer(cell: WrittenCell, { inputs, units, seed }: OwnLayer): nn.Module {
  const weights = Object.fromEntries(
    cell.weights.map((name, i) => [name, weight(name, inputs, units, seed + i)]),
  );
  return nn.module("own", {
    made: ["own", cell.code, inputs, units],
    parameters: weights,
    timeAxis: 0,
    stateShapes: (count) => cell.states.map(() => [count, units]),
    step(x, state) {
      const begin = Object.fromEntries(
        cell.states.map((name, s) => [name, state?.[s] ?? zeros([x.shape[1] ?? 0, units])]),
      );
      const step = (before: Readonly<Record<string, Tensor>>, at: Tensor) => {
        const carry = runLines(cell, { ...weights, ...before, x: at });
        return { carry, y: carry.h as Tensor };
      };
      const { carry, ys } = scan(step, begin, x);
      return { y: ys, state: Object.values(carry) };
    },
  });
}

function weight(name: string, inputs: number, units: number, seed: number): Variable {
  if (name.startsWith("b")) return variable(new Float32Array(units), [units], name);
  const shape = [name.startsWith("W") ? inputs : units, units];
  const bound = 1 / Math.sqrt(units);
  const draws = drawUniform(foldIn(keyOf(seed), 7), 0, (shape[0] ?? 0) * units);
  return variable(
    draws.map((u) => bound * (2 * u - 1)),
    shape,
    name,
  );
}
