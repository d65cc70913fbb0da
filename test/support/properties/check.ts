/** One call of a verb: the float64 reference against what it means, its gradient against differences, the device against both. */
import { gradients, type Tensor, tensor } from "../../../src/functions.ts";
import { Dice } from "../fuzz/dice.ts";
import { distance, evaluateAll, onDevice, slopeFailure } from "../graphs/check-function.ts";
import { weighed } from "../graphs/random-function.ts";
import { plainOf, sizeOf } from "./plain.ts";
import type { Example } from "./verb.ts";

/** In [−1, 1], no two alike: which one is larger is decided, and a difference crosses no kink. */
function inputsOf(shapes: readonly (readonly number[])[]): Tensor[] {
  const count = shapes.reduce((all, shape) => all + sizeOf(shape), 0);
  const order = new Dice(count).shuffled(Array.from({ length: count }, (_, i) => i));
  let used = 0;
  const next = () => (2 * (order[used++] ?? 0) + 1) / count - 1;
  return shapes.map((shape) => tensor(Float32Array.from({ length: sizeOf(shape) }, next), shape));
}

/** What is wrong with the call on the open device, or undefined. */
export async function faultOf({ shapes, call, means }: Example): Promise<string | undefined> {
  const inputs = inputsOf(shapes);
  const given = evaluateAll(inputs, "f64");
  const y = call(...inputs);
  const wanted = means(...shapes.map((of, i) => plainOf(of, Float64Array.from(given[i] ?? []))));
  if (y.shape.join() !== wanted.shape.join()) {
    return `the shape is [${y.shape}], it should be [${wanted.shape}]`;
  }
  const loss = y.dtype === "f32" ? weighed(y) : undefined;
  const outputs = [y, ...(loss === undefined ? [] : gradients(loss, inputs))];
  const right = evaluateAll(outputs, "f64");
  const [values = [], ...slopes] = right;
  const error = distance(values, [...wanted.data]);
  // Sums of a hundred products of numbers near 1, in float64.
  if (!(error <= 1e-12 * Math.max(1, Math.hypot(...values)))) {
    return `the float64 reference is off by ${error.toExponential(2)}: ${values} for ${[...wanted.data]}`;
  }
  const dice = new Dice(shapes.length);
  const slope = loss && slopeFailure({ inputs, loss }, slopes, dice);
  const { failure } = await onDevice({ outputs, right, results: outputs, dice, ops: 8 });
  for (const one of [...inputs, ...outputs]) one.dispose();
  return slope ?? failure;
}
