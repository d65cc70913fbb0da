import { isRecord, shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import type { Tensor } from "../runtime/tensor.ts";
import { describe } from "../tensor/shape.ts";
import { checkTensor } from "./apply.ts";

/**
 * An axis of x counted from the front; negative ones count from the end. `added` is 1 where a place is meant between
 * dimensions, before or behind them.
 * @throws ArgumentError that names the axis as it was given
 */
export function wholeAxis(caller: string, axis: unknown, x: Tensor, added = 0): number {
  checkTensor(caller, x);
  const places = x.shape.length + added;
  if (typeof axis === "number" && Number.isInteger(axis) && axis >= -places && axis < places) {
    return axis < 0 ? axis + places : axis + 0;
  }
  throw wrongAxis(caller, axis, x, places);
}

/** One axis or a list of them, each once, from the front; all where none is given. */
export function wholeAxes(caller: string, axis: unknown, x: Tensor): number[] {
  checkTensor(caller, x);
  if (axis === undefined) return x.shape.map((_, d) => d);
  return axesInOrder(caller, Array.isArray(axis) ? axis : [axis], x).sort((a, b) => a - b);
}

/** The axes of a list, each once, counted from the front and in the order of the list. */
export function axesInOrder(caller: string, given: readonly unknown[], x: Tensor): number[] {
  const axes = Array.from(given, (one) => wholeAxis(caller, one, x));
  if (new Set(axes).size === axes.length) return axes;
  throw new ArgumentError(
    `${caller}: every axis may be named once; got axes ${shown(given)} of ${describe(x.type)}. Leave out the repeated ones.`,
  );
}

/** The shape of x without those dimensions. */
export function without(x: Tensor, axes: readonly number[]): number[] {
  return x.shape.filter((_, d) => !axes.includes(d));
}

function wrongAxis(caller: string, axis: unknown, { type }: Tensor, places: number): ArgumentError {
  const remedy = isRecord(axis)
    ? `Write the number by itself, ${shown(axis.axis ?? 0)}.`
    : places === 0
      ? "A single number has no axis to choose."
      : `Choose one from 0 to ${places - 1}, or from -1 to ${-places} counted from the end.`;
  return new ArgumentError(
    `${caller}: an axis must be one of the input's dimensions; got axis ${shown(axis)} for ${describe(type)}. ${remedy}`,
  );
}
