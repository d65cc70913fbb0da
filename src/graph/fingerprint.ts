import { describe } from "../tensor/shape.ts";
import {
  type GraphValue,
  inputsOf,
  type OpNode,
  outputsOf,
  reachable,
  type SourceNode,
} from "./graph.ts";

/** What a graph looks like, with its sources and literals taken out: graphs with the same key share a plan. */
export interface Fingerprint {
  readonly key: string;
  /** In the order in which the key numbers them. */
  readonly sources: readonly SourceNode[];
  readonly literals: readonly OpNode<"literal">[];
}

/** `marks` says what else tells two sources apart, such as where a variable lies in a shared buffer. */
export function fingerprint(
  roots: readonly GraphValue[],
  marks: (source: SourceNode) => string,
): Fingerprint {
  const numbers = new Map<GraphValue, number>();
  const sources: SourceNode[] = [];
  const literals: OpNode<"literal">[] = [];
  const lines: string[] = [];
  for (const node of reachable(roots)) {
    for (const out of outputsOf(node)) numbers.set(out, numbers.size);
    if (node.op === "source") {
      sources.push(node);
      lines.push(`source ${describe(node.holder.type)} ${marks(node)}`);
    } else if (node.op === "literal") {
      literals.push(node);
      lines.push(`literal ${node.attrs.dtype}`);
    } else {
      const ins = inputsOf(node).map((input) => numbers.get(input));
      const present = Object.entries(node.ins).filter(([, held]) => held !== undefined);
      lines.push(`${node.op} ${present.map(([name]) => name)} ${ins} ${attrsKey(node.attrs)}`);
    }
  }
  lines.push(`roots ${roots.map((root) => numbers.get(root))}`);
  return { key: lines.join("\n"), sources, literals };
}

/** The values of literals as text. */
export function literalText(literals: readonly OpNode<"literal">[]): string {
  return literals.map(({ attrs }) => (Object.is(attrs.value, -0) ? "-0" : attrs.value)).join(" ");
}

/** Attributes as text, with the numbers that JSON cannot tell apart kept apart. */
export function attrsKey(attrs: unknown): string {
  return JSON.stringify(attrs, (_, value: unknown) => {
    if (typeof value !== "number") return value;
    return Object.is(value, -0) || !Number.isFinite(value)
      ? `number ${Object.is(value, -0) ? "-0" : value}`
      : value;
  });
}
