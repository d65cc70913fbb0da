import { InternalError } from "../errors.ts";
import { type GraphValue, inputsOf, type OpNode } from "../graph/graph.ts";
import { broadcastStrides, type Shape, sizeOf, stridesOf } from "../tensor/shape.ts";
import type { ElementwiseProgram, Instruction, Register } from "./program.ts";
import { aliased, type ElementwiseWork } from "./work.ts";

type ElementwiseNode = OpNode<"unary" | "binary" | "where" | "cast" | "literal" | "broadcastTo">;

/**
 * The most ops of one program: drivers take longer than linear to compile a long one, and a chain that is written and read
 * once in so many ops is bound by what it computes.
 */
export const MAX_OPS = 256;

/** Ops that elementwise programs are made of; a broadcast is a way of reading. */
export function isElementwise(node: OpNode): node is ElementwiseNode {
  switch (node.op) {
    case "unary":
    case "binary":
    case "where":
    case "cast":
    case "literal":
    case "broadcastTo":
      return true;
    default:
      return false;
  }
}

export function throughBroadcasts(value: GraphValue): GraphValue {
  let { node } = value;
  let source = value;
  while (node.op === "broadcastTo") {
    source = node.ins.x;
    node = source.node;
  }
  return source;
}

/** The work that computes `outs`, all of one size, from the nodes of a group. */
export function elementwiseWork(
  outs: readonly GraphValue[],
  nodes: readonly OpNode[],
): ElementwiseWork {
  const sorted = [...nodes].sort((a, b) => a.id - b.id);
  const last = sorted.at(-1);
  const shape = outs[0]?.type.shape;
  if (last === undefined || shape === undefined)
    throw new InternalError("an elementwise group is empty.");
  const builder = new ProgramBuilder(shape, new Set(nodes));
  const registers = outs.map((out) => builder.read(out));
  return {
    kind: "elementwise",
    nodes: sorted,
    program: builder.program(registers),
    ins: builder.ins,
    outs,
    order: last.id,
    label: sorted.map(nameOf).join(" + "),
  };
}

export function nameOf(node: OpNode): string {
  return node.op === "unary" || node.op === "binary" ? node.attrs.fn : node.op;
}

/** Collects the instructions of a program over `shape` that computes what is in `nodes` and loads everything else. */
export class ProgramBuilder {
  readonly #instructions: Instruction[] = [];
  readonly ins: GraphValue[] = [];
  readonly #strides: number[][] = [];
  readonly #registers = new Map<GraphValue, Register>();
  readonly #shape: Shape;
  readonly #nodes: ReadonlySet<OpNode>;

  constructor(shape: Shape, nodes: ReadonlySet<OpNode>) {
    this.#shape = shape;
    this.#nodes = nodes;
  }

  /** The register that holds `value`, computed now if it is not there already. */
  read(value: GraphValue): Register {
    const known = this.#registers.get(value);
    if (known !== undefined) return known;
    const register = this.#compute(value);
    this.#registers.set(value, register);
    return register;
  }

  /** Loads `value`, which has as many elements as the program, in the order of its elements. */
  loadDense(value: GraphValue): Register {
    const register = this.#input(value, stridesOf(this.#shape));
    this.#registers.set(value, register);
    return register;
  }

  /** Multiplies what stands for `value` by a number. */
  scale(value: GraphValue, factor: number): void {
    const { dtype } = value.type;
    const b = this.#push({ kind: "literal", value: factor, dtype });
    const a = this.read(value);
    this.#registers.set(value, this.#push({ kind: "binary", fn: "mul", a, b, dtype }));
  }

  program(outputs: readonly Register[]): ElementwiseProgram {
    return mergeDimensions(this.#shape, this.#strides, this.#instructions, outputs);
  }

  #compute(value: GraphValue): Register {
    const { node } = value;
    if (node.op === "broadcastTo") return this.read(throughBroadcasts(value));
    if (node.op === "literal")
      return this.#push({ kind: "literal", value: node.attrs.value, dtype: node.attrs.dtype });
    if (node.op === "source" || !isElementwise(node) || !this.#nodes.has(node))
      return this.#load(value);
    const { dtype } = value.type;
    const [x = 0, y = 0, z = 0] = inputsOf(node).map((input) => this.read(input));
    switch (node.op) {
      case "unary":
        return this.#push({ kind: "unary", fn: node.attrs.fn, x, dtype });
      case "binary":
        return this.#push({ kind: "binary", fn: node.attrs.fn, a: x, b: y, dtype });
      case "where":
        return this.#push({ kind: "where", condition: x, a: y, b: z, dtype });
      case "cast":
        return this.#push({ kind: "cast", x, dtype });
      default:
        return node satisfies never;
    }
  }

  #load(value: GraphValue): Register {
    const base = aliased(value);
    // All views of a single number are that number.
    if (sizeOf(this.#shape) === 1 && base !== value) return this.read(base);
    return this.#input(value, broadcastStrides(value.type.shape, this.#shape));
  }

  #input(value: GraphValue, strides: number[]): Register {
    const input = this.ins.push(value) - 1;
    this.#strides.push(strides);
    return this.#push({ kind: "input", input, dtype: value.type.dtype });
  }

  #push(instruction: Instruction): Register {
    return this.#instructions.push(instruction) - 1;
  }
}

/** Drops dimensions of size 1 and joins neighbours that every input walks through as if they were one. */
function mergeDimensions(
  shape: Shape,
  strides: readonly (readonly number[])[],
  instructions: readonly Instruction[],
  outputs: readonly Register[],
): ElementwiseProgram {
  const merged: number[] = [];
  const inputStrides: number[][] = strides.map(() => []);
  shape.forEach((n, d) => {
    if (n === 1) return;
    const last = merged.length - 1;
    const joins =
      last >= 0 && strides.every((own, i) => inputStrides[i]?.[last] === (own[d] ?? 0) * n);
    if (joins) merged[last] = (merged[last] ?? 1) * n;
    else merged.push(n);
    strides.forEach((own, i) => {
      const mine = inputStrides[i];
      if (mine === undefined) return;
      if (joins) mine[last] = own[d] ?? 0;
      else mine.push(own[d] ?? 0);
    });
  });
  return { shape: merged, inputStrides, instructions, outputs };
}
