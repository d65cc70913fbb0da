import { shown, whole } from "../arguments.ts";
import { ShapeError } from "../errors.ts";
import { BYTES_PER_ELEMENT, type DType } from "./dtype.ts";

/** Sizes of the dimensions, outermost first; the last one is contiguous in memory. A scalar's is []. */
export type Shape = readonly number[];

/** What is known of a tensor before it has values. */
export interface TensorType {
  /** What the elements are. */
  readonly dtype: DType;
  /** The sizes of the dimensions. */
  readonly shape: Shape;
}

export function sizeOf(shape: Shape): number {
  return shape.reduce((product, n) => product * n, 1);
}

/**
 * A copy of `shape`, whatever becomes of the caller's own.
 * @throws ShapeError unless it is a list of whole numbers of 0 or more, whose product can be counted
 */
export function checkedShape(caller: string, shape: unknown, name = "the shape"): number[] {
  const sizes: unknown[] = Array.isArray(shape) ? Array.from(shape) : [Number.NaN];
  // Strides are counted even where a size is 0.
  const product = (total: number, n: unknown) => total * Math.max(Number(n), 1);
  if (sizes.every(whole.holds) && whole.holds(sizes.reduce(product, 1))) return sizes as number[];
  throw new ShapeError(
    `${caller}: ${name} must be whole numbers of 0 or more, in a list, of less than 2^53 elements; got ${shown(shape)}. Sizes are counted in elements, outermost first; a single number is [].`,
  );
}

export function bytesOf(type: TensorType): number {
  return sizeOf(type.shape) * BYTES_PER_ELEMENT;
}

/** Elements between neighbours along each dimension of a contiguous tensor. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let d = shape.length - 2; d >= 0; d--) {
    strides[d] = (strides[d + 1] ?? 1) * (shape[d + 1] ?? 1);
  }
  return strides;
}

/** How a contiguous tensor is read from the last element to the first along each of `axes`. */
export function flippedView(shape: Shape, axes: readonly number[]) {
  const own = stridesOf(shape);
  const strides = own.map((stride, d) => (axes.includes(d) ? -stride : stride));
  const offset = axes.reduce((at, d) => at + ((shape[d] ?? 1) - 1) * (own[d] ?? 0), 0);
  return { offset, strides };
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((n, d) => n === b[d]);
}

/**
 * The shape that `a` and `b` broadcast to by NumPy's rule (dimensions aligned at the right; 1 stretches),
 * or undefined where they do not fit.
 */
export function broadcastShapes(a: Shape, b: Shape): number[] | undefined {
  const rank = Math.max(a.length, b.length);
  const out: number[] = [];
  for (let d = 0; d < rank; d++) {
    const m = a[a.length - rank + d] ?? 1;
    const n = b[b.length - rank + d] ?? 1;
    if (m !== n && m !== 1 && n !== 1) return undefined;
    out.push(m === 1 ? n : m);
  }
  return out;
}

/**
 * Strides with which a contiguous tensor of shape `from` is read as if it had shape `to`:
 * 0 along the dimensions that are stretched. `from` must broadcast to `to`.
 */
export function broadcastStrides(from: Shape, to: Shape): number[] {
  const own = stridesOf(from);
  return to.map((_, d) => {
    const source = d - (to.length - from.length);
    return source < 0 || from[source] === 1 ? 0 : (own[source] ?? 0);
  });
}

/** `f32[32, 28, 28, 1]`, as error messages and plans show a tensor. */
export function describe({ dtype, shape }: TensorType): string {
  return `${dtype}[${shape.join(", ")}]`;
}
