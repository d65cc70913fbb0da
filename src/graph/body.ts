/**
 * The body of a scan: a graph over sources that stand for the carry, for a step's slices and for what is the same at
 * every step. It belongs to the scan's node as an attribute; its text says what it computes, so that equal loops are
 * found to be equal and share a plan.
 */
import { InternalError } from "../errors.ts";
import type { Emit, Value } from "../ops/op.ts";
import type { StepBody, StepInputs, StepOutputs } from "../ops/step-body.ts";
import type { TensorType } from "../tensor/shape.ts";
import { fingerprint, literalText } from "./fingerprint.ts";
import { type GraphValue, type OpNode, outputsOf, reachable, type SourceNode } from "./graph.ts";
import { mapValues } from "./rebuild.ts";

export type BodyGraph = StepInputs<SourceNode> & StepOutputs<GraphValue>;

export class ScanBody implements StepBody {
  readonly graph: BodyGraph;
  #text: string | undefined;

  constructor(graph: BodyGraph) {
    this.graph = graph;
  }

  get types(): StepInputs<TensorType> & { readonly ys: readonly TensorType[] } {
    const { carry, xs, captured, ys } = this.graph;
    const typeOf = ({ out }: SourceNode) => out.type;
    return {
      carry: carry.map(typeOf),
      xs: xs.map(typeOf),
      captured: captured.map(typeOf),
      ys: ys.map(({ type }) => type),
    };
  }

  apply(emit: Emit, at: StepInputs<Value>): StepOutputs<Value> {
    const { next, ys } = this.graph;
    const known = new Map<GraphValue, Value>();
    for (const role of ROLES) {
      this.graph[role].forEach(({ out }, i) => {
        const value = at[role][i];
        if (value !== undefined) known.set(out, value);
      });
    }
    const lookUp = (value: GraphValue): Value => {
      const found = known.get(value);
      if (found === undefined) throw new InternalError("a body reads what it was not given.");
      return found;
    };
    for (const node of reachable([...next, ...ys])) {
      if (node.op === "source") continue;
      const outs = emit(node.op, mapValues(node.ins, lookUp) as never, node.attrs as never);
      const made = Object.values(outs as Record<string, Value | readonly Value[]>).flat();
      outputsOf(node).forEach((out, i) => {
        const value = made[i];
        if (value !== undefined) known.set(out, value as Value);
      });
    }
    return { next: next.map(lookUp), ys: ys.map(lookUp) };
  }

  toJSON(): string {
    this.#text ??= textOf(this.graph);
    return this.#text;
  }
}

const ROLES = ["carry", "xs", "captured"] as const;

function textOf(graph: BodyGraph): string {
  const marks = new Map(
    ROLES.flatMap((role) => graph[role].map((node, i) => [node, `${role} ${i}`] as const)),
  );
  const counts = ROLES.map((role) => graph[role].length);
  const { key, literals } = fingerprint([...graph.next, ...graph.ys], (node) => {
    const mark = marks.get(node);
    if (mark === undefined) throw new InternalError("a body has a source that it was not given.");
    return mark;
  });
  return `${counts} ${key}\n${literalText(literals)}`;
}

/** The body of a scan's node. */
export function bodyOf(node: OpNode<"scan">): ScanBody {
  const { body } = node.attrs;
  if (body instanceof ScanBody) return body;
  throw new InternalError("a scan has a body that is no graph.");
}
