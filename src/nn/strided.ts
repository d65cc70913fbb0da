import { type HostArray, type Shape, sizeOf } from "../functions.ts";

interface Strides {
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
}

/** Elements of `data`, `strides` apart from `offset` on, as they follow each other in `shape`. */
export function strided<A extends HostArray>(data: A, { offset, shape, strides }: Strides): A {
  const size = sizeOf(shape);
  if (isContiguous(shape, strides)) {
    const isAll = offset === 0 && size === data.length;
    // A copy where it is a part, so that it does not keep the others in memory.
    return isAll ? data : (data.slice(offset, offset + size) as A);
  }
  const out = new (data.constructor as new (length: number) => A)(size);
  const index = new Array<number>(shape.length).fill(0);
  let from = offset;
  for (let i = 0; i < size; i++) {
    out[i] = data[from] ?? 0;
    // The next index, as an odometer counts; `from` follows it.
    for (let d = shape.length - 1; d >= 0; d--) {
      const [n, stride, next] = [shape[d] ?? 1, strides[d] ?? 0, (index[d] ?? 0) + 1];
      from += stride;
      index[d] = next;
      if (next < n) break;
      index[d] = 0;
      from -= stride * n;
    }
  }
  return out;
}

function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  if (shape.includes(0)) return true;
  let step = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    const n = shape[d] ?? 1;
    if (n > 1 && strides[d] !== step) return false;
    step *= n;
  }
  return true;
}
