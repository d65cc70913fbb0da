import { check, text, whole } from "../arguments.ts";
import { fromHost, type Tensor, Variable } from "../runtime/tensor.ts";
import { checkDTypeName, type DType } from "../tensor/dtype.ts";
import { hostValues, type Nested } from "../tensor/host.ts";
import { checkedShape, type Shape } from "../tensor/shape.ts";
import { apply, literal } from "./apply.ts";

export type { Nested };

/**
 * A tensor with the given elements: nested lists, a single number, or a typed array, which is flat where no shape is
 * given. dtype is f32 for lists and floats; integers are u32 (Uint32Array, BigUint64Array) or i32; or what is asked for.
 * Numbers are converted, never cut: an integer must be whole and fit; for bool every number but 0 is 1. A typed array
 * that needs no conversion is not copied: leave it unchanged, since it is read when it is used first, and make another
 * tensor of other elements.
 * @throws ShapeError for ragged lists and for a shape that the data does not fill; ArgumentError for what is no number
 *   or does not fit the dtype; DTypeError for a dtype that there is not
 */
export function tensor(data: Nested, shape?: Shape, dtype?: DType): Tensor {
  const { type, data: elements } = hostValues("tensor", data, { shape, dtype });
  return fromHost(type, elements);
}

/**
 * A tensor that can be assigned to, starting with `data`: as for `tensor`, but integers of 8 and 16 bits become f32,
 * which can be trained. `name` is what errors call it.
 * @throws ShapeError for ragged lists and for a shape that the data does not fill; ArgumentError for what is no number
 *   or does not fit the dtype; DTypeError for a dtype that there is not
 */
export function variable(data: Nested, shape?: Shape, name?: string, dtype?: DType): Variable {
  if (name !== undefined) check("variable", "the name", name, text);
  const given = hostValues(name ?? "variable", data, { shape, dtype, narrow: "f32" });
  return new Variable(given.type, given.data, name);
}

/**
 * `value` everywhere. f32 where nothing is said.
 * @throws ShapeError for sizes that are not whole numbers of 0 or more; DTypeError for a dtype that there is not;
 *   ArgumentError for a value that it does not hold
 */
export function full(shape: Shape, value: number, dtype: DType = "f32"): Tensor {
  return filled("full", shape, value, dtype);
}

/**
 * 0 everywhere; false of bool. f32 where nothing is said.
 * @throws ShapeError for sizes that are not whole numbers of 0 or more; DTypeError for a dtype that there is not
 */
export function zeros(shape: Shape, dtype: DType = "f32"): Tensor {
  return filled("zeros", shape, 0, dtype);
}

/**
 * 1 everywhere; true of bool. f32 where nothing is said.
 * @throws ShapeError for sizes that are not whole numbers of 0 or more; DTypeError for a dtype that there is not
 */
export function ones(shape: Shape, dtype: DType = "f32"): Tensor {
  return filled("ones", shape, 1, dtype);
}

/**
 * 0, 1, 2 … length − 1. i32 where nothing is said, [length].
 * @throws ArgumentError for a length that is not a whole number of 0 or more; DTypeError for a dtype that does not
 *   count
 */
export function arange(length: number, dtype: DType = "i32"): Tensor {
  check("arange", "the length", length, whole);
  checkDTypeName("arange", dtype);
  return apply("iota", {}, { length, dtype });
}

function filled(caller: string, shape: Shape, value: number, dtype: DType): Tensor {
  const own = checkedShape(caller, shape);
  return apply("broadcastTo", { x: literal(value, dtype, caller) }, { shape: own });
}
