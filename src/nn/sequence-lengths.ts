import { shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { type Shape, Tensor, tensor } from "../functions.ts";

/**
 * Lengths of the sequences of x, [T, B, …], as i32[B]; a tensor is what it is.
 * @throws ArgumentError unless there is one for each, from 0 to T
 */
export function asLengths(
  kind: string,
  lengths: Tensor | ArrayLike<number> | undefined,
  [steps = 0, batch = 0, ...others]: Shape,
): Tensor | undefined {
  if (lengths === undefined || lengths instanceof Tensor) return lengths;
  // A detached array is one of none; it could not be read.
  const given = lengths?.length ? Array.from(lengths) : [];
  if (given.length !== batch) {
    throw new ArgumentError(
      `${kind}: there must be one length for each of the ${batch} sequences; got ${given.length} lengths for f32[${[steps, batch, ...others].join(", ")}]. Sequences that fill all steps have length ${steps}.`,
    );
  }
  const wrong = given.findIndex((n) => !(Number.isInteger(n) && n >= 0 && n <= steps));
  if (wrong >= 0) {
    throw new ArgumentError(
      `${kind}: every length must be a whole number from 0 to T = ${steps}; got ${shown(given[wrong])} for sequence ${wrong}. Lengths count steps, and need no order.`,
    );
  }
  return tensor(Int32Array.from(given), [batch]);
}
