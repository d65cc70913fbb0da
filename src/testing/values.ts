/** Numbers as tests have them: lists, lists of lists, typed arrays, with a shape where that is known. */
import { check, list, shown } from "../arguments.ts";
import { ArgumentError } from "../errors.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";

/** Numbers in lists of lists. */
export type NestedNumbers = readonly (number | NestedNumbers)[];

/** What typed arrays of numbers have in common. */
export interface NumberArray extends ArrayLike<number> {
  /** Of its elements. */
  readonly byteLength: number;
}

/** Numbers of any kind, `{ data, shape }` for rows of typed arrays. */
export type Values =
  | number
  | NestedNumbers
  | NumberArray
  | { readonly data: NestedNumbers | NumberArray; readonly shape?: Shape };

export interface Numbers {
  readonly data: ArrayLike<number>;
  /** Undefined where nothing was said of it. */
  readonly shape: Shape | undefined;
}

/** @throws ArgumentError for what is no numbers, or not as many as the shape says */
export function numbersOf(caller: string, name: string, values: Values): Numbers {
  if (typeof values === "number") return { data: [values], shape: [] };
  if (isTyped(values)) return { data: values, shape: undefined };
  if (Array.isArray(values)) return nested(caller, name, values);
  const given = values as Exclude<Values, number | NestedNumbers | NumberArray>;
  if (typeof given !== "object" || given === null || !("data" in given))
    throw none(caller, name, given);
  const { data, shape } = given;
  if (!isTyped(data) && !Array.isArray(data)) throw none(caller, name, data);
  const held = isTyped(data) ? { data, shape: undefined } : nested(caller, name, data);
  if (shape !== undefined)
    check(caller, `the shape of ${name}`, shape, list, "Write it as [rows, columns].");
  if (shape !== undefined && sizeOf(shape) !== held.data.length) {
    throw new ArgumentError(
      `${caller}: ${name} must have as many elements as its shape; got ${held.data.length} for [${shape.join(", ")}]. Correct one of them.`,
    );
  }
  return { data: held.data, shape: shape ?? held.shape };
}

function none(caller: string, name: string, got: unknown): ArgumentError {
  return new ArgumentError(
    `${caller}: ${name} must be numbers, a list, a typed array or { data, shape }; got ${shown(got)}. Read tensors first: await x.data().`,
  );
}

function isTyped(values: unknown): values is NumberArray {
  const isView = ArrayBuffer.isView(values) && !(values instanceof DataView);
  return isView && !(values instanceof BigInt64Array || values instanceof BigUint64Array);
}

function nested(caller: string, name: string, list: NestedNumbers): Numbers {
  const shape: number[] = [];
  for (let level: number | NestedNumbers | undefined = list; Array.isArray(level); level = level[0])
    shape.push(level.length);
  const data: number[] = [];
  const collect = (part: number | NestedNumbers, depth: number): void => {
    if (typeof part === "number" || typeof part === "boolean") {
      if (depth !== shape.length) throw ragged(caller, name, shape);
      data.push(Number(part));
      return;
    }
    if (!Array.isArray(part)) throw none(caller, name, part);
    if (part.length !== shape[depth]) throw ragged(caller, name, shape);
    for (const inner of part) collect(inner, depth + 1);
  };
  collect(list, 0);
  return { data, shape };
}

function ragged(caller: string, name: string, shape: Shape): ArgumentError {
  return new ArgumentError(
    `${caller}: the lists of ${name} must be equally long; got some that are not those of [${shape.join(", ")}]. Fill them up.`,
  );
}
