import { ArgumentError } from "../errors.ts";
import { fromHost, type Tensor, Variable } from "../runtime/tensor.ts";
import { type DType, type HostArray, hostArray } from "../tensor/dtype.ts";
import { type Shape, sizeOf } from "../tensor/shape.ts";
import { apply, literal } from "./apply.ts";

/** Numbers in lists of lists, as deep as the tensor has dimensions. */
export type Nested = number | boolean | readonly Nested[];

/**
 * A tensor with the given elements: nested lists, a single number, or a typed array together with its shape. dtype is
 * f32 unless said otherwise or given by the typed array. A typed array is not copied: leave it unchanged until used.
 */
export function tensor(data: Nested | HostArray, shape?: Shape, dtype?: DType): Tensor {
  if (ArrayBuffer.isView(data)) {
    const own = dtype ?? dtypeOf(data);
    return fromHost({ dtype: own, shape: shape ?? [data.length] }, convert(data, own));
  }
  const nested = shapeOf(data);
  const flat = flatten(data);
  const own = dtype ?? "f32";
  if (flat.length !== sizeOf(nested)) {
    throw new ArgumentError(
      `tensor: lists at the same depth must have the same length; got ${flat.length} numbers for a first row of shape [${nested.join(", ")}]. Pad the shorter lists.`,
    );
  }
  const elements = hostArray(own, flat.length);
  elements.set(flat);
  return fromHost({ dtype: own, shape: shape ?? nested }, elements);
}

/** A tensor that can be assigned to, starting with `data`. */
export function variable(data: Nested | HostArray, shape?: Shape, name?: string): Variable {
  const flat = ArrayBuffer.isView(data) ? data : Float32Array.from(flatten(data));
  const type = {
    dtype: dtypeOf(flat),
    shape: shape ?? (ArrayBuffer.isView(data) ? [data.length] : shapeOf(data)),
  };
  return new Variable(type, flat, name);
}

export function full(shape: Shape, value: number, dtype: DType = "f32"): Tensor {
  return apply("broadcastTo", { x: literal(value, dtype) }, { shape });
}

export function zeros(shape: Shape, dtype: DType = "f32"): Tensor {
  return full(shape, 0, dtype);
}

export function ones(shape: Shape, dtype: DType = "f32"): Tensor {
  return full(shape, 1, dtype);
}

/** 0, 1, 2 … length − 1. */
export function arange(length: number, dtype: DType = "i32"): Tensor {
  return apply("iota", {}, { length, dtype });
}

function dtypeOf(data: HostArray): DType {
  if (data instanceof Int32Array) return "i32";
  return data instanceof Uint32Array ? "u32" : "f32";
}

function convert(data: HostArray, dtype: DType): HostArray {
  const isSame = dtypeOf(data) === dtype || (dtype === "bool" && data instanceof Uint32Array);
  if (isSame) return data;
  const converted = hostArray(dtype, data.length);
  converted.set(data);
  return converted;
}

function shapeOf(nested: Nested): number[] {
  if (typeof nested !== "object") return [];
  const [first] = nested;
  return [nested.length, ...(first === undefined ? [] : shapeOf(first))];
}

function flatten(nested: Nested): number[] {
  if (typeof nested !== "object") return [Number(nested)];
  return nested.flatMap(flatten);
}
