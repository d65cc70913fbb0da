/**
 * The body of a scan: a graph over sources that stand for the carry, for a step's slices and for what is the same at
 * every step. It belongs to the scan's node as an attribute; its text says what it computes, so that equal loops are
 * found to be equal and share a plan.
 */
import { InternalError } from "../errors.ts";
import type { Emit, Value } from "../ops/op.ts";
import type { StepBody, StepInputs, StepOutputs } from "../ops/step-body.ts";
import type { TensorType } from "../tensor/shape.ts";
import { emitAgain } from "./emit-again.ts";
import { fingerprint, literalText } from "./fingerprint.ts";
import type { GraphValue, OpNode, SourceNode } from "./graph.ts";

export type BodyGraph = StepInputs<SourceNode> & StepOutputs<GraphValue>;

export class ScanBody implements StepBody {
  readonly graph: BodyGraph;
  /** Why a loop has this body rather than a walk of a recurrent cell: for `explain()`. */
  readonly why: string | undefined;
  #text: string | undefined;

  constructor(graph: BodyGraph, why?: string) {
    this.graph = graph;
    this.why = why;
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
    const made = emitAgain(emit, [...next, ...ys], known);
    return { next: made.slice(0, next.length), ys: made.slice(next.length) };
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
