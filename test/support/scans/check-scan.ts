/** A random scan with its gradients on the open device, against its steps one after the other in float64. */
import {
  add,
  type Compiled,
  compile,
  gradients,
  scan,
  square,
  sum,
  type Tensor,
} from "../../../src/functions.ts";
import { bodyOf } from "../../../src/graph/body.ts";
import { reachable } from "../../../src/graph/graph.ts";
import { Dice } from "../fuzz/dice.ts";
import { distance, evaluateAll, onDevice } from "../graphs/check-function.ts";
import { type Loop, type RandomScan, randomScan, unrolled } from "./random-scan.ts";

export interface CheckedScan {
  readonly form: string;
  /** Ops of loops in the graph; why each scan is no walk. */
  readonly loops: readonly string[];
  /** In parts of what is allowed. */
  readonly worst: number;
  readonly failure?: string;
}

const byScan: Loop = (cell, carry, xs, options) => scan(cell, carry, xs, options);

/** With `device: false`, the graphs alone are compared, both in float64. */
export async function checkScan(
  structure: number,
  data: number,
  { device = true } = {},
): Promise<CheckedScan> {
  const looped = randomScan(structure, data, byScan);
  const plain = randomScan(structure, data, unrolled, looped.inputs);
  const [mine, outputs] = [looped, plain].map((of) => outputsOf(of, structure)) as [
    Tensor[],
    Tensor[],
  ];
  const { form } = looped;
  const loops = loopsOf(mine);
  const right = evaluateAll(outputs, "f64");
  const own = evaluateAll(mine, "f64");
  for (const [i, wanted] of right.entries()) {
    const error = distance(own[i], wanted);
    const size = Math.hypot(1, ...wanted);
    if (!(error <= 1e-10 * size))
      return {
        form,
        loops,
        worst: Number.POSITIVE_INFINITY,
        failure: `output ${i} of the graph is off by ${error} of ${size}`,
      };
  }
  if (!device) return { form, loops, worst: 0 };
  const step: Compiled<Tensor[]> = compile((...given: Tensor[]) =>
    outputsOf(randomScan(structure, data, byScan, given), structure),
  );
  const results = data % 2 === 1 ? await step(...looped.inputs) : mine;
  const dice = new Dice(structure, data, 1);
  const found = await onDevice({ outputs, right, results, dice, ops: 40 });
  for (const tensor of [...looped.inputs, ...outputs, ...results]) tensor.dispose();
  step.dispose();
  const { worst, failure } = found;
  return {
    form,
    loops,
    worst,
    ...(failure === undefined ? {} : { failure }),
  };
}

function loopsOf(outputs: readonly Tensor[]): string[] {
  return [...reachable(outputs.map(({ value }) => value))].flatMap((node) => {
    if (node.op === "scan") return [`scan: ${bodyOf(node).why}`];
    return node.op === "recurrence" || node.op === "recurrenceGrad" ? [node.op] : [];
  });
}

function outputsOf({ wanted, loss }: RandomScan, structure: number): Tensor[] {
  const first = gradients(loss, wanted);
  if (structure % 6 !== 0) return [loss, ...first];
  const norm = first.map((g) => sum(square(g))).reduce((a, b) => add(a, b));
  return [loss, ...first, ...gradients(norm, wanted)];
}
