/** Tensors as functions of their indices, in float64: what verbs mean, said without any of them. */

export interface Plain {
  readonly shape: readonly number[];
  readonly data: Float64Array;
  /** The element at these indices; 0 where one lies outside. */
  at(...index: readonly number[]): number;
}

export const sizeOf = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Every index of `shape`, row by row. */
export function* indices(shape: readonly number[]): Generator<number[]> {
  const size = sizeOf(shape);
  for (let n = 0; n < size; n++) {
    const index: number[] = [];
    let rest = n;
    for (const length of shape.toReversed()) {
      index.unshift(rest % length);
      rest = Math.floor(rest / length);
    }
    yield index;
  }
}

export function plainOf(shape: readonly number[], data: Float64Array): Plain {
  return {
    shape,
    data,
    at: (...index) => {
      let place = 0;
      for (const [d, length] of shape.entries()) {
        const i = index[d] ?? 0;
        if (i < 0 || i >= length) return 0;
        place = place * length + i;
      }
      return data[place] ?? 0;
    },
  };
}

/** The tensor that has `element(...index)` at every index. */
export function plain(
  shape: readonly number[],
  element: (...index: readonly number[]) => number,
): Plain {
  return plainOf(
    shape,
    Float64Array.from(indices(shape), (index) => element(...index)),
  );
}

/** Σ f(index) over all indices of `shape`. */
export function total(
  shape: readonly number[],
  f: (...index: readonly number[]) => number,
): number {
  let sum = 0;
  for (const index of indices(shape)) sum += f(...index);
  return sum;
}

/** Along `axis`: each row of x becomes `change` of it, of whatever length. */
export function alongAxis(x: Plain, axis: number, change: (row: number[]) => number[]): Plain {
  const rowAt = (index: readonly number[]) =>
    Array.from({ length: x.shape[axis] ?? 0 }, (_, i) => x.at(...index.with(axis, i)));
  const length = change(rowAt(x.shape.map(() => 0))).length;
  return plain(
    x.shape.with(axis, length),
    (...index) => change(rowAt(index))[index[axis] ?? 0] ?? Number.NaN,
  );
}

/** What lies in x where a result's index is broadcast. */
export function spread(x: Plain, index: readonly number[]): number {
  const own = index.slice(index.length - x.shape.length);
  return x.at(...own.map((i, d) => (x.shape[d] === 1 ? 0 : i)));
}
