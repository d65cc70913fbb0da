/** What must hold between the passes of the scheduler. Asked in debug builds only, so in all tests. */
import { InternalError } from "../errors.ts";
import { flatten, type GraphValue, inputsOf, outputsOf, reachable } from "../graph/graph.ts";
import { mapValues } from "../graph/rebuild.ts";
import type { Op } from "../ops/op.ts";
import { ops } from "../ops/table.ts";
import { describe, type TensorType } from "../tensor/shape.ts";
import { aliased, readsOf, type Work, writesOf } from "./work.ts";

/**
 * @throws InternalError unless every node is younger than what it reads, which makes ascending ids an order, and has
 *   outputs of the types that its op infers
 */
export function verifyGraph(pass: string, roots: Iterable<GraphValue>): void {
  for (const node of reachable(roots)) {
    if (node.op === "source") continue;
    for (const input of inputsOf(node))
      if (input.node.id >= node.id) fail(pass, `${node.op} is older than what it reads`);
    // One node's op, inputs and attributes belong together; the compiler cannot follow that through the union.
    const op = ops[node.op] as Op<never>;
    const ins = mapValues(node.ins, ({ type }) => type);
    const inferred = op.infer(ins as never, node.attrs as never);
    const types = flatten<TensorType>(op.outputs, inferred);
    outputsOf(node).forEach(({ type }, i) => {
      const expected = types[i];
      if (expected === undefined || describe(expected) !== describe(type))
        fail(
          pass,
          `an output of ${node.op} is ${describe(type)}, which is not what its inputs make`,
        );
    });
  }
}

/** @throws InternalError unless everything that is read, and all of `kept`, is given or written once, before it is read */
export function verifyWork(pass: string, work: readonly Work[], kept: Iterable<GraphValue>): void {
  const written = new Set<GraphValue>();
  const read = (value: GraphValue, by: string) => {
    const base = aliased(value);
    if (base.node.op === "source" || written.has(base)) return;
    fail(pass, `${by} reads a value of ${base.node.op} that nobody has written`);
  };
  for (const item of work) {
    for (const value of readsOf(item)) read(value, item.label);
    for (const value of writesOf(item)) {
      if (written.has(value)) fail(pass, `${item.label} writes a value once more`);
      written.add(value);
    }
  }
  for (const value of kept) read(value, "a result");
}

function fail(pass: string, what: string): never {
  throw new InternalError(`after ${pass}: ${what}.`);
}
