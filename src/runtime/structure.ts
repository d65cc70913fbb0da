import { ArgumentError } from "../errors.ts";
import { Tensor } from "./tensor.ts";

/** What a compiled step may return: tensors, in lists and records of any depth, or nothing. */
export type Structure =
  | Tensor
  | undefined
  | readonly Structure[]
  | { readonly [name: string]: Structure };

export function tensorsIn(structure: unknown): Tensor[] {
  if (structure instanceof Tensor) return [structure];
  if (structure === undefined || structure === null) return [];
  if (Array.isArray(structure)) return structure.flatMap(tensorsIn);
  if (typeof structure === "object") return Object.values(structure).flatMap(tensorsIn);
  throw new ArgumentError(
    `compile: a step must return tensors, or lists and records of them; got a ${typeof structure}. Return what is known beforehand some other way.`,
  );
}

/** The same structure with `replacements` in place of its tensors, in the order of `tensorsIn`. */
export function replaceTensors(structure: unknown, replacements: readonly Tensor[]): unknown {
  const rest = [...replacements];
  const walk = (part: unknown): unknown => {
    if (part instanceof Tensor) return rest.shift();
    if (part === undefined || part === null) return part;
    if (Array.isArray(part)) return part.map(walk);
    return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, walk(inner)]));
  };
  return walk(structure);
}
