import { ArgumentError } from "../errors.ts";
import { Tensor } from "./tensor.ts";

/** Nobody nests results like that. */
const DEEPEST = 100;

/** @throws ArgumentError that begins with `rule` and ends with `remedy`, where there is anything else */
export function tensorsIn(
  structure: unknown,
  rule = "compile: a step must return",
  remedy = "Hand over what is known beforehand some other way.",
  depth = 0,
): Tensor[] {
  if (structure instanceof Tensor) return [structure];
  if (structure === undefined || structure === null) return [];
  const isData = ArrayBuffer.isView(structure);
  if (depth > DEEPEST) {
    throw new ArgumentError(
      `${rule} lists and records that do not hold themselves; got one that does. ${remedy}`,
    );
  }
  if (typeof structure === "object" && !isData && !(structure instanceof Promise)) {
    const parts: unknown[] = Object.values(structure);
    return parts.flatMap((part) => tensorsIn(part, rule, remedy, depth + 1));
  }
  const got =
    structure instanceof Promise
      ? "promise"
      : isData
        ? structure.constructor.name
        : typeof structure;
  throw new ArgumentError(`${rule} tensors, or lists and records of them; got a ${got}. ${remedy}`);
}

/**
 * The tensors of `structure` in the places, and so in the order, in which `model` has its own; undefined where the two
 * are not alike.
 */
export function tensorsLike(model: unknown, structure: unknown): Tensor[] | undefined {
  if (model instanceof Tensor) return structure instanceof Tensor ? [structure] : undefined;
  if (model === undefined || model === null)
    return structure === undefined || structure === null ? [] : undefined;
  if (typeof structure !== "object" || structure === null || structure instanceof Tensor)
    return undefined;
  const [own, theirs] = [
    Object.entries(model),
    new Map<string, unknown>(Object.entries(structure)),
  ];
  if (own.length !== theirs.size || Array.isArray(model) !== Array.isArray(structure))
    return undefined;
  const parts = own.map(([name, part]) =>
    theirs.has(name) ? tensorsLike(part, theirs.get(name)) : undefined,
  );
  const found = parts.filter((part) => part !== undefined);
  return found.length === parts.length ? found.flat() : undefined;
}

/** What each tensor of `structure` is called, in the order of `tensorsIn`: `carry`, `carry.h`, `carry.1`. */
export function namesIn(structure: unknown, name: string, depth = 0): string[] {
  if (structure instanceof Tensor) return [name];
  if (typeof structure !== "object" || structure === null || depth > DEEPEST) return [];
  const parts = Object.entries(structure);
  return parts.flatMap(([own, part]) => namesIn(part, `${name}.${own}`, depth + 1));
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
