import { describe, expect, it } from "vitest";
import type { ReferenceTensor } from "../../../src/devices/reference/kernel.ts";
import { bodyOfCell } from "../../../src/graph/cell-body.ts";
import { emit, type GraphValue, nextNodeId, type SourceNode } from "../../../src/graph/graph.ts";
import { loop } from "../../../src/graph/loop.ts";
import { lstm } from "../../../src/ops/cells/lstm.ts";
import { walkOps } from "../../../src/ops/recurrence.ts";
import type { WalkOp } from "../../../src/ops/vocabulary.ts";
import type { Case } from "../../cases/case.ts";
import { walkCases } from "../../cases/walks.ts";
import {
  type ByName,
  caseInputs,
  drawTensor,
  flatten,
  keyFrom,
  mapInputs,
  referenceOutputs,
  relativeError,
} from "../../support/case-data.ts";
import { Eager, pullback } from "../../support/gradient.ts";
import { evaluateGraph, given } from "../../support/run-graph.ts";

/** The ops that the gradient of lstm consists of when the loss depends on its states. */
function gradientOps(steps: number): string[] {
  const session = new Eager();
  const draw = (name: string, ...shape: number[]) =>
    session.leaf(drawTensor({ dtype: "f32", shape }, keyFrom(name)));
  const ins = {
    projected: draw("projected", steps, 3, 5, 4),
    recurrent: draw("recurrent", 5, 5, 4),
    vectors: [],
    initial: [draw("h0", 3, 5), draw("c0", 3, 5)],
    lengths: undefined,
  };
  session.emit("recurrence", ins, { cell: bodyOfCell(lstm), reverse: false, flow: false });
  const [entry] = session.tape;
  if (entry === undefined) throw new Error("nothing was computed");
  pullback(session, entry, { states: [draw("gStates", steps + 1, 3, 5)] });
  return session.tape.slice(1).map(({ op }) => op);
}

describe("the gradient of lstm", () => {
  it("is one kernel and one product, whatever the number of steps", () => {
    const emitted = gradientOps(64);
    expect(emitted).toEqual(gradientOps(1));
    expect(emitted.filter((op) => op === "recurrenceGrad")).toHaveLength(1);
    expect(emitted.filter((op) => op === "matmul")).toHaveLength(1);
  });
});

/** The composite of `op` as a graph: the names and values of its results, its inputs, and how many nodes it took. */
function asGraph<K extends WalkOp>(op: K, of: Case<K>) {
  const tensors = new Map<SourceNode, ReferenceTensor>();
  const ins = mapInputs<K, ReferenceTensor, GraphValue>(caseInputs(op, of), (tensor) => {
    const node = given(tensor.type, "given");
    tensors.set(node, tensor);
    return node.out;
  });
  const first = nextNodeId();
  // The composite of `op`, which the table's type no longer says once indexed by a union.
  const composite = walkOps[op].composite as unknown as (
    ...given: [typeof emit, typeof ins, typeof of.attrs, typeof loop]
  ) => ByName<GraphValue>;
  const outs = Object.entries(composite(emit, ins, of.attrs, loop)).flatMap(([name, held]) =>
    flatten(held).map((value, i) => [name, i, value] as const),
  );
  return { outs, tensors, nodes: nextNodeId() - first };
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("an input was given no elements");
  return value;
}

describe("the loop of small ops", () => {
  it.each(Object.entries(walkCases) as [WalkOp, readonly Case<WalkOp>[]][])(
    "that %s stands for is a scan that means the same, whatever the number of steps",
    (op, cases) => {
      const sizes = new Map<string, number>();
      for (const of of cases) {
        const { outs, tensors, nodes } = asGraph(op, of);
        const values = outs.map(([, , value]) => value);
        const found = evaluateGraph(values, (node) => required(tensors.get(node)), "f64");
        const expected = referenceOutputs(op, of) as unknown as ByName<ReferenceTensor>;
        expect(outs.length).toBe(Object.values(expected).flatMap(flatten).length);
        for (const [name, i, value] of outs) {
          const tensor = flatten(expected[name])[i];
          expect(value.type).toEqual(tensor?.type);
          // Sums of up to 65 products in another order, over up to 9 steps: some 100 ε of float64.
          const error = relativeError(found.get(value)?.data ?? [], tensor?.data ?? []);
          expect(error, `${of.name}: ${name}`).toBeLessThanOrEqual(1e-13);
        }
        // What is optional makes a graph larger; T, B and U do not.
        const present = Object.entries(of.ins).filter(([, spec]) => spec !== undefined);
        const asked = JSON.stringify([of.attrs, present.map(([name]) => name)]);
        expect(nodes, of.name).toBe(sizes.get(asked) ?? nodes);
        sizes.set(asked, nodes);
      }
    },
  );
});
