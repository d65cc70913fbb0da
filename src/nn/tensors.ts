/** Tensors, one or several by name, as modules take and give them. */
import { isRecord, shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { Tensor } from "../functions.ts";
import { checkTensor } from "../internals.ts";
import type { AnyModule, Tensors } from "./module.ts";

/** @throws ArgumentError unless `x` is a tensor, or tensors by name */
export function checkTensors(caller: string, x: unknown, name = "x"): asserts x is Tensors {
  if (x instanceof Tensor || !isRecord(x) || Object.keys(x).length === 0)
    return checkTensor(caller, x, name);
  for (const [own, part] of Object.entries(x)) checkTensor(caller, part, `${own} of ${name}`);
}

/** @throws ArgumentError unless `x` is what a module of `dtype` takes: one tensor, or those that it names */
export function checkTensorsLike(
  caller: string,
  x: unknown,
  dtype: AnyModule["inputDType"],
): asserts x is Tensors {
  if (typeof dtype === "string") return checkTensor(caller, x);
  const names = Object.keys(dtype);
  const isNamed = !(x instanceof Tensor) && isRecord(x) && sameNames(Object.keys(x), names);
  if (isNamed) return checkTensors(caller, x);
  throw new ArgumentError(
    `${caller}: the input must be tensors by name, { ${names.join(", ")} }; got ${shown(x)}. They are the names of its inputDType.`,
  );
}

export function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}
