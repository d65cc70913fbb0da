import { type GraphValue, inputsOf, type Node, reachable } from "../graph/graph.ts";
import type { Tensor } from "../runtime/tensor.ts";

/** What whole numbers are looked up in: classes, by a label, or the rows of a table, by an id. */
export interface LookUp {
  readonly by: "label" | "id";
  /** How many there are. */
  readonly size: number;
  /** Whether it may be some of the elements only. */
  readonly isPart: boolean;
}

/**
 * In what the elements of `argument` are looked up on the way to `output`, as they are: a cross-entropy's classes, an
 * embedding's rows. What is computed from them first does not count, nor do parts of them but for some of the steps of
 * [T, …], as windows have them.
 */
export function lookUps(output: Tensor, argument: Tensor): LookUp[] {
  const found: LookUp[] = [];
  const note = (by: LookUp["by"], numbers: GraphValue, size = 0) => {
    const share = shareOf(numbers, argument.value);
    if (share !== "none") found.push({ by, size, isPart: share === "part" });
  };
  for (const node of reachable([output.value])) {
    const limited = limitOf(node);
    if (limited !== undefined) {
      note("label", limited.labels, limited.classes);
    } else if (node.op === "embedding") {
      note("id", node.ins.ids, node.ins.table.type.shape[0]);
    }
  }
  return found;
}

/** The labels and the number of classes of a cross-entropy: where(labels < classes, …, NaN). */
function limitOf(node: Node): { labels: GraphValue; classes: number } | undefined {
  if (node.op !== "where") return undefined;
  const [{ node: question }, { node: otherwise }] = [node.ins.condition, node.ins.b];
  if (question.op !== "binary" || question.attrs.fn !== "less") return undefined;
  const { a, b } = question.ins;
  if (otherwise.op !== "literal" || !Number.isNaN(otherwise.attrs.value)) return undefined;
  return b.node.op === "literal" ? { labels: a, classes: b.node.attrs.value } : undefined;
}

/** How much of `from` is among the elements of `value`, which are moved only. */
function shareOf(value: GraphValue, from: GraphValue): "all" | "part" | "none" {
  if (value === from) return "all";
  const { node } = value;
  switch (node.op) {
    case "slice": {
      const { x } = node.ins;
      const isOfSteps = node.attrs.sizes.every((size, d) => d === 0 || size === x.type.shape[d]);
      return isOfSteps && shareOf(x, from) !== "none" ? "part" : "none";
    }
    case "reshape":
    case "transpose":
    case "concat":
    case "stopGradient":
    case "recompute": {
      const shares = inputsOf(node).map((input) => shareOf(input, from));
      return shares.find((share) => share !== "none") ?? "none";
    }
    default:
      return "none";
  }
}
