import { callable, check, count, finite, share } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { foldIn, type Key, keyOf, type Shape, type Variable, variable } from "../functions.ts";
import { nextInitialiserSeed } from "../internals.ts";
import type { Fans, Initialiser } from "./initialise.ts";

/** What layers with parameters can be told about their start. */
export interface InitialiseOptions {
  /** Equal seeds give equal parameters; otherwise seeds follow each other from the one given to `init()`. */
  readonly seed?: number;
  /** How the weights start; as PyTorch's where nothing is said. */
  readonly initialise?: Initialiser;
}

export const INITIALISE_RULES = { seed: finite, initialise: callable };

/** Options of a layer as a model file has them: without how parameters start. */
export function lasting<T extends object>(options: T): object {
  const { seed, initialise, initialiseBias, ...others } = options as Record<string, unknown>;
  return others;
}

/** A key for each parameter of a layer. */
export function keysOf(seed: number | undefined): (index: number) => Key {
  const key = keyOf(seed ?? nextInitialiserSeed());
  return (index) => foldIn(key, index);
}

/** A parameter, which is always f32: what `start` makes for it, in number and kind. @throws ShapeError, ArgumentError */
export function parameter(
  name: string,
  shape: Shape,
  start: Initialiser,
  fans: Fans,
  key: Key,
): Variable {
  return variable(start(shape, fans, key), shape, name, "f32");
}

/** @throws ArgumentError unless every one of `counts` is a whole number of 1 or more */
export function checkCounts(layer: string, counts: Readonly<Record<string, number>>): void {
  for (const [name, n] of Object.entries(counts))
    check(layer, name, n, count, "It is the size of a dimension.");
}

/** @throws ArgumentError unless 0 ≤ p < 1: the elements that are left are divided by 1 − p */
export function checkProbability(layer: string, p: number): void {
  check(layer, "the probability", p, share, "It is the share of elements that are dropped.");
}

/** @throws ArgumentError unless both are counts, and the heads divide the features */
export function checkHeads(caller: string, features: number, heads: number): void {
  checkCounts(caller, { features, heads });
  if (features % heads === 0) return;
  throw new ArgumentError(
    `${caller}: heads must divide the features; got ${heads} heads, ${features} features. Choose another number of heads.`,
  );
}
