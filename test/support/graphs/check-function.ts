/** A random function and its gradients on the open device, against float64. Free of the test runner. */

import type { Precision, ReferenceTensor } from "../../../src/devices/reference/kernel.ts";
import {
  add,
  type Compiled,
  compile,
  gradients,
  square,
  sum,
  type Tensor,
} from "../../../src/functions.ts";
import type { SourceNode } from "../../../src/graph/graph.ts";
import { Cell } from "../../../src/runtime/cell.ts";
import { Dice } from "../fuzz/dice.ts";
import { evaluateGraph } from "../run-graph.ts";
import { type RandomFunction, randomFunction } from "./random-function.ts";

/** f32's distance between 1 and the next number, halved. */
const EPSILON = 2 ** -24;

export interface Outcome {
  readonly ops: readonly string[];
  /** Largest error in parts of what is allowed; above 1 it is a failure. */
  readonly worst: number;
  readonly failure?: string;
}

/**
 * Loss, gradients and, for one structure in eight, gradients of the gradients' norm. Odd seeds of data run as a
 * compiled step whose arguments are the inputs, the others are evaluated as they are.
 *
 * A device may be off by as much as f32 arithmetic is, op by op, and by as much as the inputs' last bits decide: four
 * times the two together, for another order of sums and fused multiply-adds, and an ulp of the largest element for each
 * op, or of 1 where terms near 1 may cancel, for functions that WGSL gives to a few ulps.
 */
export class CheckedFunction {
  readonly #structure: number;
  readonly #step: Compiled<Tensor[]>;

  constructor(structure: number) {
    this.#structure = structure;
    this.#step = compile((...given: Tensor[]) =>
      outputsOf(randomFunction(structure, 0, given), structure),
    );
  }

  async check(data: number): Promise<Outcome> {
    const structure = this.#structure;
    const made = randomFunction(structure, data);
    const outputs = outputsOf(made, structure);
    const right = evaluateAll(outputs, "f64");
    const dice = new Dice(structure, data, 1);
    const slope = made.ops.includes("stop") ? undefined : slopeFailure(made, right.slice(1), dice);
    const results = data % 2 === 1 ? await this.#step(...made.inputs) : outputs;
    const { worst, failure } = await onDevice({
      outputs,
      right,
      results,
      dice,
      ops: made.ops.length,
    });
    for (const tensor of [...made.inputs, ...outputs, ...results]) tensor.dispose();
    const fault = slope ?? failure;
    return { ops: made.ops, worst, ...(fault === undefined ? {} : { failure: fault }) };
  }

  dispose(): void {
    this.#step.dispose();
  }
}

interface Computed {
  readonly outputs: readonly Tensor[];
  /** In float64. */
  readonly right: readonly number[][];
  /** The same outputs, to be read from the device. */
  readonly results: readonly Tensor[];
  readonly dice: Dice;
  /** How many were applied to come to `outputs`. */
  readonly ops: number;
}

/** How far the device is off, in parts of what is allowed. */
export async function onDevice({ outputs, right, results, dice, ops }: Computed) {
  const rounded = evaluateAll(outputs, "f32");
  const nudged = evaluateAll(outputs, "f64", (x) => x * (1 + dice.pick([-2, 2]) * EPSILON));
  const device = await Promise.all(results.map((result) => result.data()));
  let worst = 0;
  let failure: string | undefined;
  for (const [i, wanted] of right.entries()) {
    const largest = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const allowed =
      4 * (distance(rounded[i], wanted) + distance(nudged[i], wanted)) +
      EPSILON * (ops + 4) * Math.max(1, largest) * Math.sqrt(wanted.length);
    const error = distance(device[i], wanted);
    worst = Math.max(worst, error / allowed);
    if (error <= allowed) continue;
    const name = i === 0 ? "the value" : `gradient ${i - 1}`;
    failure ??= `${name}: off by ${error.toExponential(2)}, allowed ${allowed.toExponential(2)}, of ${largest.toExponential(2)}`;
  }
  return { worst, failure };
}

function outputsOf({ inputs, loss }: RandomFunction, structure: number): Tensor[] {
  const first = gradients(loss, inputs);
  if (structure % 8 !== 0) return [loss, ...first];
  const norm = first.map((g) => sum(square(g))).reduce((a, b) => add(a, b));
  return [loss, ...first, ...gradients(norm, inputs)];
}

/** All of `tensors` by the reference kernels; f32 data of the host are changed by `change`. */
export function evaluateAll(
  tensors: readonly Tensor[],
  precision: Precision,
  change: (x: number, cell: Cell, i: number) => number = (x) => x,
): number[][] {
  const roots = tensors.map(({ value }) => value);
  const elements = ({ holder }: SourceNode): ReferenceTensor => {
    if (!(holder instanceof Cell) || holder.host === undefined) {
      throw new Error(`${holder.name} has no elements on the host`);
    }
    const data = precision === "f64" ? Float64Array.from(holder.host) : holder.host.slice();
    if (holder.type.dtype === "f32") {
      for (let i = 0; i < data.length; i++) data[i] = change(data[i] ?? 0, holder, i);
    }
    return { type: holder.type, data };
  };
  const known = evaluateGraph(roots, elements, precision);
  return roots.map((root) => [...(known.get(root)?.data ?? [])]);
}

/** Half the distance between the two points of a difference. */
const STEP = 1e-5;

/**
 * The gradients along a random direction of ±1 against a central difference, both in float64. The difference is off by
 * STEP²/6 of the third derivative, 1e-10 where that is as large as the first, and by rounding, 1e-11.
 */
export function slopeFailure(
  { inputs, loss }: Pick<RandomFunction, "inputs" | "loss">,
  found: readonly number[][],
  dice: Dice,
): string | undefined {
  const directions = new Map(
    inputs.map(({ value, size }) => [
      value,
      Array.from({ length: size }, () => dice.pick([-1, 1])),
    ]),
  );
  const lossAt = (step: number) => {
    const at = (x: number, cell: Cell, i: number) =>
      x + step * (directions.get(cell.value)?.[i] ?? 0);
    return evaluateAll([loss], "f64", at)[0]?.[0] ?? Number.NaN;
  };
  const difference = (lossAt(STEP) - lossAt(-STEP)) / (2 * STEP);
  let slope = 0;
  let norm = 0;
  inputs.forEach(({ value }, n) => {
    found[n]?.forEach((g, i) => {
      slope += g * (directions.get(value)?.[i] ?? 0);
      norm += g * g;
    });
  });
  if (Math.abs(slope - difference) <= 1e-6 * Math.sqrt(norm) + 1e-8) return undefined;
  return `the gradient along a direction is ${slope}, the difference ${difference}`;
}

export function distance(a: ArrayLike<number> | undefined, b: readonly number[]): number {
  if (a === undefined || a.length !== b.length) return Number.POSITIVE_INFINITY;
  return Math.hypot(...b.map((x, i) => x - (a[i] ?? Number.NaN)));
}
